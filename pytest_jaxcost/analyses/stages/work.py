"""The work of an HLO program, instruction by instruction, calls and fusions entered.

Instructions of one kind do the same work in each run, so that two programs can be held against each
other kind by kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.stages.amounts import Amounts
from pytest_jaxcost.analyses.stages.names import primitives
from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.regions import regions


class Kind(NamedTuple):
    """An opcode or library function, and what one run costs."""

    opcode: str
    flops: int
    transcendentals: int


class Doing(NamedTuple):
    """An instruction that does work: how often it runs, and the bytes of one run.

    It is `repeated` where an instruction before it in its region computes the same value, and
    `constant` where no argument reaches it.
    """

    kind: Kind
    name: str
    executions: int
    nbytes: int
    fused: bool
    repeated: bool
    constant: bool

    @property
    def amounts(self) -> Amounts:
        """The instruction, and what all its runs cost."""
        _, flops, transcendentals = self.kind
        costs = (flops, transcendentals, self.nbytes)
        return Amounts(1, *(cost * self.executions for cost in costs))


def work(pricing: hlo.Pricing) -> Iterator[Doing]:
    """Yield every instruction that does work, once for each place that its function is called."""
    costs, constant, names = _costs(pricing), _constant(pricing), primitives(pricing)
    for name, region in regions(pricing).items():
        seen: set[int] = set()
        for each in region.evaluations:
            cost = costs[id(each.instruction)]
            opcode = each.instruction.target or each.opcode
            yield Doing(
                kind=Kind(opcode, cost.flops, cost.transcendentals),
                name=names[id(each.instruction)],
                executions=pricing.executions.get(name, 0),
                nbytes=cost.bytes_accessed,
                fused=each.fused,
                repeated=each.value in seen,
                constant=id(each.instruction) in constant,
            )
            seen.add(each.value)


def _costs(pricing: hlo.Pricing) -> dict[int, Cost]:
    """The cost of one run of each instruction, by ``id``."""
    return {id(run.instruction): run.cost for run in hlo.runs(pricing)}


def _constant(pricing: hlo.Pricing) -> frozenset[int]:
    """The instructions computed from nothing but constants of their computation, by ``id``."""
    found: set[int] = set()
    for name in pricing.executions:
        made: set[str] = set()
        for each in pricing.module.computations[name].instructions:
            if each.opcode in ("constant", "iota") or (each.operands and made >= {*each.operands}):
                made.add(each.name)
                found.add(id(each))
    return frozenset(found)
