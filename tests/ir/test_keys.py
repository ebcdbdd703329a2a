"""Structural keys: what is computed, not what it is called or where it was made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost.ir.keys import array_key, jaxpr_key, key_of, literal_key, param_key

X = np.float32([1.0, 2.0, 3.0])


class One(NamedTuple):
    value: Any


class Other(NamedTuple):
    value: Any


def key(function: Callable[..., Any], *args: Any) -> Any:
    return jaxpr_key(jax.make_jaxpr(function)(*args or (X,)))


@jax.jit
def named(x: Any) -> Any:
    return jnp.sin(x) * 2


@jax.jit
def renamed(value: Any) -> Any:
    sine = jnp.sin(value)
    return sine * 2


DIFFERENT_VALUES = [
    (0.0, -0.0),
    (1, True),
    (0, False),
    (1, 1.0),
    ("1", 1),
    ((1, 2), [1, 2]),
    ((1, 2), (2, 1)),
    (One(1), Other(1)),
    (One(1), (1,)),
    ({"a": 1}, {"a": 2}),
    (np.float32([0.0]), np.float32([-0.0])),
    (np.float32([1.0]), np.float64([1.0])),
    (np.float32([1.0, 2.0]), np.float32([[1.0, 2.0]])),
    (np.dtype("int32"), np.dtype("uint32")),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT_VALUES)
def test_different_values_have_different_keys(one: Any, other: Any) -> None:
    assert key_of(one) != key_of(other)


SAME_VALUES = [
    (0.5, 0.5),
    (float("nan"), float("nan")),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ([1, (2.0, None)], [1, (2.0, None)]),
    (One(X), One(X.copy())),
    (np.float32([1.0]), jnp.float32([1.0])),
]


@pytest.mark.parametrize(("one", "other"), SAME_VALUES)
def test_equal_values_have_equal_keys(one: Any, other: Any) -> None:
    assert key_of(one) == key_of(other)
    assert hash(key_of(one)) == hash(key_of(other))


DIFFERENT_PROGRAMS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (lambda x: jnp.sin(x), lambda x: jnp.cos(x)),
    (lambda x: x * 2, lambda x: x * 3),
    (lambda x: x - jnp.sin(x), lambda x: jnp.sin(x) - x),
    (lambda x: lax.cumsum(x), lambda x: lax.cumsum(x, reverse=True)),
    (lambda x: (x, jnp.sin(x)), lambda x: (jnp.sin(x), x)),
    (lambda x: x + jnp.asarray(X), lambda x: x + jnp.asarray(X + 1)),
    (lambda x: jax.jit(jnp.sin)(x), lambda x: jax.jit(jnp.cos)(x)),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT_PROGRAMS)
def test_different_programs_have_different_keys(one: Any, other: Any) -> None:
    assert key(one) != key(other)


def test_shapes_and_dtypes_of_operands_matter() -> None:
    assert key(jnp.sin, X) != key(jnp.sin, X[:2])
    assert key(jnp.sin, X) != key(jnp.sin, X.astype(np.float16))


SAME_PROGRAMS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (named, renamed),
    (lambda x: x + jnp.asarray(X), lambda x: x + jnp.asarray(X.copy())),
    (
        lambda x: lax.cond(x[0] > 0, named, named, x),
        lambda x: lax.cond(x[0] > 0, renamed, renamed, x),
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME_PROGRAMS)
def test_names_and_sources_do_not_matter(one: Any, other: Any) -> None:
    assert key(one) == key(other)


def test_the_key_of_an_equation_has_no_name_in_it() -> None:
    (one,), (other,) = (jax.make_jaxpr(f)(X).eqns for f in (named, renamed))
    assert one.params["name"] != other.params["name"]
    assert param_key(one) == param_key(other)


def literals(function: Callable[..., Any], *args: Any) -> list[Any]:
    (eqn,) = jax.make_jaxpr(function)(*args).eqns
    return [literal_key(atom) for atom in eqn.invars if hasattr(atom, "val")]


def test_literals_by_dtype_and_content_but_not_by_weak_type() -> None:
    x = np.float32(1.0)
    assert literals(lambda x: lax.mul(x, 2.0), x) == literals(
        lambda x: lax.mul(x, np.float32(2)), x
    )
    zeros = [literals(lambda x, zero=zero: lax.mul(x, zero), x) for zero in (0.0, -0.0)]
    assert zeros[0] != zeros[1]
    halves = [literals(lambda x: lax.mul(x, x.dtype.type(2)), x.astype(t)) for t in ("f2", "f4")]
    assert halves[0] != halves[1]


def test_arrays_whose_content_cannot_be_read_are_known_by_identity() -> None:
    one, other = jax.random.key(0), jax.random.key(0)
    assert array_key(one) == array_key(one)
    assert array_key(one) != array_key(other)
