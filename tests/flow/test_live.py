"""Which values are needed, by an output or by an effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost.flow.live import is_live, live_values
from pytest_jaxcost.ir.inline import inline

X = np.float32([1.0, 2.0, 3.0])


def live(function: Callable[..., Any]) -> dict[str, bool]:
    """Whether the sine and the exponential are live."""
    program = inline(jax.make_jaxpr(function)(X))
    values = live_values(program)
    return {
        e.primitive: is_live(e, values) for _, e in program.walk() if e.primitive in ("sin", "exp")
    }


def carried(x: Any) -> Any:
    step = lambda c, _: ((jnp.sin(c[0]), jnp.exp(c[1])), None)  # noqa: E731
    return lax.scan(step, (x, x), None, length=3)[0]


def counted(x: Any) -> Any:
    return lax.while_loop(
        lambda c: jnp.exp(c[0]) < 9, lambda c: (c[0] + 1, jnp.sin(c[1])), (0.0, x)
    )


def told(x: Any) -> Any:
    def tell(x: Any) -> Any:
        jax.debug.print("{}", jnp.sin(x))
        return x

    return lax.cond(jnp.exp(x)[0] > 0, tell, lambda x: x, x)


def squared(x: Any, *, tell: bool) -> Any:
    jnp.exp(x)
    y = jnp.sin(x)
    if tell:
        jax.debug.print("{}", y)
    return x


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: (jnp.exp(x), jnp.sin(x))[1], {"sin": True, "exp": False}),
        (lambda x: (jnp.exp(x), jnp.sin(x)), {"sin": True, "exp": True}),
        (lambda x: carried(x)[0], {"sin": True, "exp": False}),
        (carried, {"sin": True, "exp": True}),
        (lambda x: counted(x)[0], {"sin": False, "exp": True}),
        (lambda x: counted(x)[1], {"sin": True, "exp": True}),
        (lambda x: (counted(x), x)[1], {"sin": False, "exp": False}),
        (lambda x: (told(x), x)[1], {"sin": True, "exp": True}),
        (lambda x: squared(x, tell=True), {"sin": True, "exp": False}),
        (lambda x: squared(x, tell=False), {"sin": False, "exp": False}),
    ],
)
def test_live(function: Callable[..., Any], expected: dict[str, bool]) -> None:
    assert live(function) == expected


def test_more_values_may_be_asked_for() -> None:
    program = inline(jax.make_jaxpr(lambda x: (jnp.exp(x), jnp.sin(x))[1])(X))
    (exp,) = (e for _, e in program.walk() if e.primitive == "exp")
    assert is_live(exp, live_values(program, exp.outputs))
