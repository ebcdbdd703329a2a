"""A part of a program: its totals, and what of the whole program's findings belongs to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.cost.parts import RegionRuns, counted_runs, part_tally
from pytest_jaxcost.cost.tally import Chosen, every
from pytest_jaxcost.ir.equation import Block, Equation, Region, Site
from pytest_jaxcost.report.records import Evidence, Finding, Findings, Totals

SHARED = (
    "a function that is too large to inline at each call belongs to the part that calls it first"
)


class Parts:
    """What parts of one program are told by: regions and how often they count."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    @cached_property
    def regions(self) -> Mapping[int, Region]:
        """The region of each equation, by the equation's ``id``."""
        return {id(equation): region for region, equation in self.facts.program.walk()}

    def totals(self, members: Collection[int]) -> Totals:
        """What runs of the equations whose ``id`` is among `members`, in numbers."""
        return self._totals(members, self.facts.runs, self.facts.is_live)

    def written(self, members: Collection[int]) -> Totals:
        """The same with equations that are dead."""
        facts = self.facts
        runs = counted_runs(facts.program, facts.written_tallies, every)
        return self._totals(members, runs, every)

    def _totals(
        self, members: Collection[int], runs: Mapping[int, RegionRuns], counts: Chosen
    ) -> Totals:
        facts = self.facts
        tally = part_tally(facts.program, runs, facts.price, members, counts)
        doubts = facts.doubts_about((*tally.executions, *tally.opaque))
        primitives = self._primitives(members)
        exact = facts.program.exact and tally.exact
        return Totals(
            eqns=primitives.total(),
            flops=tally.cost.flops,
            transcendentals=tally.cost.transcendentals,
            bytes_accessed=tally.cost.bytes_accessed,
            primitives=primitives,
            executions=tally.executions,
            calls=self._calls(members),
            exact=exact and not doubts,
            caveats=(*self._caveats(members, exact), *doubts),
        )

    def findings(self, whole: Findings, members: Collection[int]) -> Findings:
        """What of the whole program's findings is about equations among `members`."""
        return Findings(
            self._selected(whole, members),
            bookkeeping=lambda: self._selected(
                (each for each in whole.all if each.bookkeeping), members
            ),
            from_jax=lambda: self._selected(whole.from_jax.all, members),
            unjudged=whole.unjudged,
        )

    def _primitives(self, members: Collection[int]) -> Counter[str]:
        primitives: Counter[str] = Counter()
        for region, equation in self.facts.program.walk():
            control = equation.control
            is_call = isinstance(control, Block) and control.shared
            if id(equation) in members and not is_call:
                primitives[equation.primitive] += region.sites
        return primitives

    def _calls(self, members: Collection[int]) -> Counter[str]:
        """Call sites that equations among `members` were entered through."""
        calls: Counter[str] = Counter()
        seen: set[int] = set()
        for region, equation in self.facts.program.walk():
            if id(equation) not in members:
                continue
            if isinstance(equation.control, Block) and equation.control.shared:
                calls[equation.primitive] += region.sites
            for site in self._call_sites(equation):
                if id(site) not in seen:
                    seen.add(id(site))
                    calls[site.eqn.primitive.name] += region.sites
        return calls

    def _call_sites(self, equation: Equation) -> Iterator[Site]:
        """The calls that an equation was entered through in its region, innermost first."""
        site = equation.site
        while site is not None and id(site.eqn) not in self._holders:
            yield site
            site = site.parent

    @cached_property
    def _holders(self) -> frozenset[int]:
        """JAX's equations whose bodies are regions, by ``id``."""
        walk = self.facts.program.walk()
        return frozenset(id(equation.eqn) for _, equation in walk if equation.control is not None)

    def _caveats(self, members: Collection[int], exact: bool) -> tuple[str, ...]:
        shared = any(self.regions[each].sites != 1 for each in members)
        return (*(() if exact else self.facts.program.caveats), *((SHARED,) if shared else ()))

    def _selected(self, whole: Iterable[Finding], members: Collection[int]) -> list[Finding]:
        parts = (self._part(finding, members) for finding in whole)
        return [part for part in parts if part is not None]

    def _part(self, finding: Finding, members: Collection[int]) -> Finding | None:
        """The finding, of those of its equations that are among `members`."""
        pairs = list(zip(finding.members, finding.equations, strict=True))
        inside = [(member, each) for member, each in pairs if member in members]
        if not inside or len(inside) == len(pairs):
            return finding if inside else None
        equations = tuple(each for _, each in inside)
        part = finding.times(_part_of(equations, finding.equations))
        return replace(part, equations=equations, members=tuple(member for member, _ in inside))


def _part_of(some: Iterable[Evidence], every: Iterable[Evidence]) -> Fraction:
    """Which part of the operations some equations have; of their number if there are none."""
    for weight in (lambda each: each.operations, lambda each: each.count):
        whole = sum(map(weight, every))
        if whole:
            return Fraction(sum(map(weight, some)), whole)
    return Fraction(0)
