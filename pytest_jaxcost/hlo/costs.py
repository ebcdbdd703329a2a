"""What a module costs: the rules applied to every instruction, loops and branches multiplied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_jaxcost.hlo.asynchronous import base_opcode, continues, spread_collectives
from pytest_jaxcost.hlo.cost import FREE, Cost
from pytest_jaxcost.hlo.fusions import fusion_bytes
from pytest_jaxcost.hlo.records import Computation, Instruction, Module
from pytest_jaxcost.hlo.registry import RULES, TRAFFIC
from pytest_jaxcost.hlo.rules import touched
from pytest_jaxcost.hlo.site import Site
from pytest_jaxcost.hlo.walk import Branches, Loops, bottom_up, entered, executions, loops

Key = tuple[str, str]
"""An instruction, by its computation's name and its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """A module with everything that multiplies and prices it.

    `own` is the cost of one run of an instruction without what it enters; `unpriced` holds the
    instructions whose work no rule knows, `continuing` those that finish what others started.
    """

    module: Module
    order: tuple[str, ...]
    loops: Loops
    branches: Branches
    executions: Mapping[str, int]
    own: Mapping[Key, Cost]
    totals: Mapping[str, Cost]
    unpriced: frozenset[Key]
    continuing: frozenset[Key]

    @property
    def total(self) -> Cost:
        """The cost of one run of the program."""
        return self.totals[self.module.entry]


@dataclass(slots=True)
class _Prices:
    """The prices found so far, callees before callers."""

    module: Module
    loops: Loops
    fused: frozenset[str]
    spread: Mapping[str, frozenset[str]]
    branches: dict[Key, str] = field(default_factory=dict)
    own: dict[Key, Cost] = field(default_factory=dict)
    totals: dict[str, Cost] = field(default_factory=dict)
    unpriced: set[Key] = field(default_factory=set)
    continuing: set[Key] = field(default_factory=set)


def price(module: Module) -> Pricing:
    """Return the cost of every instruction and computation that the entry reaches."""
    order, counted = bottom_up(module), loops(module)
    prices = _Prices(module, counted, _fused(module), spread_collectives(module))
    for name in order:
        _price_computation(prices, module.computations[name])
    return Pricing(
        module=module,
        order=order,
        loops=counted,
        branches=prices.branches,
        executions=executions(module, order, counted, prices.branches),
        own=prices.own,
        totals=prices.totals,
        unpriced=frozenset(prices.unpriced),
        continuing=frozenset(prices.continuing),
    )


def _fused(module: Module) -> frozenset[str]:
    """Return the computations inside fusions, where values touch no memory."""
    return frozenset(
        name
        for computation in module.computations.values()
        for each in computation.instructions
        if each.called and base_opcode(each.opcode) == "fusion"
        for name in entered(each)
    )


def _price_computation(prices: _Prices, computation: Computation) -> None:
    total = FREE
    name, spread = computation.name, prices.spread.get(computation.name, ())
    for each in computation.instructions:
        key = (name, each.name)
        if each.name in spread or continues(each):
            prices.continuing.add(key)
            continue
        own = _own(prices, computation, each)
        prices.own[key] = own
        if own is not FREE:
            total = total.plus(own)
        if each.called:
            total = total.plus(_inside(prices, computation, each))
    prices.totals[computation.name] = total


def _own(prices: _Prices, computation: Computation, each: Instruction) -> Cost:
    site = Site(computation, each, prices.totals)
    opcode = base_opcode(each.opcode)
    rule = RULES.get(opcode)
    work = None if rule is None else rule(site)
    if work is None:
        prices.unpriced.add((computation.name, each.name))
        work = FREE
    if computation.name in prices.fused:
        traffic = 0
    elif opcode == "fusion":
        traffic = fusion_bytes(prices.module, computation, each)
    else:
        traffic = TRAFFIC.get(opcode, touched)(site)
    return work._replace(bytes_accessed=traffic) if traffic or work is not FREE else FREE


def _inside(prices: _Prices, computation: Computation, each: Instruction) -> Cost:
    """Return the cost of the computations that an instruction enters."""
    names = entered(each)
    if each.opcode == "conditional":
        taken = max(names, key=lambda name: prices.totals[name].rank)
        prices.branches[computation.name, each.name] = taken
        return prices.totals[taken]
    cost = FREE
    for name in names:
        times = prices.loops.times(computation, each, name)
        cost = cost.plus(prices.totals[name].times(times))
    return cost
