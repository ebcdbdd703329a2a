"""Loop invariants: what is needed once and runs in every iteration, and what is left alone."""

# ruff: noqa: ANN001, ANN201, ANN202
from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import pytest
from jax import lax

import pytest_jaxcost
from pytest_jaxcost import CostError
from pytest_jaxcost.analyses import Facts
from pytest_jaxcost.report import METRICS
from tests.analyses.healthy_programs import HEALTHY

XS = jnp.arange(1.0, 11.0)  # ten iterations
W = jnp.linspace(0.1, 0.9, 16).reshape(4, 4)
V = jnp.linspace(0.1, 0.9, 4)

TABLE = jnp.linspace(0.0, 1.0, 64).reshape(8, 8)

DOT = 2 * 4 * 4 * 4  # a product of two 4 by 4 matrices
SUM = 4 * 4 - 1


def sums(body):
    """The loop that adds up `body(x, w)` over the scanned `x`."""
    return lambda w, xs: lax.scan(lambda c, x: (c + body(x, w), None), 0.0, xs)[0]


def sums_of(before, body):
    """The same with what `before` computes of `w`, once."""

    def program(w, xs):
        ready = before(w)
        return lax.scan(lambda c, x: (c + body(x, ready), None), 0.0, xs)[0]

    return program


def nested(inner):
    """A loop in a loop over the same ten values."""

    def program(w, xs):
        def outer(c, x):
            return lax.scan(lambda d, y: (d + inner(x, y, w), None), c, xs)[0], None

        return lax.scan(outer, 0.0, xs)[0]

    return program


def nested_with_table(w, xs):
    """What changes in the inner loop alone, computed once for each of its iterations."""
    table = jnp.sin(xs)

    def outer(c, x):
        return lax.scan(lambda d, s: (d + s * x, None), c, table)[0], None

    return lax.scan(outer, 0.0, xs)[0]


def carried_matrix(w, x):
    return lax.fori_loop(0, 5, lambda i, c: (c[0] @ (c[1] @ c[1]), c[1]), (x, w))[0]


def carried_square(w, x):
    return lax.fori_loop(0, 5, lambda i, c: (c[0] @ c[1], c[1]), (x, w @ w))[0]


def counted_by_while(w, x):
    def step(state):
        return state[0] + 1, state[1] + w @ w

    return lax.while_loop(lambda state: state[0] < 7, step, (0, x))[1]


def counted_with_square(w, x):
    square = w @ w
    return lax.while_loop(lambda s: s[0] < 7, lambda s: (s[0] + 1, s[1] + square), (0, x))[1]


def checkpointed(body):
    def loss(w, xs):
        step = jax.checkpoint(lambda c, x: (c + body(x, w), None))
        return lax.scan(step, 0.0, xs)[0]

    return jax.grad(loss)


def solves(w, xs):
    return lax.scan(lambda c, x: (jnp.linalg.solve(w, c) * x, None), V, xs)[0]


def solves_factored(w, xs):
    factors = jax.scipy.linalg.lu_factor(w)
    return lax.scan(lambda c, x: (jax.scipy.linalg.lu_solve(factors, c) * x, None), V, xs)[0]


def in_a_branch(predicate):
    """Work that a branch does, if it is taken."""

    def program(w, xs):
        def step(c, x):
            return lax.cond(predicate(w, x), lambda: c + jnp.sum(w @ w), lambda: c * 2.0), None

        return lax.scan(step, 0.0, xs)[0]

    return program


class Noisy(NamedTuple):
    """A program, its figures worked out by hand, and the program that the hint leads to."""

    program: object
    args: tuple
    flops: int
    transcendentals: int
    better: object


NOISY = {
    "a product in a scan": Noisy(
        sums(lambda x, w: x * jnp.sum(w @ w)), (W, XS), 9 * (DOT + SUM), 0,
        sums_of(lambda w: jnp.sum(w @ w), lambda x, s: x * s),
    ),
    "transcendentals": Noisy(
        sums(lambda x, w: x * jnp.sum(jnp.sin(w))), (W, XS), 9 * SUM, 9 * 16,
        sums_of(lambda w: jnp.sum(jnp.sin(w)), lambda x, s: x * s),
    ),
    "unchanged in both of two loops": Noisy(
        nested(lambda x, y, w: (x - y) * jnp.sum(w @ w)), (W, XS),
        # the difference of x and the y of the inner loop changes in both
        99 * (DOT + SUM), 0,
        lambda w, xs: nested(lambda x, y, s: (x - y) * s)(jnp.sum(w @ w), xs),
    ),
    "unchanged in the inner loop": Noisy(
        nested(lambda x, y, w: y * jnp.sin(x)), (W, XS), 0, 10 * 9,
        lambda w, xs: lax.scan(
            lambda c, s: (lax.scan(lambda d, y: (d + y * s, None), c, xs)[0], None),
            0.0, jnp.sin(xs),
        )[0],
    ),
    "unchanged in the outer loop": Noisy(
        nested(lambda x, y, w: x * jnp.sin(y)), (W, XS), 0, 9 * 10, nested_with_table,
    ),
    "a carry that is handed on": Noisy(carried_matrix, (W, W), 4 * DOT, 0, carried_square),
    "a while loop": Noisy(counted_by_while, (W, W), 6 * DOT, 0, counted_with_square),
    "a branch that the loop does not choose": Noisy(  # the comparison leaves the loop too
        in_a_branch(lambda w, x: w[0, 0] > 0.0), (W, XS), 9 * (DOT + SUM + 1), 0, None,
    ),
    "a factorization": Noisy(solves, (W + jnp.eye(4), XS), 9 * 34, 0, solves_factored),
    "a captured array": Noisy(
        lambda xs: lax.scan(lambda c, x: (c + x * (TABLE @ TABLE), None), 0.0 * TABLE, xs)[0],
        (XS,), 9 * 2 * 8**3, 0,
        lambda xs: (lambda square: lax.scan(
            lambda c, x: (c + x * square, None), 0.0 * TABLE, xs
        )[0])(TABLE @ TABLE),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_programs_have_none(name):
    function, args = HEALTHY[name]
    assert not pytest_jaxcost.measure(function, args).loop_invariants


def seven_times(w, x):
    """The limit of the loop is a value: the counter may pass it in the first iteration."""
    return lax.while_loop(lambda s: s[0] < s[1], lambda s: (s[0] + 1, s[1], s[2] * 0.5), (0, 7, x))


QUIET = {
    "the carry reaches it": (sums(lambda x, w: jnp.sum((x * w) @ w)), (W, XS)),
    "computed before": (sums_of(lambda w: w @ w, lambda x, s: x * s[0, 0]), (W, XS)),
    "one iteration": (sums(lambda x, w: x * jnp.sum(w @ w)), (W, XS[:1])),
    "no iteration": (sums(lambda x, w: x * jnp.sum(w @ w)), (W, XS[:0])),
    "a branch that the loop chooses": (in_a_branch(lambda w, x: x < 2.0), (W, XS)),
    "a library function's own step": (
        sums(lambda x, w: jax.scipy.stats.norm.logpdf(x, 0.0, w[0, 0])), (W, XS)
    ),
    "a table of literals": (
        sums(lambda x, w: jnp.sum(jnp.sin(jnp.arange(64.0) * 0.1)) * x), (W, XS)
    ),
    "behind a barrier": (
        sums(lambda x, w: x * jnp.sum((b := lax.optimization_barrier(w)) @ b)), (W, XS)
    ),
    "a limit that is carried": (seven_times, (W, W)),
    "index arithmetic": (sums(lambda x, w: x * w[jnp.int32(w[0, 0]) + 1, 0]), (W, XS)),
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name):
    program, args = QUIET[name]
    findings = pytest_jaxcost.measure(program, args).loop_invariants
    assert (findings.count, findings.flops, findings.transcendentals) == (0, 0, 0)


@pytest.mark.parametrize("name", NOISY)
def test_figures(name):
    noisy = NOISY[name]
    report = pytest_jaxcost.measure(noisy.program, noisy.args)
    findings = report.loop_invariants
    assert (findings.flops, findings.transcendentals) == (noisy.flops, noisy.transcendentals)
    assert findings.exact
    report.check(loop_invariants=f"{noisy.flops + noisy.transcendentals} op")
    with pytest.raises(CostError):
        report.check(max_loop_invariants=0)


@pytest.mark.parametrize("name", [name for name in NOISY if NOISY[name].better is not None])
def test_the_rewrite_saves_what_was_reported(name):
    noisy = NOISY[name]
    before = pytest_jaxcost.measure(noisy.program, noisy.args)
    after = pytest_jaxcost.measure(noisy.better, noisy.args)
    after.check(max_loop_invariants=0)
    assert before.flops - after.flops == pytest.approx(noisy.flops, rel=0.01)
    assert before.transcendentals - after.transcendentals == noisy.transcendentals
    expected, result = noisy.program(*noisy.args), noisy.better(*noisy.args)
    assert jnp.allclose(expected, result, rtol=1e-4)


def unrolled(body, carry, xs):
    """What `lax.scan` computes, as a loop of Python's."""
    for k in range(len(xs)):
        carry, _ = body(carry, xs[k])
    return carry, None


SCANS = [
    "a product in a scan", "transcendentals", "unchanged in both of two loops",
    "unchanged in the inner loop", "unchanged in the outer loop", "a captured array",
]  # fmt: skip


@pytest.mark.parametrize("name", SCANS)
def test_unrolled_it_is_what_repeats(name, monkeypatch):
    """An oracle: of the loops unrolled by hand, value numbers say what is computed again."""
    noisy = NOISY[name]
    monkeypatch.setattr(lax, "scan", unrolled)
    # a function of its own, because JAX caches what it has traced
    facts = Facts(jax.make_jaxpr(lambda *args: noisy.program(*args))(*noisy.args))
    again = [o.equation for repeated in facts.repetitions for o in repeated.again]
    costs = [facts.cost(equation) for equation in again if not facts.is_bookkeeping(equation)]
    assert sum(cost.flops for cost in costs) == noisy.flops
    assert sum(cost.transcendentals for cost in costs) == noisy.transcendentals


def test_a_loop_without_end_is_a_lower_bound():
    def program(w, x):
        return lax.while_loop(lambda c: jnp.sum(c) < 100.0, lambda c: c + w @ w, x)

    report = pytest_jaxcost.measure(program, (W, W))
    (finding,) = report.loop_invariants
    assert (finding.primitive, finding.count, finding.flops) == ("dot_general", 1, 2 * 4**3)
    assert not finding.exact
    with pytest.raises(pytest_jaxcost.CostError, match="loop_invariants at least 128 op > 0 op"):
        report.check(max_loop_invariants="0 op")
    assert report.metrics.reading("loop_invariants").exact
    assert not report.read(METRICS["loop_invariants"].in_operations).exact
    assert finding.hint.endswith("once instead of in every iteration")
    assert finding.title.endswith("computes the same in every iteration of its loop")


def test_a_loop_inside_a_loop_without_end_is_priced_for_one_iteration_of_that():
    def program(w, x):
        def step(c):
            return lax.scan(lambda c, _: (c + w @ w, None), c, None, length=5)[0]

        return lax.while_loop(lambda c: jnp.sum(c) < 100.0, step, x)

    (finding,) = pytest_jaxcost.measure(program, (W, W)).loop_invariants
    assert (finding.flops, finding.executions, finding.exact) == (5 * 2 * 4**3, 5, False)


def test_in_the_condition_of_a_loop():
    def program(w, x):
        def unfinished(state):
            return (state[0] < 7) & (jnp.sum(w @ w) > 0.0)

        return lax.while_loop(unfinished, lambda s: (s[0] + 1, s[1] * 0.5), (0, x))[1]

    findings = pytest_jaxcost.measure(program, (W, W)).loop_invariants
    assert {each.primitive for each in findings.equations} == {"dot_general", "reduce_sum"}
    assert not findings.exact


def test_inside_a_checkpoint_in_a_loop():
    body = checkpointed(lambda x, w: x * jnp.sum(jnp.tanh(w)))
    findings = pytest_jaxcost.measure(body, (W, XS)).loop_invariants
    recomputed = [each for each in findings.equations if each.phase == "recompute"]
    (tanh,) = (f for f in recomputed if f.primitive == "tanh")
    assert (tanh.transcendentals, tanh.executions) == (9 * 16, 9)


def test_what_is_computed_outside_too_is_a_duplicate():
    """All ten runs repeat the one outside, so the whole is counted under that name."""

    def program(w, xs):
        return w @ w, lax.scan(lambda c, x: (c + jnp.sum(w @ w) * x, None), 0.0, xs)[0]

    report = pytest_jaxcost.measure(program, (W, XS))
    assert report.duplicates.flops == 10 * DOT
    assert [each.primitive for each in report.loop_invariants.equations] == ["reduce_sum"]
    assert report.loop_invariants.flops == 9 * SUM


def test_two_of_a_kind_in_one_loop():
    """One of them repeats the other; the other runs nine times too often."""

    def program(w, xs):
        def step(c, x):
            return c + x * jnp.sum(w @ w) - jnp.max(w @ w), None

        return lax.scan(step, 0.0, xs)[0]

    report = pytest_jaxcost.measure(program, (W, XS))
    assert report.duplicates.flops == 10 * DOT
    equations = report.loop_invariants.equations
    dots = [each for each in equations if each.primitive == "dot_general"]
    assert sum(f.flops for f in dots) == 9 * DOT


def test_draws_from_one_key_are_listed_and_not_counted():
    def program(key, xs):
        def step(c, x):
            return c + jax.random.normal(key, (64,)) * x, None

        return lax.scan(step, jnp.zeros(64), xs)[0]

    findings = pytest_jaxcost.measure(program, (jax.random.key(0), XS)).loop_invariants
    assert not findings
    (bits,) = (f for f in findings.all if f.primitive == "random_bits")
    assert bits.hint == (
        "the same key draws the same numbers in every iteration; split it, or draw before the loop"
    )


def test_what_is_made_of_a_draw_counts():
    def program(key, xs):
        def step(c, x):
            noise = jax.random.normal(key, (64,))
            return c + jnp.sin(noise) * x, None

        return lax.scan(step, jnp.zeros(64), xs)[0]

    findings = pytest_jaxcost.measure(program, (jax.random.key(0), XS)).loop_invariants
    (found,) = findings
    assert found.primitive == "sin"
    assert found.transcendentals >= 9 * 64  # what makes the draw leaves the loop with it


def test_two_loops_in_a_row_have_nothing_to_do_with_each_other():
    def program(w, xs):
        total = lax.scan(lambda c, x: (c + x, None), 0.0, xs)[0]
        return lax.scan(lambda c, x: (c + jnp.sin(total) * x, None), 0.0, xs)[0]

    findings = pytest_jaxcost.measure(program, (W, XS)).loop_invariants
    assert [(f.primitive, f.transcendentals) for f in findings] == [("sin", 9)]


def test_in_every_loop_of_a_call_that_is_not_inlined():
    """Thirty calls that each call the next one twice: one body stands for a million loops."""

    def loop(w):
        return lax.scan(lambda c, x: (c + jnp.sum(w @ w) * x, None), 0.0, XS)[0]

    def doubled(inner):
        return jax.jit(lambda w: inner(w) + inner(w + 1.0))

    function = jax.jit(loop)
    for _ in range(20):
        function = doubled(function)
    findings = pytest_jaxcost.measure(function, (W,)).loop_invariants
    assert findings.flops == 2**20 * 9 * (DOT + SUM)


def test_what_is_told():
    def weighted_sum(w, xs):
        return lax.scan(lambda c, x: (c + x * jnp.sum(w @ w), None), 0.0, xs)[0]

    (finding,) = pytest_jaxcost.measure(weighted_sum, (W, XS)).loop_invariants
    assert (
        finding.title
        == "jnp.sum(w @ w) in weighted_sum computes the same in all 10 iterations of its loop"
    )
    assert (
        finding.hint == "compute it before the loop, which does not change it: 1 run instead of 10"
    )
    assert [each.primitive for each in finding.equations] == ["dot_general", "reduce_sum"]
    assert (finding.operations, finding.code) == (9 * (DOT + SUM), "JC201")
