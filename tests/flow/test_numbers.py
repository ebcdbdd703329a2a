"""Which values have one number: tables beside the laws that random programs are held to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost.flow import numbers as numbering
from pytest_jaxcost.flow.numbers import value_numbers
from pytest_jaxcost.ir.inline import inline

X = np.float32([1.0, 2.0, 3.0])
Y = np.float32([4.0, 5.0, 6.0])


def results(function: Callable[..., Any], *args: Any) -> list[int]:
    """The numbers of the results."""
    program = inline(jax.make_jaxpr(function)(*args or (X, Y)))
    numbers = value_numbers(program)
    return [numbers[value] for value in program.main.results]


def times(n: int, step: Callable[[Any], Any], x: Any) -> Any:
    return lax.scan(lambda c, _: (step(c), None), x, None, length=n)[0]


def last_of(step: Callable[[Any], Any], limit: float, x: Any) -> Any:
    return lax.while_loop(lambda c: c[0] < limit, step, x)


def fibonacci(x: Any, y: Any) -> Any:
    return lax.scan(lambda c, _: ((c[1], c[0] + c[1]), None), (x, y), None, length=5)[0]


DIFFERENT: dict[str, Callable[[Any, Any], Any]] = {
    "operands": lambda x, y: (jnp.sin(x), jnp.sin(y)),
    "operands of a difference swapped": lambda x, y: (x - y, y - x),
    "trip counts": lambda x, y: (times(2, jnp.sin, x), times(3, jnp.sin, x)),
    "starts": lambda x, y: (times(2, jnp.sin, x), times(2, jnp.sin, y)),
    "steps": lambda x, y: (times(2, jnp.sin, x), times(2, jnp.cos, x)),
    "directions": lambda x, y: (
        lax.scan(lambda c, v: (c * v, None), 1.0, x)[0],
        lax.scan(lambda c, v: (c * v, None), 1.0, x, reverse=True)[0],
    ),
    "limits of whiles": lambda x, y: (last_of(jnp.sin, 2.0, x), last_of(jnp.sin, 3.0, x)),
    "members of one recurrence": lambda x, y: fibonacci(x, y),
    "starts of one recurrence swapped": lambda x, y: (fibonacci(x, y)[0], fibonacci(y, x)[0]),
    "the carry and what it becomes": lambda x, y: (times(1, jnp.sin, x), x),
    "branches": lambda x, y: (
        lax.cond(x[0] > 0, lambda: jnp.sin(x), lambda: y),
        lax.cond(x[0] > 0, lambda: jnp.cos(x), lambda: y),
    ),
    "branches swapped": lambda x, y: (
        lax.cond(x[0] > 0, lambda: jnp.sin(x), lambda: y),
        lax.cond(x[0] > 0, lambda: y, lambda: jnp.sin(x)),
    ),
    "predicates": lambda x, y: (
        lax.cond(x[0] > 0, lambda: jnp.sin(x), lambda: y),
        lax.cond(x[0] > 1, lambda: jnp.sin(x), lambda: y),
    ),
    "results of one equation": lambda x, y: tuple(lax.sort((x, y))),
    "a conversion": lambda x, y: (x, x.astype(np.float16)),
    "a barrier": lambda x, y: (x, lax.optimization_barrier(x)),
    "rows of nested loops": lambda x, y: (
        lax.scan(lambda c, v: (c, times(3, lambda d: d * v, v)), 0.0, x)[1],
        lax.scan(lambda c, v: (c, lax.scan(lambda d, w: (d * w, None), v, x)[0]), 0.0, x)[1],
    ),
}

SAME: dict[str, Callable[[Any, Any], Any]] = {
    "operands of a sum swapped": lambda x, y: (x + y, y + x),
    "through calls": lambda x, y: (jax.jit(jax.jit(jnp.sin))(x), jnp.sin(x)),
    "through custom rules": lambda x, y: (jax.nn.relu(x), jax.jit(jax.nn.relu)(x)),
    "loops": lambda x, y: (times(3, jnp.sin, x), times(3, jax.jit(jnp.sin), x)),
    "whiles": lambda x, y: (last_of(jnp.sin, 2.0, x), last_of(jnp.sin, 2.0, x)),
    "a recurrence beside another one": lambda x, y: (
        lax.scan(lambda c, _: ((jnp.cos(c[0]), jnp.sin(c[1])), None), (y, x), None, length=3)[0][1],
        times(3, jnp.sin, x),
    ),
    "a recurrence of two": lambda x, y: (fibonacci(x, y)[1], fibonacci(x, y)[1]),
    "a carry that never changes": lambda x, y: (times(3, lambda c: c, x), x),
    "branches alike": lambda x, y: (
        lax.cond(x[0] > 0, lambda: jnp.sin(y), lambda: jnp.sin(y)),
        jnp.sin(y),
    ),
    "conds": lambda x, y: (
        lax.cond(x[0] > 0, lambda: jnp.sin(x), lambda: y),
        lax.cond(x[0] > 0, lambda: jnp.sin(x), lambda: y),
    ),
    "a conversion to the dtype it has": lambda x, y: (
        lax.convert_element_type_p.bind(
            x, new_dtype=np.dtype("float32"), weak_type=False, sharding=None
        ),
        x,
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name: str) -> None:
    one, other = results(DIFFERENT[name])
    assert one != other


@pytest.mark.parametrize("name", SAME)
def test_same(name: str) -> None:
    one, other = results(SAME[name])
    assert one == other


def nested(depth: int, x: Any) -> Any:
    return jnp.sin(x) if depth == 0 else times(2, lambda c: nested(depth - 1, c), x)


@pytest.mark.parametrize("deeper", [0, 1])
def test_loops_nested_too_deeply_have_numbers_of_their_own(deeper: int) -> None:
    depth = numbering.DEEPEST_LOOP + deeper
    one, other = results(lambda x, y: (nested(depth, x), nested(depth, x)))
    assert (one == other) == (deeper == 0)


def test_names_of_variables_do_not_matter() -> None:
    def one(first: Any, second: Any) -> Any:
        product = first * second
        return product + jnp.sin(product)

    def other(a: Any, b: Any) -> Any:
        c = a * b
        return c + jnp.sin(c)

    assert results(one) == results(other)
