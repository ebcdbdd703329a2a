"""An operation costs the same as an equation, as an instruction and as a library call."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import jax
import pytest

from pytest_jaxcost.cost.body import price_body
from pytest_jaxcost.cost.deviations import LINALG, REWRITTEN, LoweredForm
from pytest_jaxcost.cost.price import price as eqn_price
from pytest_jaxcost.hlo import Pricing, price, read
from pytest_jaxcost.ir.inline import inline
from tests.cost import array_programs, elementwise_programs, linalg_programs
from tests.cost.test_deviations import PROGRAMS as DEVIATING

PROGRAMS = {
    each.name: each
    for each in (
        *elementwise_programs.PROGRAMS,
        *array_programs.PROGRAMS,
        *linalg_programs.PROGRAMS,
        *DEVIATING,
    )
}


OLDER = frozenset({"log"})
"""Primitives that the compilers of some older JAX alone write otherwise."""


class Measured(NamedTuple):
    """A program's primitives, what they cost, and the program to lower."""

    primitives: frozenset[str]
    cost: tuple[int, int]
    traced: Any


@cache
def measured(name: str) -> Measured:
    made = PROGRAMS[name]
    with jax.enable_x64(made.wide):
        traced = jax.jit(made.function).trace(*made.args)
        cost = price_body(traced.jaxpr)
    assert cost is not None
    primitives = {equation.primitive for _, equation in inline(traced.jaxpr).walk()}
    return Measured(frozenset(primitives), (cost.flops, cost.transcendentals), traced)


@cache
def lowered(name: str) -> Any:
    with jax.enable_x64(PROGRAMS[name].wide):
        return measured(name).traced.lower()


@cache
def pricing(name: str, stage: str) -> Pricing:
    """What a program costs at a stage: only those that a test asks for are compiled."""
    with jax.enable_x64(PROGRAMS[name].wide):
        stages = {
            "lowered": lambda: lowered(name).as_text("hlo"),
            "compiled": lambda: lowered(name).compile().as_text(),
        }
        return price(read(stages[stage]()))


@pytest.mark.parametrize("stage", ["lowered", "compiled"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_figure_is_the_same_at_every_stage(name: str, stage: str) -> None:
    if not hides_options(name, stage):
        excused = any(excuses(each, name, stage) for each in REWRITTEN)
        assert excused or not differs(name, stage)


@pytest.mark.parametrize("rewritten", REWRITTEN, ids=lambda each: each.reason)
def test_what_is_listed_differs(rewritten: LoweredForm) -> None:
    for stage in rewritten.stages:
        covered = [name for name in PROGRAMS if excuses(rewritten, name, stage)]
        for primitive in {*rewritten.primitives} - OLDER:
            assert any(
                primitive in measured(name).primitives and differs(name, stage) for name in covered
            ), (primitive, stage)


def excuses(rewritten: LoweredForm, name: str, stage: str) -> bool:
    return (
        stage in rewritten.stages
        and not measured(name).primitives.isdisjoint(rewritten.primitives)
        and FORMS[rewritten.form](PROGRAMS[name])
    )


def differs(name: str, stage: str) -> bool:
    total = pricing(name, stage).total
    return measured(name).cost != (total.flops, total.transcendentals)


FORMS = {
    "": lambda made: True,
    "of complex numbers": lambda made: any(arg.dtype.kind == "c" for arg in made.args),
    "of vectors": lambda made: all(len(arg.shape) == 1 for arg in made.args),
}


@pytest.mark.parametrize("stage", ["lowered", "compiled"])
@pytest.mark.parametrize("name", [each.name for each in linalg_programs.PROGRAMS])
def test_a_library_call_costs_what_its_equation_costs(name: str, stage: str) -> None:
    made = PROGRAMS[name]
    with jax.enable_x64(made.wide):
        jaxpr = jax.make_jaxpr(made.function)(*made.args)
    found = [equation.eqn for _, equation in inline(jaxpr).walk()]
    costs = [eqn_price(eqn) for eqn in found if eqn.primitive.name in LINALG]
    ours = sum(each.flops for each in costs), sum(each.transcendentals for each in costs)
    assert hides_options(name, stage) or library_calls(pricing(name, stage)) == ours != (0, 0)


def library_calls(found: Pricing) -> tuple[int, int]:
    calls = [
        cost.times(found.executions[computation])
        for (computation, name), cost in found.own.items()
        if found.module.computations[computation].named[name].opcode == "custom-call"
    ]
    return sum(each.flops for each in calls), sum(each.transcendentals for each in calls)


def hides_options(name: str, stage: str) -> bool:
    """Whether library calls stand there without their options, as JAX 0.8 lowers them."""
    calls = [
        each
        for each in pricing(name, stage).module.instructions
        if each.target and each.target.startswith("lapack_")
    ]
    return any("backend_config" not in each.attributes for each in calls)


def test_a_triangular_solve_of_a_hundred_and_three_columns() -> None:
    name = "triangular_solve False True f32"
    stages = [pricing(name, stage).total.flops for stage in ("lowered", "compiled")]
    assert [measured(name).cost[0], *stages] == [3 * 100 * 100] * 3
