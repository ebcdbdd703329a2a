"""Verdicts read from compiled texts alone: what opcodes do there, in a program and in a better one.

Nothing here looks at places, values or metadata. Loops of unknown length run twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jaxcost import hlo, measure
from pytest_jaxcost.hlo.walk import Loops, executions
from tests.analyses.survival.kinds import Case, Function

TARGETS = {"cpu": None, "tpu": "tpu:v5e:2x2", "cuda": "cuda:h100"}
PRODUCTS = frozenset({"convolution", "custom-call", "dot"})
LITTLE = 1.02
"""What a rewritten program may do more."""


def verdict(case: Case, platform: str) -> str:
    """What became of the work, by the text of the case's program on a platform."""
    judge = {"selected_branches": _selected, "widened_dots": _widened}.get(case.kind, _twins)
    return "survives" if judge(case, platform) else "removed"


def _twins(case: Case, platform: str) -> bool:
    """Whether the program does more than the better one."""
    better = work(case.better, (*case.avals, *case.extra()), case.opcodes, platform)
    return work(case.function, case.avals, case.opcodes, platform) > LITTLE * better


def _selected(case: Case, platform: str) -> bool:
    """Whether the work of both branches, or of the only one and the selection, is there."""
    there = {run.opcode for run in hlo.runs(_priced(case.function, case.avals, platform))}
    if there & PRODUCTS:
        there |= PRODUCTS
    return len(case.opcodes) > 1 and there.issuperset(case.opcodes)


def _widened(case: Case, platform: str) -> bool:
    """Whether some product has operands of 32 bits."""
    return any(bits >= 32 for bits in _operand_bits(_priced(case.function, case.avals, platform)))


def _priced(function: Function, args: tuple[object, ...], platform: str) -> hlo.Pricing:
    pricing = measure(function, args, target=TARGETS[platform]).compiled.pricing
    assert pricing is not None
    return pricing


def work(
    function: Function, args: tuple[object, ...], opcodes: tuple[str, ...], platform: str = "cpu"
) -> int:
    """Flops and transcendentals of the opcodes; a call whose work is not known counts one."""
    pricing = _priced(function, args, platform)
    known = pricing.loops.counts
    loops = Loops(counts={key: 2 if each is None else each for key, each in known.items()})
    times = executions(pricing.module, pricing.order, loops, pricing.branches)
    return sum(
        (run.cost.flops + run.cost.transcendentals or 1) * times[run.computation.name]
        for run in hlo.runs(pricing)
        if run.opcode in opcodes
    )


def _operand_bits(pricing: hlo.Pricing) -> Iterator[int]:
    for run in hlo.runs(pricing):
        if run.opcode in PRODUCTS:
            shapes = {each.name: each.shape for each in run.computation.instructions}
            operands = [shapes[name] for name in run.instruction.operands[:2]]
            if operands and all(len(each.dimensions) > 1 for each in operands):
                yield max(each.element_bits for each in operands)
