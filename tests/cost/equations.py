"""The equations of a program, wherever they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from pytest_jaxcost.ir.inline import inline


def equation(name: str, function: Callable[..., Any], *args: Any) -> Any:
    """The one equation of a primitive in a program."""
    (found,) = equations(name, function, *args)
    return found


def equations(name: str, function: Callable[..., Any], *args: Any) -> list[Any]:
    """The equations of a primitive in a program, in the order of the regions."""
    inlined = inline(jax.make_jaxpr(function)(*args), priced={name})
    return [e.eqn for _, e in inlined.walk() if e.primitive == name and e.control is None]
