"""The size of a program is known without inlining it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost.ir.inline import inline
from pytest_jaxcost.ir.size import size_of


def nested(depth: int) -> Callable[[Any], Any]:
    function: Callable[[Any], Any] = jnp.sin
    for _ in range(depth):
        function = _twice(function)
    return function


def _twice(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return jax.jit(lambda x: function(function(x)))


def looped(x: Any) -> Any:
    return lax.fori_loop(0, 3, lambda k, c: lax.cond(c > k, jnp.sin, jnp.cos, c), x)


@pytest.mark.parametrize("depth", [1, 2, 5, 9])
def test_calls_are_counted_as_often_as_they_are_entered(depth: int) -> None:
    size = size_of(jax.make_jaxpr(nested(depth))(1.0))
    calls = sum(2**level for level in range(depth))
    assert size.inlined == calls + 2**depth
    assert size.distinct == 1 + 2 * depth


@pytest.mark.parametrize(
    ("function", "x"),
    [(looped, 1.0), (nested(4), 1.0), (jax.grad(nested(3)), 1.0), (jax.vmap(looped), np.ones(3))],
)
def test_it_is_what_inlining_makes_and_the_calls_it_enters(function: Any, x: Any) -> None:
    jaxpr = jax.make_jaxpr(function)(x)
    program = inline(jaxpr)
    calls = sum(region.calls.total() for region in program.regions())
    assert size_of(jaxpr).inlined == len(list(program.walk())) + calls


def test_it_is_known_where_inlining_would_never_end() -> None:
    assert size_of(jax.make_jaxpr(nested(60))(1.0)).inlined > 2**60
