"""Trip counts of while loops, checked against running them in Python."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from pytest_jaxcost.ir.equation import Loop
from pytest_jaxcost.ir.inline import inline

X = np.float32(0.5)
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
UPDATES: dict[str, Callable[[Any, int], Any]] = {
    "add": lambda count, step: count + step,
    "add from the left": lambda count, step: step + count,
    "sub": lambda count, step: count - step,
}
MOST = 50


def trips(function: Callable[..., Any], *args: Any) -> tuple[int | None, int | None]:
    """How often the test and the body of the only while loop run, None where unknown."""
    program = inline(jax.make_jaxpr(function)(*args))
    (loop,) = (e.control for _, e in program.walk() if isinstance(e.control, Loop))
    assert loop.test is not None
    test, body = (r.weight if r.exact else None for r in (loop.test, loop.body))
    return test, body


def counted_in_python(name: str, update: str, init: int, step: int, limit: int) -> int | None:
    count = 0
    while COMPARISONS[name](init, limit):
        init = UPDATES[update](init, step)
        count += 1
        if count > MOST:
            return None
    return count


@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(
    st.sampled_from(sorted(COMPARISONS)),
    st.sampled_from(sorted(UPDATES)),
    st.integers(-20, 20),
    st.integers(-5, 5),
    st.integers(-20, 20),
    st.booleans(),
)
def test_counted_loops(
    name: str, update: str, init: int, step: int, limit: int, mirrored: bool
) -> None:
    compare = COMPARISONS[name]

    def test(carry: Any) -> Any:
        if mirrored:
            return _MIRRORED[name](jnp.int32(limit), carry[0])
        return compare(carry[0], limit)

    def loop(x: Any) -> Any:
        return lax.while_loop(test, lambda c: (UPDATES[update](c[0], step), c[1] * x), (init, x))

    expected = counted_in_python(name, update, init, step, limit)
    if expected is None:  # goes on until the integer overflows, or for ever
        assert trips(loop, X) == (None, None)
    else:
        assert trips(loop, X) == (expected + 1, expected)


_MIRRORED = {"lt": operator.gt, "le": operator.ge, "gt": operator.lt, "ge": operator.le}


def carried_limit(x: Any) -> Any:
    return lax.while_loop(lambda c: c[0] < c[1], lambda c: (c[0] + 1, c[1], c[2] * x), (0, 7, x))


def carried_step(x: Any) -> Any:
    return lax.while_loop(lambda c: c[0] < 7, lambda c: (c[0] + c[1], c[1], c[2] * x), (0, 1, x))


def jitted(x: Any) -> Any:
    test = jax.jit(lambda c: jnp.less(c[0], 7))
    body = jax.jit(lambda c: (jax.jit(lambda k: jnp.add(k, 1))(c[0]), c[1] * x))
    return lax.while_loop(test, body, (0, x))


def captured(x: Any) -> Any:
    limit = np.int32(7)
    return lax.while_loop(lambda c: c[0] < limit, lambda c: (c[0] + 1, c[1] * x), (jnp.int32(0), x))


def batched(x: Any) -> Any:
    return jax.vmap(carried_limit)(jnp.stack([x, x]))


@pytest.mark.parametrize("loop", [carried_limit, carried_step, jitted, captured, batched])
def test_ways_to_write_a_counted_loop(loop: Callable[..., Any]) -> None:
    assert trips(loop, X) == (8, 7)


def while_(test: Any, body: Any) -> Callable[..., Any]:
    return lambda x: lax.while_loop(test, body, (0, 7, x))


UNKNOWN = {
    "the predicate reads data": while_(lambda c: c[2] < 7, lambda c: (c[0] + 1, c[1], c[2] + 1)),
    "the limit changes": while_(lambda c: c[0] < c[1], lambda c: (c[0] + 2, c[1] + 1, c[2])),
    "the step changes": while_(lambda c: c[0] < 7, lambda c: (c[0] + c[1], c[1] - 1, c[2])),
    "the counter is multiplied": while_(lambda c: c[0] < 7, lambda c: (c[0] * 2, c[1], c[2])),
    "two conditions": while_(lambda c: (c[0] < 7) & (c[2] > 0), lambda c: (c[0] + 1, c[1], c[2])),
    "the counter is subtracted from": while_(lambda c: c[0] < 7, lambda c: (1 - c[0], c[1], c[2])),
    "the limit is an argument": lambda x: lax.fori_loop(0, x.astype(int), lambda k, c: c * k, x),
    "the start is an argument": lambda x: lax.fori_loop(x.astype(int), 7, lambda k, c: c * k, x),
}


@pytest.mark.parametrize("reason", UNKNOWN)
def test_loops_whose_trip_count_depends_on_data(reason: str) -> None:
    assert trips(UNKNOWN[reason], X) == (None, None)
