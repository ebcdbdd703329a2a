"""Totals are of what runs: JAX drops dead equations when it lowers a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import CostError, measure
from tests.cost.eliminated import runs, without_dead_code

X = np.float32([1.0, 2.0, 3.0])
M = np.ones((3, 3), np.float32)


def unused(x: Any) -> Any:
    jnp.sin(x) @ (M @ x)
    return jnp.cos(x)


def unused_in_jit(x: Any) -> Any:
    return jax.jit(lambda x: (jnp.sin(x), M @ x))(x)[1]


def dead_carry(x: Any) -> Any:
    def step(carry: Any, _: Any) -> Any:
        kept, dead = carry
        return (jnp.cos(kept), jnp.sin(M @ dead)), None

    return lax.scan(step, (x, x), None, length=5)[0][0]


def dead_ys(x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.cos(c), jnp.exp(M @ c)), x, None, length=5)[0]


def dead_carries_that_feed_each_other(x: Any) -> Any:
    def step(carry: Any, _: Any) -> Any:
        kept, one, other = carry
        return (M @ kept, jnp.sin(other), jnp.exp(one) + kept), None

    return lax.scan(step, (x, x, x), None, length=5)[0][0]


def dead_branch_output(x: Any) -> Any:
    return lax.cond(
        x[0] > 0,
        lambda x: (M @ x, jnp.sin(jnp.exp(x))),
        lambda x: (jnp.cos(x), x),
        x,
    )[0]


def dead_loop(x: Any) -> Any:
    lax.scan(lambda c, _: (jnp.sin(M @ c), None), x, None, length=5)
    return jnp.cos(x)


def nested(x: Any) -> Any:
    def outer(c: Any, _: Any) -> Any:
        inner = lax.scan(lambda d, _: (M @ d, jnp.exp(d)), c, None, length=3)
        return inner[0], jnp.sin(inner[1])

    return lax.scan(outer, x, None, length=4)[0]


def dead_primal(x: Any) -> Any:
    return jax.grad(lambda x: jnp.log(jnp.sum(jnp.exp(M @ x))))(x)


def dead_draw(x: Any) -> Any:
    jax.random.normal(jax.random.key(0), (3,))
    return x * 2


def dead_callback(x: Any) -> Any:
    jax.pure_callback(lambda x: x, x, x)
    return jnp.cos(x)


STRAIGHT = [unused, unused_in_jit, dead_primal]
PROGRAMS = [
    *(*STRAIGHT, dead_carry, dead_ys, dead_carries_that_feed_each_other, dead_branch_output),
    *(dead_loop, nested, dead_draw, dead_callback),
]


@pytest.mark.parametrize("function", PROGRAMS)
def test_dead_equations_do_not_run(function: Callable[..., Any]) -> None:
    report = measure(function, (X,))
    eliminated = without_dead_code(function, X)
    assert runs(report) == runs(eliminated)
    assert report.eqns > eliminated.eqns  # what is written is counted, dead or not


@pytest.mark.parametrize("function", STRAIGHT)
def test_totals_are_those_of_the_lowered_program(function: Callable[..., Any]) -> None:
    analysis = jax.jit(function).lower(X).cost_analysis()
    report = measure(function, (X,))
    assert report.flops == analysis.get("flops", 0)
    assert report.transcendentals == analysis.get("transcendentals", 0)


@pytest.mark.parametrize("function", PROGRAMS)
def test_phases_add_up_to_what_runs(function: Callable[..., Any]) -> None:
    report = measure(function, (X,))
    for field in ("flops", "transcendentals", "bytes_accessed", "eqns"):
        parts = (getattr(phase, field) for phase in report.phases.values())
        assert sum(parts) == getattr(report, field)
    names = report.executions
    assert {
        name: sum(phase.executions[name] for phase in report.phases.values()) for name in names
    } == dict(names)


def test_an_effect_keeps_what_it_reads() -> None:
    def function(x: Any) -> Any:
        jax.debug.print("{}", jnp.sin(x))
        return jnp.cos(x)

    assert measure(function, (X,)).executions["sin"] == 1


def test_a_call_that_is_not_entered_again_runs_where_its_result_is_read() -> None:
    """Past the budget of inlining calls share a body: only calls whose result is read count."""

    def doubled(depth: int, function: Any) -> Any:
        for _ in range(depth):
            function = jax.jit(lambda x, f=function: f(f(x)))
        return function

    many = doubled(20, jnp.sin)

    def function(x: Any) -> Any:
        many(jnp.cos(x))
        return many(x)

    report = measure(function, (X,))
    assert report.executions["sin"] == 2**20
    assert report.primitives["sin"] == 2**21
    assert report.executions["cos"] == 0
    assert report.phases["primal"].executions["sin"] == 2**20


def test_what_is_dead_is_priced_as_if_it_ran() -> None:
    """Two products and three sines of what is written, beside three cosines."""
    (cone,) = measure(unused, (X,)).dead
    assert (cone.flops, cone.transcendentals) == (18 + 6, 3)
    assert cone.share == (18 + 6 + 3) / (18 + 6 + 3 + 3)


def test_a_share_of_dead_operations_is_of_what_is_written() -> None:
    report = measure(unused, (X,))
    assert (report.flops, report.dead.flops) == (0, 24)
    assert (report.transcendentals, report.dead.transcendentals) == (3, 3)
    report.check(max_dead="90%")
    with pytest.raises(CostError, match=r"dead 90\.0% > 89%"):
        report.check(max_dead="89%")


def test_what_is_dead_is_not_blamed() -> None:
    with pytest.raises(CostError) as caught:
        measure(unused, (X,)).check(max_transcendentals=2)
    assert "cos" in str(caught.value)
    assert "sin f32" not in str(caught.value)
    with pytest.raises(CostError, match="sin f32"):
        measure(unused, (X,)).check(forbid="sin")
