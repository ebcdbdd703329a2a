"""Upcast dots: information about products whose operands were narrow."""

# ruff: noqa: ANN001, ANN201
from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
from jax import lax

import pytest_jaxcost
from tests.analyses.healthy_programs import HEALTHY

A = jnp.linspace(0.0, 1.0, 64).reshape(8, 8).astype(jnp.bfloat16)
B = jnp.linspace(1.0, 2.0, 64).reshape(8, 8).astype(jnp.bfloat16)
DOT = 2 * 8**3


def wide(x):
    return x.astype(jnp.float32)


def in_a_loop(a, b):
    return lax.scan(lambda c, _: (c + wide(a) @ wide(b), None), jnp.zeros((8, 8)), None, length=3)[
        0
    ]


NOISY = {
    "both": (lambda a, b: wide(a) @ wide(b), DOT),
    "transposed": (lambda a, b: wide(a).T @ wide(b), DOT),
    "batched": (lambda a, b: jax.vmap(lambda r: wide(r) @ wide(b))(a), DOT),
    "reshaped": (lambda a, b: wide(a).reshape(4, 2, 8) @ wide(b), DOT),
    "float16": (lambda a, b: wide(a.astype(jnp.float16)) @ wide(b.astype(jnp.float16)), DOT),
    "einsum": (lambda a, b: jnp.einsum("ij,kj->ik", wide(a), wide(b)), DOT),
    "in a loop": (in_a_loop, 3 * DOT),
    "integers": (
        lambda a, b: a.astype(jnp.int8).astype(jnp.int32) @ b.astype(jnp.int8).astype(jnp.int32),
        DOT,
    ),
}

QUIET = {
    "as they are": lambda a, b: jnp.dot(a, b, preferred_element_type=jnp.float32),
    "one of two": lambda a, b: wide(a) @ jnp.sin(wide(b)),
    "used before": lambda a, b: jnp.sin(wide(a)) @ jnp.cos(wide(b)),
    "narrowed": lambda a, b: wide(a).astype(jnp.float16) @ wide(b).astype(jnp.float16),
    "integers made floats": lambda a, b: (a > 0).astype(jnp.float32) @ (b > 1).astype(jnp.float32),
    "widened after": lambda a, b: wide(a @ b),
    "dead": lambda a, b: (wide(a) @ wide(b), a)[1],
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_programs_have_none(name):
    function, args = HEALTHY[name]
    assert not pytest_jaxcost.measure(function, args).upcast_dots


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name):
    assert not pytest_jaxcost.measure(QUIET[name], (A, B)).upcast_dots


@pytest.mark.parametrize("name", NOISY)
def test_what_the_product_costs(name):
    program, flops = NOISY[name]
    findings = pytest_jaxcost.measure(program, (A, B)).upcast_dots
    assert (findings.count, findings.flops) == (1, flops)


def test_it_is_information():
    report = pytest_jaxcost.measure(NOISY["both"][0], (A, B))
    assert report.metrics["upcast_dots"] == 1
    assert report.waste == 0
    assert "\n    information: dot products take" in str(report)


def test_the_rewrite_moves_less_and_sums_as_precisely():
    before = pytest_jaxcost.measure(lambda a, b: wide(a) @ wide(b), (A, B))
    (finding,) = before.upcast_dots
    assert finding.hint == (
        "bfloat16 operands are widened first; multiply them as they are with "
        "preferred_element_type=float32"
    )
    narrow = QUIET["as they are"]
    after = pytest_jaxcost.measure(narrow, (A, B))
    assert (after.flops, after.upcast_dots.eqns) == (before.flops, 0)
    assert after.bytes_accessed < before.bytes_accessed / 2
    assert jnp.array_equal(narrow(A, B), wide(A) @ wide(B))
