"""Constant work: what every call computes again, and constants that are cheap or meant."""

# ruff: noqa: ANN001, ANN201, ANN202
from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import pytest_jaxcost
from pytest_jaxcost import CostError
from pytest_jaxcost.analyses import Facts
from pytest_jaxcost.analyses.constant_work import constant_work
from pytest_jaxcost.rewrite.rewriting import rewrite
from tests.analyses.healthy_programs import HEALTHY
from tests.laws.evaluate import bits, evaluate, reference

V = jnp.linspace(0.1, 0.9, 64)
M = jnp.eye(64) * 3 + jnp.linspace(0.0, 0.1, 64 * 64).reshape(64, 64)


def ramp():
    """Made of literals, as V is not."""
    return lax.iota(jnp.float32, 64)


def matrix():
    return jnp.eye(64) * 3 + ramp() / 640


X = jnp.linspace(-1.0, 1.0, 64)


class Noisy(NamedTuple):
    """A program of X, its figures worked out by hand, and what an author would compute before."""

    program: object
    flops: int
    transcendentals: int
    before: object
    """The constant, which the better program takes as an argument."""
    better: object


def discounts():
    return lax.scan(lambda c, _: (c * 0.99, c), 1.0, None, length=64)[1]


def spectrum():
    return jnp.fft.fft(ramp()).real


def sines():
    positions = lax.iota(jnp.float32, 256)[:, None] / 64.0
    return jnp.sin(positions * (lax.iota(jnp.float32, 512) + 1) / 512.0)


def triangle():
    return jnp.linalg.cholesky(matrix(), symmetrize_input=False)


def powers():
    return lax.while_loop(lambda s: s[0] < 10, lambda s: (s[0] + 1, s[1] * 0.9), (0, ramp()))[1]


def square():
    made = matrix()
    return made @ made


def solution():
    return lax.linalg.triangular_solve(matrix(), ramp()[:, None], left_side=True)[:, 0]


NOISY = {
    "a transform": Noisy(
        lambda x: x * spectrum(), 8 * 64 * 6 + 64, 0, spectrum, lambda x, s: x * s,
    ),
    "a factorization": Noisy(
        lambda x: x @ triangle(), None, None, triangle, lambda x, t: x @ t,
    ),
    "a scan": Noisy(lambda x: x * discounts(), 64, 0, discounts, lambda x, d: x * d),
    "a while loop": Noisy(lambda x: x * powers(), 10 * 64 + 10 + 11, 0, powers, lambda x, p: x * p),
    "a product": Noisy(
        lambda x: x @ square(), None, 0, square, lambda x, square: x @ square,
    ),
    "a large table": Noisy(
        lambda x: x.sum() * sines(),
        None, 256 * 512, sines, lambda x, table: x.sum() * table,
    ),
    "a solve": Noisy(
        lambda x: x * solution(), None, 0, solution, lambda x, y: x * y,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_programs_have_none(name):
    function, args = HEALTHY[name]
    assert not pytest_jaxcost.measure(function, args).constant_work


def fourier_of_the_argument(x):
    return x * jnp.fft.fft(x).real


QUIET = {
    "of an argument": fourier_of_the_argument,
    "a mask": lambda x: jnp.where(jnp.tril(jnp.ones((64, 64), bool)), M * x, -jnp.inf),
    "a float mask": lambda x: M * x + jnp.where(jnp.tril(jnp.ones((64, 64), bool)), 0.0, -jnp.inf),
    "a large float mask": lambda x: x.sum() + jnp.where(jnp.eye(512) > 0, 0.0, -1e9),
    "a small table": lambda x: x * jnp.sin(jnp.arange(64) / 64.0),
    "arithmetic of a captured array": lambda x: x * (V * 2.0 + 1.0),
    "a small product": lambda x: x[:8] * (M[:8, :8] @ M[:8, :8]),
    "a draw": lambda x: x + jax.random.normal(jax.random.key(0), (64,)),
    "a draw with a loop inside": lambda x: x + jax.random.poisson(jax.random.key(0), 3.0, (64,)),
    "a loop that an argument reaches": lambda x: lax.scan(
        lambda c, _: (c * 0.99, c), x[0], None, length=64
    )[1],
    "a counter": lambda x: lax.fori_loop(0, 64, lambda i, c: c + jnp.sin(i * 0.1), x),
    "a gradient of a sum": jax.grad(lambda x: jnp.sum(jnp.fft.fft(x).real)),
    "a transform of a captured array": lambda x: x * jnp.fft.fft(V).real,
    "a factorization of a captured array": lambda x: x @ jnp.linalg.cholesky(M),
    "a product of captured arrays": lambda x: x @ (M @ M),
    "a scan over a captured array": lambda x: x * lax.scan(lambda c, v: (c * v, c), 1.0, V)[1],
    "a Jacobian with captured weights": jax.jacfwd(lambda x: jnp.tanh(M @ x)),
    "a Hessian with captured weights": jax.hessian(lambda x: jnp.tanh(M @ x)),
    "Jacobians of a batch with captured weights": lambda x: jax.vmap(
        jax.jacfwd(lambda x: jnp.tanh(M @ x))
    )(jnp.outer(x, x)),
    "Jacobians of a batch built inside": lambda x: x
    * jax.vmap(jax.jacfwd(lambda x: jnp.tanh(M @ x)))(jnp.eye(64)),
    "dead": lambda x: (jnp.fft.fft(ramp()), x)[1],
    "zeros to start with": lambda x: lax.scan(lambda c, y: (c + y, None), jnp.zeros(64), M * x)[0],
    "what NumPy computes": lambda x: x * np.fft.fft(np.asarray(V)).real,
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name):
    findings = pytest_jaxcost.measure(QUIET[name], (X,)).constant_work
    assert (findings.count, findings.flops, findings.transcendentals) == (0, 0, 0)


@pytest.mark.parametrize("name", NOISY)
def test_figures(name):
    noisy = NOISY[name]
    report = pytest_jaxcost.measure(noisy.program, (X,))
    findings = report.constant_work
    alone = pytest_jaxcost.measure(noisy.before)
    expected = (noisy.flops, noisy.transcendentals)
    for found, figure in zip((findings.flops, findings.transcendentals), expected, strict=True):
        assert figure is None or found == figure
    assert findings.flops == alone.flops
    assert findings.transcendentals == alone.transcendentals
    report.check(constant_work=f"{alone.flops + alone.transcendentals} op")
    with pytest.raises(CostError):
        report.check(max_constant_work=0)


@pytest.mark.parametrize("name", NOISY)
def test_the_rewrite_saves_what_was_reported(name):
    noisy = NOISY[name]
    ready = noisy.before()
    before = pytest_jaxcost.measure(noisy.program, (X,))
    after = pytest_jaxcost.measure(noisy.better, (X, ready))
    after.check(max_constant_work=0)
    assert before.flops - after.flops == before.constant_work.flops
    assert before.transcendentals - after.transcendentals == before.constant_work.transcendentals
    assert jnp.allclose(noisy.program(X), noisy.better(X, ready), rtol=1e-3, atol=1e-5)


def test_steps_before_and_after_belong_to_it():
    def program(x):
        window = jnp.cos(jnp.arange(64) / 10.0)
        return x * jnp.log(jnp.abs(jnp.fft.fft(ramp() * window)))

    found = {f.primitive for f in pytest_jaxcost.measure(program, (X,)).constant_work.equations}
    assert {"cos", "mul", "fft", "log"} <= found


def test_what_is_made_of_a_draw_counts_and_the_draw_does_not():
    def program(x):
        return x * jnp.fft.fft(jax.random.normal(jax.random.key(0), (64,))).real

    findings = pytest_jaxcost.measure(program, (X,)).constant_work
    assert {f.primitive for f in findings.equations} == {"fft", "real"}


def test_in_a_loop_it_is_needed_once():
    """Nine transforms of ten are the loop's; the tenth is needed in no call."""

    def program(x):
        return lax.scan(lambda c, _: (c * jnp.fft.fft(ramp()).real, None), x, None, length=10)[0]

    report = pytest_jaxcost.measure(program, (X,))
    once = pytest_jaxcost.measure(spectrum)
    # the real part is cheap, and made of literals: no invariant, but no longer there either
    assert report.loop_invariants.flops == 9 * (once.flops - 64)
    assert report.constant_work.flops == once.flops + 9 * 64


def test_a_repeated_one_is_a_duplicate():
    def program(x):
        return x * jnp.fft.fft(ramp()).real + jnp.fft.fft(ramp()).imag

    report = pytest_jaxcost.measure(program, (X,))
    assert [f.count for f in report.constant_work.equations if f.primitive == "fft"] == [1]
    assert report.duplicates.eqns == 1


def test_differentiation_splits_a_loop():
    """The sines of the time are constant; JAX computes them in a loop of their own."""

    def loss(x):
        return jnp.sum(lax.fori_loop(0, 20, lambda i, y: y * jnp.sin(i * 0.1), x))

    assert not pytest_jaxcost.measure(jax.grad(loss), (X,)).constant_work


def test_what_is_told():
    def windowed(x):
        return x * jnp.fft.fft(ramp()).real

    (finding,) = pytest_jaxcost.measure(windowed, (X,)).constant_work
    assert finding.title == (
        "jnp.fft.fft(ramp()).real in windowed depends on no argument, and is computed again in "
        "every call"
    )
    assert finding.hint.endswith("compute it once outside the function and pass it in")
    assert [each.primitive for each in finding.equations] == ["fft", "real"]
    assert finding.code == "JC203"


@pytest.mark.parametrize("name", NOISY)
def test_what_is_known_is_given_in(name):
    noisy = NOISY[name]
    facts = Facts(jax.make_jaxpr(noisy.program)(X))
    edits = [edit for each in constant_work(facts) for edit in each.edits]
    rewritten = rewrite(facts.program, edits)
    assert not rewritten.refused
    known = evaluate(facts.program, [X]).seen
    order = [value for edit in edits for value in edit.values]
    given = [known[value][frozenset()] for value in dict.fromkeys(order)]
    (got,) = reference(rewritten.jaxpr(facts.jaxpr), [X, *given])
    assert bits(got) == bits(reference(facts.jaxpr, [X])[0])
    wrong = [array + 1 for array in given]
    (other,) = reference(rewritten.jaxpr(facts.jaxpr), [X, *wrong])
    assert bits(other) != bits(got)


def test_what_changes_in_a_loop_that_an_argument_reaches_is_not_given_in():
    def program(x):
        def step(carry, i):
            return carry * jnp.fft.fft(ramp() * i).real, None

        return lax.scan(step, x, lax.iota(jnp.float32, 5))[0]

    facts = Facts(jax.make_jaxpr(program)(X))
    found = [each for each in constant_work(facts) if each.primitive == "fft"]
    assert found
    assert not found[0].edits
