"""What findings say: titles, places and how many there are, of programs with one mistake each."""

# ruff: noqa: ANN001, ANN201
from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pytest_jaxcost import measure

X = jnp.linspace(0.1, 0.9, 64).reshape(8, 8)
V = jnp.linspace(0.1, 0.9, 8)

layer = jax.jit(lambda x: jnp.tanh(x @ x))


def host(x):
    return jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


def drag(x):
    return host(x) ** 2


def lift(x):
    return host(x) * 3


def looked_up_twice(x):
    return drag(x) + lift(x)


def looked_up_once(x):
    found = host(x)
    return found**2 + found * 3


def mean(x):
    return jax.vmap(layer)(x[None]).mean()


def largest(x):
    return jax.vmap(layer)(x[None]).max()


def two_reductions(x):
    return mean(x) + largest(x)


def one_reduction(x):
    return mean(x) + 1.0


def two_solves(x, v):
    return jnp.linalg.solve(x, x.T @ x), jnp.linalg.solve(x, v)


def one_solve(x, v):
    factors = jax.scipy.linalg.lu_factor(x)
    return jax.scipy.linalg.lu_solve(factors, x.T @ x), jax.scipy.linalg.lu_solve(factors, v)


QUIET = [(looked_up_once, X), (one_reduction, X), (one_solve, X, V)]
SAID = {
    looked_up_twice: ((X,), "host in drag and lift is evaluated twice with the same values"),
    two_reductions: ((X,), "jax.vmap(layer)(x[None]) in mean and largest is computed twice"),
    two_solves: (
        (X, V),
        (
            "jnp.linalg.solve(x, x.T @ x) and jnp.linalg.solve(x, v) in two_solves "
            "factor the same matrix"
        ),
    ),
}


@pytest.mark.parametrize("program", QUIET, ids=lambda program: program[0].__name__)
def test_twins_are_quiet(program):
    fn, *args = program
    report = measure(fn, args)
    assert not report.duplicates
    assert not report.repeated_callbacks


@pytest.mark.parametrize("fn", SAID, ids=lambda fn: fn.__name__)
def test_titles_are_true(fn):
    args, title = SAID[fn]
    report = measure(fn, args)
    assert [each.title for each in (*report.duplicates, *report.repeated_callbacks)] == [title]


def test_values_that_have_nothing_in_common_are_causes_of_their_own() -> None:
    def many(x: Any) -> Any:
        first = [jnp.sum(jnp.sin(x[:n])) for n in range(1, 9)]
        return [*first, *(jnp.prod(jnp.sin(x[:n])) for n in range(1, 9))]

    lines = [
        [place.line for place in each.places]
        for each in measure(lambda x: (jnp.sin(x[:2]), jnp.sin(x[:2]), many(x)), (X,)).duplicates
    ]
    assert len(lines) == 2
    assert len(lines[0]) == 2


def test_two_and_three_times_are_two_causes() -> None:
    def model(x: Any) -> Any:
        return jnp.tanh(x) * jnp.sum(x)

    def five(x: Any) -> Any:
        return [model(x), model(x), model(x), model(2 * x), model(2 * x)]

    titles = sorted(each.title for each in measure(five, (X,)).duplicates)
    assert titles == [
        "2 * x and model in five are computed twice",
        "model is evaluated 3 times with the same values",
    ]
