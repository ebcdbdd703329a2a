"""Totals: trip counts multiply, branches count once, wrapping and naming change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax import lax

from pytest_jaxcost import Report, measure
from tests.cost.eliminated import runs, without_dead_code
from tests.laws.programs import ARGS, FIRST_ORDER, Body, Program, bodies, programs

MATRIX = np.ones((3, 3), np.float32)


def totals(report: Report) -> dict[str, int | bool]:
    return {
        "flops": report.flops,
        "transcendentals": report.transcendentals,
        "exact": report.exact,
    }


def work(report: Report) -> dict[str, int]:
    """Executions of what unrolling a loop neither adds nor takes away."""
    loops = {"scan", "while", "cond", "add_any"}
    sliced = {"slice", "squeeze", "dynamic_slice", "broadcast_in_dim", "concatenate", "stack"}
    both = loops | sliced | {"reshape", "select_n", "lt", "gather", "stop_gradient"}
    return {name: n for name, n in report.executions.items() if name not in both}


# scans and their hand-unrolled twins

Loop = Callable[..., Any]


def rolled(step: Loop, init: Any, rows: Any, *, reverse: bool = False) -> Any:
    return lax.scan(step, init, rows, reverse=reverse)


def unrolled(step: Loop, init: Any, rows: Any, *, reverse: bool = False) -> Any:
    """The same loop in Python; the rows are arguments, so that taking one costs nothing."""
    order = range(len(rows))
    made = [None] * len(rows)
    carry = init
    for k in reversed(order) if reverse else order:
        carry, made[k] = step(carry, rows[k])
    return carry, made


def plain(loop: Loop, a: Any, rows: Any) -> Any:
    return loop(lambda c, x: (jnp.sin(c) * x, jnp.exp(x)), a, rows)


def backward(loop: Loop, a: Any, rows: Any) -> Any:
    return loop(lambda c, x: (jnp.tanh(MATRIX @ c), c @ x), a, rows, reverse=True)


def nested(loop: Loop, a: Any, rows: Any) -> Any:
    def outer(c: Any, x: Any) -> Any:
        return loop(lambda d, y: (jnp.sin(d * x) + y, lax.cos(y)), c, rows)

    return loop(outer, a, rows)


def doubly_nested(loop: Loop, a: Any, rows: Any) -> Any:
    def middle(c: Any, x: Any) -> Any:
        return loop(lambda d, y: (lax.logistic(d) - y * x, None), c, rows)

    def outer(c: Any, x: Any) -> Any:
        return loop(lambda d, y: middle(d * x, y), c, rows)

    return loop(outer, a, rows)


def branching(loop: Loop, a: Any, rows: Any) -> Any:
    def step(c: Any, x: Any) -> Any:
        return lax.cond(x[0] > 0, lambda: jnp.sin(c) * x, lambda: jnp.exp(jnp.cos(c)) * c), None

    return loop(step, a, rows)


def jitted(loop: Loop, a: Any, rows: Any) -> Any:
    helper = jax.jit(lambda c, x: jnp.sin(jnp.sin(c)) @ x)
    return loop(lambda c, x: (c * helper(c, x), helper(x, c)), a, rows)


LOOPS = [plain, backward, nested, doubly_nested, branching, jitted]


@pytest.mark.parametrize("length", [0, 1, 4])
@pytest.mark.parametrize("function", LOOPS)
def test_a_scan_costs_what_its_unrolled_twin_costs(function: Loop, length: int) -> None:
    a, rows = ARGS[0], [ARGS[1]] * length
    stacked = np.zeros((length, 3), np.float32)
    scan = measure(lambda a, rows: function(rolled, a, rows), (a, stacked))
    twin = measure(lambda a, *rows: function(unrolled, a, rows), (a, *rows))
    assert totals(scan) == totals(twin)
    assert work(scan) == work(twin)


@given(bodies(0, sorted(set(FIRST_ORDER) - {"draw"}), (), 4), st.integers(0, 4))
def test_a_scan_of_anything_costs_its_body_so_many_times(body: Body, length: int) -> None:
    step = Program(body)
    once = measure(lambda a, b: step(a, b)[0], ARGS)
    loop = measure(lambda a, b: lax.scan(lambda c, _: (step(c, b)[0], None), a, None, length), ARGS)
    assert loop.flops == length * once.flops
    assert loop.transcendentals == length * once.transcendentals
    scaled = {name: length * count for name, count in once.executions.items()}
    counted = {name: count for name, count in loop.executions.items() if name != "scan"}
    assert counted == {name: count for name, count in scaled.items() if count}


# dead code


@given(programs)
def test_any_program_costs_what_jaxs_elimination_leaves(program: Program) -> None:
    def first(a: Any, b: Any) -> Any:
        return jax.tree.leaves(program(a, b))[0]

    report = measure(first, ARGS)
    assert runs(report) == runs(without_dead_code(first, *ARGS))


# wrapping and naming


@given(programs)
def test_totals_and_findings_do_not_depend_on_jit(program: Program) -> None:
    def inside(a: Any, b: Any) -> Any:
        return jax.jit(lambda a, b: jax.jit(lambda a, b: program(a, b))(a, b))(a, b)

    one, other = measure(lambda a, b: program(a, b), ARGS), measure(inside, ARGS)
    assert totals(one) == totals(other)
    assert one.bytes_accessed == other.bytes_accessed
    assert one.executions == other.executions
    assert (one.eqns, one.primitives) == (other.eqns, other.primitives)
    for kind in ("duplicates", "dead", "recomputed", "key_reuse"):
        assert amounts(one, kind) == amounts(other, kind)


def amounts(report: Report, kind: str) -> list[tuple[Any, ...]]:
    findings = getattr(report, kind)
    return sorted((f.primitive, f.aval, f.count, f.flops) for f in findings.all)
