"""The axes of an equation, by its primitive's row."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.rewrite import axes_moves, axes_work  # noqa: F401  # each registers its rows
from pytest_jaxcost.rewrite.axes import ROWS, Axes


def axes(eqn: Any) -> Axes | None:
    """The axes of JAX's equation, or None for a primitive without a row."""
    found = ROWS.get(eqn.primitive.name)
    return None if found is None else found(eqn)
