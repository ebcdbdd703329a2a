"""What a traced program asks for, held against what its optimized program does."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.survival.asked import Asked, Group
from pytest_jaxcost.analyses.survival.evaluations import Evaluations, Work
from pytest_jaxcost.analyses.survival.nesting import Nesting, compiled_nesting
from pytest_jaxcost.analyses.survival.origins import Level, anywhere, line
from pytest_jaxcost.flow.repeats import Occurrence


class Comparison:
    """One traced program and one optimized program that was made of it."""

    def __init__(self, facts: Facts, pricing: hlo.Pricing) -> None:
        self.done = Evaluations(pricing)
        self.asked = Asked(facts, own_frames=not self.done.names_one_frame)

    def matching(self, group: Group, *, certain: bool = True) -> list[Work]:
        """The instructions at the group's places."""
        return [
            work
            for work in self.done.of(group.eqn)
            if (work.certain or not certain) and not work.keys(group.level).isdisjoint(group.keys)
        ]

    def loose(self, group: Group) -> list[Work]:
        """Work that may be the group's and names no line, or one where none was asked for."""
        lines = self.asked.index(group.primitive, line).by_place.keys()
        sizes = {self.asked.place(each, anywhere) for each in group.members}
        return [
            work
            for work in self.done.of(group.eqn)
            if not work.keys(anywhere).isdisjoint(sizes)
            and (not work.certain or work.keys(line).isdisjoint(lines))
        ]

    def is_complete(self, group: Group, lines: Level) -> bool:
        """Whether the traced program knows each instruction at the group's lines by its place."""
        at = frozenset(self.asked.place(each, lines) for each in group.members)
        known = self.asked.index(group.primitive, group.level).by_place.keys()
        return all(
            not work.keys(group.level).isdisjoint(known)
            for work in self.done.of(group.eqn)
            if work.certain and not work.keys(lines).isdisjoint(at)
        )

    def is_left(self, member: Occurrence, group: Group, found: Iterable[Work]) -> bool:
        """Whether two of the places that compute the member's value are left, if it has two.

        A compiler that finds two computations equal may give both the places of one.
        """
        places = self.asked.same_places(member, group.level)
        at: dict[Hashable, list[Work]] = {}
        for work in found:
            for key in work.keys(group.level) & places:
                at.setdefault(key, []).append(work)
        return len(at) > 1 or len(places) == 1 or self._stand_for_others(group, at)

    def _stand_for_others(self, group: Group, at: Mapping[Hashable, list[Work]]) -> bool:
        """Whether a place has more than was asked for there."""
        for key, works in at.items():
            there = [each for each in group.members if self.asked.place(each, group.level) == key]
            if self.evaluated(group, works) > self.evaluations(there):
                return True
        return False

    def is_exceeded(self, group: Group, found: list[Work]) -> bool:
        """Whether more is computed than the group needs."""
        return self.evaluated(group, found) > self.evaluations(self.asked.needed(group))

    def is_exceeded_widely(self, group: Group, found: list[Work]) -> bool:
        """Whether more is computed than needed, whatever places the compiler may have confused."""
        if not self.is_exceeded(group, found):
            return False
        wider = (self.asked.group(group.members, level) for level in (line, anywhere))
        return all(self.is_exceeded(each, self.matching(each)) for each in wider)

    def is_spread(self, group: Group, found: list[Work]) -> bool:
        """Whether it is computed in more regions, of those that asked for it, than are needed.

        Regions are alike if they run equally often.
        """
        counted = self.done.counted(group.eqn, found)
        if counted.instructions > 1:
            return False
        found_in = self._compiled.alike(counted.own, weighted=self.is_weighted)
        asked_in, needed_in = (
            self._traced.alike({id(each.region) for each in members}, weighted=self.is_weighted)
            for members in (group.members, self.asked.needed(group))
        )
        return any(min(count, asked_in[n]) > needed_in[n] for n, count in found_in.items())

    def is_shared(self, group: Group, found: Iterable[Work]) -> bool:
        """Whether another primitive's lowering makes instructions of the same name there."""
        shared = self._shared_lines.get(group.primitive, set())
        return any(work.origin.line in shared for work in found)

    def evaluations(self, members: Iterable[Occurrence]) -> int:
        """How often the traced program evaluates equations."""
        return self.asked.evaluations(members, weighted=self.is_weighted)

    def evaluated(self, group: Group, found: list[Work]) -> int:
        """How many evaluations instructions make; part of one is one, if there is no whole one."""
        counted = self.done.counted(group.eqn, found)
        total = self._compiled.total(counted.own, weighted=self.is_weighted)
        unit = counted.executions if self.is_weighted else counted.instructions
        return max((2 * total + unit) // (2 * unit), min(total, 1))

    @cached_property
    def is_weighted(self) -> bool:
        """Whether both sides say how often every loop runs."""
        return self._traced.exact and self._compiled.exact

    @property
    def _traced(self) -> Nesting:
        return self.asked.nesting

    @cached_property
    def _compiled(self) -> Nesting:
        return compiled_nesting(self.done.regions)

    @cached_property
    def _shared_lines(self) -> dict[str, set[Hashable]]:
        """The lines of primitives whose lowerings there are written with each other's names."""
        live = self.asked.live
        lines = {primitive: set(self.asked.index(primitive, line).by_place) for primitive in live}
        shared: dict[str, set[Hashable]] = {}
        for primitive, equations in live.items():
            for name in self.done.aliases(equations[0].equation.eqn) & lines.keys():
                both = lines[primitive] & lines[name]
                shared.setdefault(primitive, set()).update(both)
                shared.setdefault(name, set()).update(both)
        return shared
