"""When one equation repeats another one: it runs only where the other one runs, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.experimental import io_callback

from pytest_jaxcost.analyses.facts import Facts

X = np.float32([1.0, 2.0, 3.0])


def sines(function: Callable[..., Any]) -> list[tuple[int, list[int]]]:
    """How often the sine runs that is kept, and those that repeat it."""
    facts = Facts(jax.make_jaxpr(function)(X))
    return [
        (each.first.region.weight, [again.region.weight for again in each.again])
        for each in facts.repetitions
        if each.first.equation.primitive == "sin"
    ]


def loop(n: int, x: Any) -> Any:
    return lax.scan(lambda c, _: (c * jnp.sin(x), None), x, None, length=n)[0]


def thrice(x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.sin(c), None), x, None, length=3)[0]


def in_a_loop(n: int, x: Any) -> Any:
    return lax.scan(lambda c, _: (c * thrice(x), None), x, None, length=n)[0]


def if_positive(k: int, x: Any) -> Any:
    return lax.cond(x[k] > 0, lambda: jnp.sin(x), lambda: x)


def nested_branches(x: Any) -> Any:
    def inside() -> Any:
        return lax.cond(x[1] > 0, lambda: jnp.sin(x), lambda: x)

    return lax.cond(x[0] > 0, inside, lambda: x)


QUIET: dict[str, Callable[[Any], Any]] = {
    "once": lambda x: jnp.sin(x),
    "in a loop alone": lambda x: loop(3, x),
    "in two branches of one cond": lambda x: lax.cond(
        x[0] > 0, lambda: jnp.sin(x) + 1, lambda: jnp.sin(x) * 2
    ),
    "under two predicates": lambda x: if_positive(0, x) + if_positive(1, x),
    "in a loop that never runs": lambda x: jnp.sin(x) * loop(0, x),
    "dead": lambda x: (jnp.sin(x), jnp.sin(x))[0],
}

NOISY: dict[str, tuple[Callable[[Any], Any], list[tuple[int, list[int]]]]] = {
    "twice": (lambda x: jnp.sin(x) * jnp.sin(x), [(1, [1])]),
    "in a loop, then outside": (lambda x: loop(3, x) * jnp.sin(x), [(1, [3])]),
    "in two loops": (lambda x: loop(5, x) * loop(3, x), [(3, [5])]),
    "a loop in a loop and outside": (lambda x: in_a_loop(2, x) * thrice(x), [(3, [6])]),
    "a loop in two loops": (lambda x: in_a_loop(2, x) * in_a_loop(4, x), [(6, [12])]),
    "in a branch, then outside": (lambda x: if_positive(0, x) * jnp.sin(x), [(1, [1])]),
    "under one predicate": (lambda x: if_positive(0, x) + if_positive(0, x) * 2, [(1, [1])]),
    "under more predicates": (lambda x: nested_branches(x) + if_positive(0, x), [(1, [1])]),
    "under two predicates and outside": (
        lambda x: if_positive(0, x) + if_positive(1, x) + jnp.sin(x),
        [(1, [1, 1])],
    ),
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name: str) -> None:
    assert sines(QUIET[name]) == []


@pytest.mark.parametrize("name", NOISY)
def test_noisy(name: str) -> None:
    function, expected = NOISY[name]
    assert sines(function) == expected


def callbacks(function: Callable[..., Any]) -> int:
    repetitions = Facts(jax.make_jaxpr(function)(X)).repetitions
    return sum(each.first.equation.primitive == "pure_callback" for each in repetitions)


def test_a_pure_callback_repeats_itself_and_one_with_effects_does_not() -> None:
    def pure(x: Any) -> Any:
        return jax.pure_callback(np.sin, X, x)

    def told(x: Any) -> Any:
        return io_callback(np.sin, X, x)

    assert callbacks(lambda x: pure(x) * pure(2 * x)) == 0
    assert callbacks(lambda x: pure(x) * pure(x)) == 1
    assert Facts(jax.make_jaxpr(lambda x: told(x) * told(x))(X)).repetitions == []
