"""What a part of a program costs, so that the parts of a partition add up to the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pytest_jaxcost.cost.record import NOTHING
from pytest_jaxcost.cost.tally import Chosen, Price, Tally
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Region, Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionRuns:
    """How often a region runs in the program's tally, and whether that is known."""

    times: int = 0
    exact: bool = True


def counted_runs(
    program: Inlined, tallies: Mapping[int, Tally], counts: Chosen
) -> dict[int, RegionRuns]:
    """The runs of each region, by its ``id``; of a ``cond`` only the costliest branch runs.

    `counts` says which equations the tallies are of.
    """
    waiting = Counter(id(inner) for region in program.regions() for inner in region.inside)
    runs = {id(program.main): RegionRuns(times=1)}
    ready = [program.main]
    while ready:
        region = ready.pop()
        outer = runs[id(region)]
        for equation in region.equations:
            times = outer.times if counts(equation) else 0
            for inner, trips in _counted(equation, tallies):
                known = runs.get(id(inner), RegionRuns())
                runs[id(inner)] = RegionRuns(
                    times=known.times + times * trips,
                    exact=known.exact and outer.exact and inner.exact,
                )
                waiting[id(inner)] -= 1
                if not waiting[id(inner)]:
                    ready.append(inner)
    return runs


def part_tally(
    program: Inlined,
    runs: Mapping[int, RegionRuns],
    price: Price,
    members: Collection[int],
    counts: Chosen,
) -> Tally:
    """The tally of those `members`, by their ``id``, that count, in one run of the program."""
    cost = NOTHING
    executions: Counter[str] = Counter()
    opaque: set[str] = set()
    exact = True
    for region in program.regions():
        here = runs[id(region)]
        for equation in region.equations:
            if id(equation) not in members or not counts(equation):
                continue
            exact = exact and here.exact
            if not (isinstance(equation.control, Block) and equation.control.shared):
                executions[equation.primitive] += here.times
            if equation.control is None:
                priced = price(equation.eqn)
                if priced is None:
                    opaque.add(equation.primitive)
                else:
                    cost += priced.times(here.times)
    return Tally(
        cost=cost,
        executions=+executions,
        opaque=frozenset(opaque),
        exact=exact and not opaque,
    )


def _counted(equation: Equation, tallies: Mapping[int, Tally]) -> list[tuple[Region, int]]:
    """The regions in an equation and how often each runs for one run of the equation."""
    control = equation.control
    if control is None:
        return []
    if not isinstance(control, Switch):
        return [(inner, inner.trips) for inner in control.regions]
    costliest = max(control.regions, key=lambda region: tallies[id(region)].work)
    return [(inner, inner.trips if inner is costliest else 0) for inner in control.regions]
