"""Captured arrays and large intermediates, by size."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from pytest_jaxcost import measure

X = np.float32([1.0, 2.0, 3.0])
MATRIX = np.ones((3, 3), np.float32)
LARGE = np.ones((100, 3), np.float32)


def captured(function: Any, *args: Any) -> list[tuple[str, int]]:
    return [(each.aval, each.nbytes) for each in measure(function, args).constants]


def test_arguments_and_literals_are_no_constants() -> None:
    assert captured(lambda m, x: m @ x * 2.0, MATRIX, X) == []


def test_captured_arrays_are_listed_largest_first() -> None:
    def function(x: Any) -> Any:
        return (jnp.asarray(LARGE) @ x).sum() + (jnp.asarray(MATRIX) @ x).sum()

    assert captured(function, X) == [("f32[100,3]", 1200), ("f32[3,3]", 36)]
    assert captured(jax.jit(function), X) == [("f32[100,3]", 1200), ("f32[3,3]", 36)]


def test_one_array_captured_twice_is_one_constant() -> None:
    matrix = jnp.asarray(MATRIX)
    assert captured(lambda x: (matrix @ x) * (matrix @ (2 * x)), X) == [("f32[3,3]", 36)]


def test_a_constant_stands_where_it_is_read_first() -> None:
    (finding,) = measure(lambda x: jnp.asarray(MATRIX) @ x, (X,)).constants
    (place,) = finding.places
    assert place.file == __file__


def test_intermediates_are_the_largest_arrays_made() -> None:
    def function(x: Any) -> Any:
        return jnp.outer(x, x).sum() + jnp.sin(x).sum()

    findings = measure(function, (X,)).intermediates
    assert findings.largest_nbytes == 36
    assert findings[0].aval == "f32[3,3]"


def test_dead_arrays_are_never_made() -> None:
    def function(x: Any) -> Any:
        jnp.outer(x, x)
        return jnp.sin(x)

    assert measure(function, (X,)).intermediates.largest_nbytes == 12


def test_stacked_rows_of_a_loop_are_an_intermediate() -> None:
    def function(x: Any) -> Any:
        return lax.scan(lambda c, _: (jnp.sin(c), c), x, None, length=100)[1].sum()

    assert measure(function, (X,)).intermediates.largest_nbytes == 1200
