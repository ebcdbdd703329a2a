"""What the rules say is what XLA counts in the lowered program."""

from __future__ import annotations

import jax
import pytest

from pytest_jaxcost.cost.body import price_body
from tests.cost import array_programs, elementwise_programs
from tests.cost.programs import Program

PROGRAMS = (*elementwise_programs.PROGRAMS, *array_programs.PROGRAMS)


@pytest.mark.parametrize("program", [pytest.param(p, id=p.name) for p in PROGRAMS])
def test_price_is_what_xla_counts(program: Program) -> None:
    ours, xla = counted(program)
    assert ours == xla


def counted(program: Program) -> tuple[tuple[int, int] | None, tuple[int, int]]:
    """Flops and transcendentals of a program by our rules and by XLA."""
    with jax.enable_x64(program.wide):
        traced = jax.jit(program.function).trace(*program.args)
        analysis = traced.lower().cost_analysis() or {}
        cost = price_body(traced.jaxpr)
    xla = (int(analysis.get("flops", 0)), int(analysis.get("transcendentals", 0)))
    return cost and (cost.flops, cost.transcendentals), xla
