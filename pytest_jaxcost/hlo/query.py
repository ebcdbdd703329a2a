"""Questions about a priced module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pytest_jaxcost.hlo.asynchronous import base_opcode
from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.costs import Pricing
from pytest_jaxcost.hlo.records import Computation, Instruction
from pytest_jaxcost.hlo.walk import executions


class Run(NamedTuple):
    """An instruction that does something, how often it runs, and the cost of one run.

    `opcode` is without `-start`; `cost` leaves out the computations that the instruction enters,
    which have runs of their own. `priced` is False where no rule knows the work.
    """

    computation: Computation
    instruction: Instruction
    opcode: str
    executions: int
    cost: Cost
    priced: bool


def runs(pricing: Pricing, trips: int = 1) -> Iterator[Run]:
    """Yield every instruction that the program enters, fusions entered and branches not taken too.

    A loop of unknown length runs `trips` times. What only waits for asynchronous work, or
    continues it, is left out.
    """
    for name, weight in _weights(pricing, trips).items():
        computation = pricing.module.computations[name]
        for each in computation.instructions:
            key = (name, each.name)
            if key not in pricing.continuing:
                opcode, priced = base_opcode(each.opcode), key not in pricing.unpriced
                yield Run(computation, each, opcode, weight, pricing.own[key], priced)


def _weights(pricing: Pricing, trips: int) -> Mapping[str, int]:
    if trips == 1 or not pricing.loops.has_unknown:
        return pricing.executions
    counted = pricing.loops.where_unknown(trips)
    return executions(pricing.module, pricing.order, counted, pricing.branches)
