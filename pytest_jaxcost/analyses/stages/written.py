"""The lowered program, primitive by primitive, with every call written out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.stages.amounts import NONE, Amounts
from pytest_jaxcost.analyses.stages.names import is_work, primitive_of
from pytest_jaxcost.hlo.counters import counting
from pytest_jaxcost.hlo.sites import sites


@dataclass(slots=True, kw_only=True)
class Done:
    """The instructions that were lowered from one primitive and compute something."""

    work: Amounts = NONE
    counting: Amounts = NONE
    """Those among them that count loops."""
    opcodes: Counter[str] = field(default_factory=Counter)
    is_known: bool = True
    """Whether it is known what all of them cost."""


@dataclass(slots=True, kw_only=True)
class Written:
    """A lowered program, divided by primitive."""

    done: dict[str, Done] = field(default_factory=dict)
    moves: Amounts = NONE
    """What costs neither flops nor transcendentals."""
    moving: Counter[str] = field(default_factory=Counter)
    """The opcodes of those."""
    shared: int = 0
    """How many instructions are not there because functions are written once for several calls."""
    functions: int = 0
    calls: int = 0


def written(pricing: hlo.Pricing, primitives: Container[str]) -> Written:
    """The instructions by the primitive that they name, one of `primitives` where they can be."""
    found, copies, counters = Written(), sites(pricing), counting(pricing)
    for run in hlo.runs(pricing):
        name = run.computation.name
        cost = run.cost.times(run.executions)
        amounts = Amounts(copies[name], cost.flops, cost.transcendentals, cost.bytes_accessed)
        opcode = run.instruction.target or run.opcode
        found.shared += copies[name] - 1
        if not is_work(run.cost, priced=run.priced):
            found.moves = found.moves.plus(amounts)
            found.moving[opcode] += copies[name]
            continue
        done = found.done.setdefault(primitive_of(run.instruction, primitives), Done())
        done.work = done.work.plus(amounts)
        done.opcodes[opcode] += copies[name]
        done.is_known &= run.priced
        if (name, run.instruction.name) in counters:
            done.counting = done.counting.plus(amounts)
    several = [copies[name] for name in pricing.executions if copies[name] > 1]
    found.functions, found.calls = len(several), sum(several)
    return found
