"""Primitive names: old and new ones are one, and what JAX has is known."""

from __future__ import annotations

import gc

import jax
import jax.extend.core as jex_core
import jax.numpy as jnp
import pytest

from pytest_jaxcost import LimitError, _compat, measure
from pytest_jaxcost.ir.names import ALIASES, canonical, primitive_names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sin", "sin"),
        ("no_such_primitive", "no_such_primitive"),
        ("pjit", "jit"),
        ("jit", "jit"),
        ("eval_jaxpr", "closed_call"),
        ("core_closed_call", "closed_call"),
        ("remat", "remat2"),
        ("checkpoint", "remat2"),
        ("custom_vjp_call_jaxpr", "custom_vjp_call"),
    ],
)
def test_canonical(name: str, expected: str) -> None:
    assert canonical(name) == expected


def test_a_canonical_name_is_its_own() -> None:
    assert all(canonical(name) == name for name in ALIASES.values())


def test_the_names_that_this_jax_gives_are_known_by_one_name() -> None:
    def loss(x: float) -> jax.Array:
        return jax.checkpoint(jax.jit(jnp.sin))(x)

    eqns = jax.make_jaxpr(jax.grad(loss))(1.0).eqns
    assert "remat2" in {canonical(eqn.primitive.name) for eqn in eqns}
    assert {eqn.primitive.name for eqn in eqns} <= primitive_names()


@pytest.mark.parametrize(
    "name", ["sin", "dot_general", "scan", "while", "cond", "cholesky", "pure_callback", "pjit"]
)
def test_jax_has_it(name: str) -> None:
    assert name in primitive_names()


def test_jax_does_not_have_it() -> None:
    assert "sine" not in primitive_names()


def test_a_primitive_that_the_user_defines_later_is_known_when_it_is_asked_for() -> None:
    assert "of_the_users" not in primitive_names()
    mine = jex_core.Primitive("of_the_users")
    assert mine.name in primitive_names(mine.name)


def test_what_a_program_froze_to_spare_the_collector_is_known_still() -> None:
    gc.freeze()
    try:
        assert {"sin", "dot_general", "scan"} <= _compat.primitive_names()
    finally:
        gc.unfreeze()


def test_a_limit_may_forbid_a_primitive_that_was_defined_after_the_first_limit() -> None:
    report = measure(jnp.sin, (1.0,)).check(forbid=("while",))
    with pytest.raises(LimitError, match="defined_later"):
        report.check(forbid=("defined_later",))
    later = jex_core.Primitive("defined_later")
    report.check(forbid=(later.name,), max_primitives={later.name: 0})
