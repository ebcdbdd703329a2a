"""Batch invariants: work behind a broadcast that belongs before it, and healthy broadcasts."""

# ruff: noqa: ANN001, ANN201, ANN202
from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import pytest
from jax import lax

import pytest_jaxcost
from pytest_jaxcost import CostError
from tests.analyses.healthy_programs import HEALTHY

V = jnp.linspace(0.1, 0.9, 8)
X = jnp.linspace(-1.0, 1.0, 512).reshape(64, 8)
A = jnp.eye(8) * 3 + jnp.linspace(0.0, 0.5, 64).reshape(8, 8)
MATRICES = jnp.stack([A] * 64)

DOT = 2 * 64 * 8 * 8  # of 64 rows with a matrix


def tall(v):
    """The same for each of 64 rows."""
    return jnp.broadcast_to(v, (64, *v.shape))


def meshed(x, y):
    xs, ys = jnp.meshgrid(x, y)
    return jnp.sin(xs) * jnp.cos(ys)


def mapped(v, x, a):
    return jax.vmap(lambda one, row: jnp.tanh(one @ a) + row)(tall(v), x)


def carried(v, x):
    """The loop starts with equal rows and keeps them equal, until its result meets others."""
    return x * lax.fori_loop(0, 5, lambda i, c: jnp.sin(c), tall(v))


class Noisy(NamedTuple):
    """A program, its figures worked out by hand, and the program that the hint leads to."""

    program: object
    args: tuple
    flops: int
    transcendentals: int
    better: object


NOISY = {
    "exp of a broadcast": Noisy(
        lambda v, x: x * jnp.exp(tall(v)), (V, X), 0, 63 * 8,
        lambda v, x: x * tall(jnp.exp(v)),
    ),
    "arithmetic of broadcasts": Noisy(
        lambda v, x: x - (tall(v) * tall(v) + 1.0), (V, X), 2 * 63 * 8, 0,
        lambda v, x: x - tall(v * v + 1.0),
    ),
    "a product with a broadcast": Noisy(
        lambda v, x, a: x + tall(v) @ a, (V, X, A), DOT * 63 // 64, 0,
        lambda v, x, a: x + tall(v @ a),
    ),
    "a batched product of broadcasts": Noisy(
        lambda v, x, a: x + jnp.einsum("bi,bij->bj", tall(v), tall(a)), (V, X, A),
        DOT * 63 // 64, 0, lambda v, x, a: x + tall(v @ a),
    ),
    "vmap over a broadcast": Noisy(
        mapped, (V, X, A), DOT * 63 // 64, 63 * 8,
        lambda v, x, a: jax.vmap(lambda one, row: jnp.tanh(one @ a) + row, (None, 0))(v, x),
    ),
    "a grid": Noisy(
        meshed, (V, V[:4]), 0, 8 * 4 - 8 + 8 * 4 - 4,
        lambda x, y: jnp.sin(x)[None, :] * jnp.cos(y)[:, None],
    ),
    "a sum along another axis": Noisy(
        lambda v, x, a: x + tall(a).sum(1), (V, X, A), 63 * (8 * 7), 0,
        lambda v, x, a: x + tall(a.sum(0)),
    ),
    "a cumulative sum of a tile": Noisy(
        lambda v, x: x + jnp.cumsum(jnp.tile(v, (64, 1)), axis=1), (V, X), 63 * 7, 0,
        lambda v, x: x + jnp.tile(jnp.cumsum(v), (64, 1)),
    ),
    "a carry": Noisy(
        carried, (V, X), 0, 5 * 63 * 8,
        lambda v, x: x * tall(lax.fori_loop(0, 5, lambda i, c: jnp.sin(c), v)),
    ),
    "a filled array": Noisy(
        lambda v, x: x * jnp.exp(jnp.full((64, 8), v[0])), (V, X), 0, 511,
        lambda v, x: x * jnp.full((64, 8), jnp.exp(v[0])),
    ),
    "in a branch": Noisy(
        lambda v, x: lax.cond(x[0, 0] > 0, lambda: x * jnp.sin(tall(v)), lambda: x), (V, X),
        0, 63 * 8, lambda v, x: lax.cond(x[0, 0] > 0, lambda: x * tall(jnp.sin(v)), lambda: x),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_programs_have_none(name):
    function, args = HEALTHY[name]
    assert not pytest_jaxcost.measure(function, args).batch_invariants


QUIET = {
    "a bias": (lambda v, x: x + tall(v), (V, X)),
    "a bias that broadcasts by itself": (lambda v, x: jnp.sin(x + v), (V, X)),
    "a scale of scalars": (lambda v, x: x * v[0] * 2.0 + 1.0, (V, X)),
    "an axis of one element": (lambda v, x: jnp.exp(v[None, :]) * x, (V, X)),
    "an outer product": (lambda v, x: jnp.exp(v[:, None] * v[None, :]), (V, X)),
    "different for each row": (lambda v, x: jnp.sin(tall(v) + x), (V, X)),
    "before the broadcast": (lambda v, x: x * tall(jnp.exp(v)), (V, X)),
    "ones times a number": (lambda v, x: x + jnp.ones((64, 8)) * v[0], (V, X)),
    "a gradient of a quotient": (
        jax.grad(lambda v, x: jnp.sum(x / tall(v))), (V, X)
    ),
    "a gradient of a sum of products": (jax.grad(lambda a, x: jnp.sum(x @ a)), (A, X)),
    "dead": (lambda v, x: (jnp.exp(tall(v)), x)[1], (V, X)),
    "a mask": (lambda v, x: jnp.where(tall(v > 0.5), x, 0.0), (V, X)),
    "a flipped, gathered broadcast": (lambda v, x: x + tall(v)[jnp.arange(64) % 3], (V, X)),
    "a carry that the rows change": (
        lambda v, x: lax.fori_loop(0, 5, lambda i, c: jnp.sin(c) * x, tall(v)), (V, X[:64])
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name):
    program, args = QUIET[name]
    findings = pytest_jaxcost.measure(program, args).batch_invariants
    assert (findings.count, findings.flops, findings.transcendentals) == (0, 0, 0)


@pytest.mark.parametrize("name", NOISY)
def test_figures(name):
    noisy = NOISY[name]
    report = pytest_jaxcost.measure(noisy.program, noisy.args)
    findings = report.batch_invariants
    assert (findings.flops, findings.transcendentals) == (noisy.flops, noisy.transcendentals)
    report.check(batch_invariants=f"{noisy.flops + noisy.transcendentals} op")
    with pytest.raises(CostError):
        report.check(max_batch_invariants=0)


@pytest.mark.parametrize("name", NOISY)
def test_the_rewrite_saves_what_was_reported(name):
    noisy = NOISY[name]
    before = pytest_jaxcost.measure(noisy.program, noisy.args)
    after = pytest_jaxcost.measure(noisy.better, noisy.args)
    after.check(max_batch_invariants=0)
    assert before.flops - after.flops == pytest.approx(noisy.flops, rel=0.01)
    assert before.transcendentals - after.transcendentals == noisy.transcendentals
    assert jnp.allclose(noisy.program(*noisy.args), noisy.better(*noisy.args), atol=1e-5)


@pytest.mark.parametrize("name", NOISY)
def test_the_program_without_costs_what_the_better_one_does(name):
    noisy = NOISY[name]
    without = pytest_jaxcost.measure(noisy.program, noisy.args).without("batch_invariants")
    after = pytest_jaxcost.measure(noisy.better, noisy.args)
    assert without.flops == pytest.approx(after.flops, rel=0.01)
    assert without.transcendentals == after.transcendentals
    assert without.batch_invariants.eqns == 0


def test_a_factorization_of_equal_matrices():
    """Costs of all its steps, symmetrization included, are those of 63 matrices too many."""

    def batched(a, x):
        return jnp.einsum("bi,bij->bj", x, jnp.linalg.cholesky(tall(a)))

    def once(a, x):
        return jnp.einsum("bi,bij->bj", x, tall(jnp.linalg.cholesky(a)))

    report = pytest_jaxcost.measure(batched, (A, X))
    better = pytest_jaxcost.measure(once, (A, X))
    assert report.batch_invariants[0].primitive == "cholesky"
    assert report.batch_invariants.flops == report.flops - better.flops
    better.check(max_batch_invariants=0)
    different = pytest_jaxcost.measure(lambda a, x: jnp.linalg.cholesky(a) @ x[0], (MATRICES, X))
    different.check(max_batch_invariants=0)


def test_what_a_gradient_adds_to_the_noise_is_from_jax():
    def loss(v, x, a):
        return jnp.sum(jnp.tanh(tall(v) @ a) * x)

    report = pytest_jaxcost.measure(jax.grad(loss), (V, X, A))
    assert {finding.phase for finding in report.batch_invariants} == {"jvp"}
    (dot,) = (f for f in report.batch_invariants.equations if f.primitive == "dot_general")
    assert dot.flops == DOT * 63 // 64


def test_a_loop_invariant_is_counted_once():
    """Four iterations of five are the loop's; of the one that is needed, 63 rows of 64."""

    def program(v, xs):
        return lax.scan(lambda c, x: (c + x * jnp.sin(tall(v)), None), jnp.zeros((64, 8)), xs)[0]

    report = pytest_jaxcost.measure(program, (V, jnp.stack([X] * 5)))
    assert report.loop_invariants.transcendentals == 4 * 64 * 8
    assert report.batch_invariants.transcendentals == 63 * 8
    better = pytest_jaxcost.measure(lambda v, xs: (jnp.sin(v) * xs).sum(0), (V, jnp.stack([X] * 5)))
    assert report.transcendentals - better.transcendentals == 4 * 64 * 8 + 63 * 8


def test_a_duplicate_is_counted_once():
    def program(v, x):
        return x * jnp.sin(tall(v)) + jnp.sin(tall(v))

    report = pytest_jaxcost.measure(program, (V, X))
    assert report.duplicates.transcendentals == 64 * 8
    assert report.batch_invariants.transcendentals == 63 * 8


def test_constant_work_is_counted_once():
    def program(x, a):
        return x @ jnp.linalg.cholesky(jnp.broadcast_to(a, (64, 8, 8)))[0]

    report = pytest_jaxcost.measure(lambda x: program(x, jnp.eye(8)), (X,))
    assert report.constant_work
    assert not report.batch_invariants


def test_what_is_made_of_a_captured_array_is_no_constant_work():
    report = pytest_jaxcost.measure(
        lambda x: x @ jnp.linalg.cholesky(jnp.broadcast_to(A, (64, 8, 8)))[0], (X,)
    )
    assert not report.constant_work
    assert report.batch_invariants


def test_what_is_told():
    def rows_of_one(v, x, a):
        return x + tall(v) @ a

    (finding,) = pytest_jaxcost.measure(rows_of_one, (V, X, A)).batch_invariants
    assert (
        finding.title == "tall(v) @ a in rows_of_one computes 64 equal slices, where one would do"
    )
    assert finding.hint == (
        "its operands are the same along axis 0 (x64); compute it before the broadcast, "
        "not after it"
    )
    assert finding.code == "JC202"


def test_axes_are_named():
    report = pytest_jaxcost.measure(lambda v, x: x * jnp.exp(jnp.full((64, 8), v[0])), (V, X))
    (finding,) = report.batch_invariants
    assert "the same along axis 0 (x64) and axis 1 (x8);" in finding.hint
