"""Verdicts read from compiled texts alone: what opcodes do there, in a program and in a better one.

Nothing here looks at places, values or metadata. Loops of unknown length run twice.
"""

from __future__ import annotations

from pytest_jaxcost import hlo, measure
from pytest_jaxcost.hlo.walk import Loops, executions
from tests.analyses.survival.kinds import Case, Function

TARGETS = {"cpu": None, "tpu": "tpu:v5e:2x2", "cuda": "cuda:h100"}
LITTLE = 1.02
"""What a rewritten program may do more."""


def verdict(case: Case, platform: str) -> str:
    """What became of the work: whether the program does more than the better one."""
    better = work(case.better, (*case.avals, *case.extra()), case.opcodes, platform)
    more = work(case.function, case.avals, case.opcodes, platform) > LITTLE * better
    return "survives" if more else "removed"


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
