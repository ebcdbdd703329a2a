"""What stands in place of an equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Instead(NamedTuple):
    """A function whose results take the place of an equation's, and the values it is given."""

    inputs: tuple[int, ...]
    function: Callable[..., Sequence[Any]]
