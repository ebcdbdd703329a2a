"""Vmapped conds: information about conds that run all of their branches under vmap."""

# ruff: noqa: ANN001, ANN201
from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
from jax import lax

import pytest_jaxcost
from tests.analyses.healthy_programs import HEALTHY

ROWS = jnp.linspace(-1.0, 1.0, 40).reshape(5, 8)
FLAGS = jnp.array([True, False, True, True, False])
NUMBERS = jnp.array([0, 1, 2, 1, 0])
A = jnp.linspace(0.0, 1.0, 64).reshape(8, 8)

N = 5 * 8


def two(p, x):
    return lax.cond(p, lambda x: jnp.sin(x) * 2.0, lambda x: x @ A, x)


def three(i, x):
    return lax.switch(i, [jnp.sin, lambda x: x * 3.0, lambda x: jnp.exp(jnp.cos(x))], x)


def two_results(p, x):
    return lax.cond(p, lambda x: (jnp.sin(x), x * 2.0), lambda x: (x, jnp.exp(x)), x)


def looped(p, x):
    return lax.cond(
        p, lambda x: lax.fori_loop(0, 4, lambda i, c: jnp.sin(c), x), lambda x: x * 2.0, x
    )


def one_of_two(p, x):
    return lax.cond(p, lambda: jnp.sin(x), lambda: jnp.cos(x)) + jnp.tanh(x)


DOT = 2 * 5 * 8 * 8

NOISY = {
    "two branches": (jax.vmap(two), (FLAGS, ROWS), [(DOT, 0), (N, N)]),
    "three branches": (jax.vmap(three), (NUMBERS, ROWS), [(0, N), (N, 0), (0, 2 * N)]),
    "two results": (jax.vmap(two_results), (FLAGS, ROWS), [(0, N), (N, N)]),
    "a loop in a branch": (jax.vmap(looped), (FLAGS, ROWS), [(N, 0), (0, 4 * N)]),
    "no operands": (jax.vmap(one_of_two), (FLAGS, ROWS), [(0, N), (0, N)]),
    "in a loop": (
        lambda p, x: lax.scan(lambda c, _: (jax.vmap(two)(p, c), None), x, None, length=3)[0],
        (FLAGS, ROWS),
        [(3 * DOT, 0), (3 * N, 3 * N)],
    ),
    "under a derivative": (
        jax.value_and_grad(lambda x: jnp.sum(jax.vmap(one_of_two)(FLAGS, x))),
        (ROWS,),
        None,
    ),
}

QUIET = {
    "without vmap": (two, (FLAGS[0], ROWS[0])),
    "the predicate is not batched": (jax.vmap(two, (None, 0)), (FLAGS[0], ROWS)),
    "mapped by lax.map": (lambda p, x: lax.map(lambda px: two(*px), (p, x)), (FLAGS, ROWS)),
    "where": (lambda p, x: jnp.where(p[:, None], jnp.sin(x), x @ A), (FLAGS, ROWS)),
    "batched where": (jax.vmap(lambda p, x: jnp.where(p, jnp.sin(x), x @ A)), (FLAGS, ROWS)),
    "a batched while": (
        jax.vmap(lambda n, x: lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, x), (0, x))),
        (NUMBERS, ROWS),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_programs_have_none(name):
    function, args = HEALTHY[name]
    assert not pytest_jaxcost.measure(function, args).vmapped_conds


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name):
    program, args = QUIET[name]
    assert not pytest_jaxcost.measure(program, args).vmapped_conds


@pytest.mark.parametrize("name", NOISY)
def test_costs_of_all_branches(name):
    program, args, costs = NOISY[name]
    (finding,) = pytest_jaxcost.measure(program, args).vmapped_conds
    assert finding.primitive == "select_n"
    if costs is None:
        assert finding.transcendentals >= 2 * N
        return
    words = [
        f"branch {k} {flops:,} flops and {tr:,} transcendentals"
        for k, (flops, tr) in enumerate(costs)
    ]
    assert f": {', '.join(words)};" in finding.hint
    assert (finding.flops, finding.transcendentals) == tuple(map(sum, zip(*costs, strict=True)))


def test_it_is_no_metric():
    report = pytest_jaxcost.measure(jax.vmap(two), (FLAGS, ROWS))
    assert not [name for name in report.metrics if "branch" in name]


def test_one_predicate_runs_one_branch():
    """The rewrite: the costlier branch alone is what runs."""
    both = pytest_jaxcost.measure(jax.vmap(two), (FLAGS, ROWS))
    one = pytest_jaxcost.measure(jax.vmap(two, (None, 0)), (FLAGS[0], ROWS))
    assert not one.vmapped_conds
    assert one.flops == DOT
    assert both.transcendentals - one.transcendentals == N
