"""What a whole program costs: the costs of its equations, added up through loops and branches.

A loop body counts as often as it runs, a ``cond`` as its costliest branch. Each region is added
up once, so totals stay exact where inlining every call would explode. What does not run, because
nobody reads its results, is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Region, Switch

Price = Callable[[Any], Cost | None]

Chosen = Callable[[Equation], bool]
"""Whether an equation counts."""


def every(_: Equation) -> bool:
    """All equations count, as if they ran one by one."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One run of a region: its cost, what ran, and what could not be priced."""

    cost: Cost = NOTHING
    executions: Counter[str]
    opaque: frozenset[str] = frozenset()
    exact: bool = True

    @property
    def work(self) -> tuple[int, int]:
        """What branches are compared by."""
        return self.cost.flops + self.cost.transcendentals, self.cost.bytes_accessed


def tallies(program: Inlined, price: Price, counts: Chosen = every) -> dict[int, Tally]:
    """The tally of one run of each region, of equations that count, by the region's ``id``."""
    done: dict[int, Tally] = {}
    stack = [program.main]
    while stack:
        region = stack[-1]
        if id(region) in done:
            stack.pop()
            continue
        missing = [inner for inner in region.inside if id(inner) not in done]
        if missing:
            stack.extend(missing)
        else:
            done[id(region)] = _add_up(region, price, done, counts)
    return done


def block_tally(block: Block, done: dict[int, Tally]) -> Tally:
    """The tally of one run of an equation with a body of its own."""
    return _together([(done[id(region)], region.trips, region.exact) for region in block.regions])


def _add_up(region: Region, price: Price, done: dict[int, Tally], counts: Chosen) -> Tally:
    flops = transcendentals = accessed = 0
    executions: Counter[str] = Counter()
    opaque: set[str] = set()
    exact = True
    for equation in region.equations:
        if not counts(equation):
            continue
        if equation.control is None:
            name = equation.eqn.primitive.name
            executions[name] += 1
            cost = price(equation.eqn)
            if cost is None:
                opaque.add(name)
                continue
        else:
            inner = _of_control(equation, done)
            cost, exact = inner.cost, exact and inner.exact
            executions.update(inner.executions)
            opaque |= inner.opaque
        flops += cost.flops
        transcendentals += cost.transcendentals
        accessed += cost.bytes_accessed
    return Tally(
        cost=Cost(flops=flops, transcendentals=transcendentals, bytes_accessed=accessed),
        executions=executions,
        opaque=frozenset(opaque),
        exact=exact and not opaque,
    )


def _of_control(equation: Equation, done: dict[int, Tally]) -> Tally:
    control = equation.control
    assert control is not None
    if isinstance(control, Switch):
        inner = _costliest([done[id(region)] for region in control.regions])
    else:
        inner = _together([(done[id(r)], r.trips, r.exact) for r in control.regions])
    if isinstance(control, Block) and control.shared:
        return inner
    inner.executions[equation.primitive] += 1
    return inner


def _together(parts: list[tuple[Tally, int, bool]]) -> Tally:
    executions: Counter[str] = Counter()
    for tally, trips, _ in parts:
        for name, count in tally.executions.items():
            executions[name] += count * trips
    return Tally(
        cost=sum((tally.cost.times(trips) for tally, trips, _ in parts), NOTHING),
        executions=executions,
        opaque=frozenset().union(*(tally.opaque for tally, _, _ in parts)),
        exact=all(tally.exact and exact for tally, _, exact in parts),
    )


def _costliest(branches: list[Tally]) -> Tally:
    most = max(branches, key=lambda tally: tally.work)
    return Tally(
        cost=most.cost,
        executions=Counter(most.executions),
        opaque=frozenset().union(*(tally.opaque for tally in branches)),
        exact=all(tally.exact for tally in branches),
    )
