"""The custom calls in XLA's own totals, where each stands as -1.

Source: `HloCostAnalysis`. `HandleCustomCall` counts -1 flop, -1 byte and -1 second; a loop's body
counts once; of a conditional's branches each amount takes the largest.
"""

from __future__ import annotations

from typing import NamedTuple

from pytest_jaxcost.hlo.costs import Pricing
from pytest_jaxcost.hlo.records import Instruction
from pytest_jaxcost.hlo.walk import entered

UNKNOWN = -1


class Counted(NamedTuple):
    """An amount as XLA counts it, and how many custom calls are in it."""

    amount: int = 0
    calls: int = 0

    def plus(self, other: Counted) -> Counted:
        return Counted(self.amount + other.amount, self.calls + other.calls)


def counted_custom_calls(pricing: Pricing, field: str) -> int:
    """Return how many custom calls XLA's total of flops or bytes_accessed counts as -1."""
    totals: dict[str, Counted] = {}
    for name in pricing.order:
        total = Counted()
        for each in pricing.module.computations[name].instructions:
            if (name, each.name) not in pricing.continuing:
                total = total.plus(_own(pricing, name, each, field))
                total = total.plus(_inside(each, totals))
        totals[name] = total
    return totals[pricing.module.entry].calls


def _own(pricing: Pricing, name: str, each: Instruction, field: str) -> Counted:
    if each.opcode == "custom-call":
        return Counted(UNKNOWN, 1)
    return Counted(getattr(pricing.own[name, each.name], field))


def _inside(each: Instruction, totals: dict[str, Counted]) -> Counted:
    inner = [totals[name] for name in entered(each)]
    if each.opcode == "conditional":
        return max(inner)
    total = Counted()
    for one in inner:
        total = total.plus(one)
    return total
