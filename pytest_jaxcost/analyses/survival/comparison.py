"""What a traced program asks for, held against what its optimized program does."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.survival.asked import Asked, Group
from pytest_jaxcost.analyses.survival.evaluations import Evaluations, Work
from pytest_jaxcost.analyses.survival.lowered import opcodes_of
from pytest_jaxcost.analyses.survival.nesting import compiled_nesting
from pytest_jaxcost.analyses.survival.origins import Level, Origins, anywhere, line
from pytest_jaxcost.analyses.survival.paths import Path, compiled_paths, traced_paths
from pytest_jaxcost.analyses.survival.tallies import Tally, asked_for, found_for
from pytest_jaxcost.flow.repeats import Occurrence


class Comparison:
    """One traced program and one optimized program that was made of it."""

    def __init__(self, facts: Facts, pricing: hlo.Pricing) -> None:
        origins = Origins()
        self.done = Evaluations(pricing, origins)
        self.asked = Asked(facts, origins, own_frames=not self.done.names_one_frame)
        self._tallies: dict[tuple[int, bool], tuple[Group, Tally]] = {}
        self._loose_by_size: dict[str, dict[Hashable, list[Work]]] = {}
        self._unknown_lines: dict[tuple[str, Level, Level], frozenset[Hashable]] = {}

    def matching(self, group: Group, *, certain: bool = True) -> list[Work]:
        """The instructions at the group's places."""
        at = self.done.at(group.eqn, group.level)
        found = {id(work): work for key in group.keys for work in at.get(key, ())}
        return [work for work in found.values() if work.certain or not certain]

    def loose(self, group: Group) -> list[Work]:
        """Work that may be the group's and names no line, or one where none was asked for."""
        by_size = self._loose(group)
        if not by_size:
            return []
        sizes = group.keys if group.level is anywhere else self._sizes(group)
        return [work for size in sizes for work in by_size.get(size, ())]

    def is_anything_nameless(self, eqn: Any) -> bool:
        """Whether instructions that may do the work of a primitive name nothing."""
        return any(not work.certain for work in self.done.of(eqn))

    def paths_of_other_sizes(self, group: Group) -> frozenset[Path]:
        """Where work of the primitive has a size that none of its equations has."""
        asked = self.asked.index(group.primitive, anywhere).by_place.keys()
        return frozenset(
            self._compiled_paths[work.region]
            for work in self.done.of(group.eqn)
            if work.keys(anywhere).isdisjoint(asked)
        )

    def _sizes(self, group: Group) -> frozenset[Hashable]:
        return frozenset(self.asked.place(each, anywhere) for each in group.members)

    def is_complete(self, group: Group, lines: Level) -> bool:
        """Whether the traced program knows each instruction at the group's lines by its place."""
        unknown = self._unknown(group, lines)
        return not unknown or unknown.isdisjoint(
            self.asked.place(each, lines) for each in group.members
        )

    def tally(self, group: Group) -> Tally:
        """What is asked for, needed and done at the group's places, path by path."""
        return self._tallied(group, certain=True)

    def tally_of_all(self, group: Group) -> Tally:
        """The same with the instructions that do not name the primitive, or others too."""
        return self._tallied(group, certain=False)

    def is_crowded(self, group: Group, place: Hashable, path: Path) -> bool:
        """Whether one of a group's places has more on a path than was asked for there."""
        there = self.asked.index(group.primitive, group.level).by_place[place]
        alone = Group(group.level, frozenset([place]), tuple(there))
        works = tuple(self.matching(alone))
        here = self._tally(alone, works).on(path)
        return here.found.number > here.asked.number

    def path(self, occurrence: Occurrence) -> Path:
        """How control gets to an equation."""
        return self._traced_paths[id(occurrence.region)]

    def is_only_one(self, primitive: str) -> bool:
        """Whether no other primitive of the program makes instructions of the same opcodes."""
        own = opcodes_of(primitive)
        return bool(own) and all(
            own.isdisjoint(opcodes_of(other)) for other in self.asked.live if other != primitive
        )

    def is_shared(self, group: Group, found: Iterable[Work]) -> bool:
        """Whether another primitive's lowering makes instructions of the same name there."""
        shared = self._shared_lines.get(group.primitive, set())
        return any(work.origin.line in shared for work in found)

    @cached_property
    def is_weighted(self) -> bool:
        """Whether both sides say how often every loop runs."""
        return self.asked.nesting.exact and compiled_nesting(self.done.regions).exact

    def _tallied(self, group: Group, *, certain: bool) -> Tally:
        known = self._tallies.get((id(group), certain))
        if known is None:
            works = tuple(self.matching(group, certain=certain))
            known = self._tallies[id(group), certain] = (group, self._tally(group, works))
        return known[1]

    def _tally(self, group: Group, works: tuple[Work, ...]) -> Tally:
        asked = asked_for(group.members, self._traced_paths)
        at = self.done.at(group.eqn, group.level)
        chosen = {id(work) for work in works}
        placed = (
            (work, key) for key in group.keys for work in at.get(key, ()) if id(work) in chosen
        )
        counted = self.done.counted(group.eqn, works)
        again = filter(self.asked.is_again, group.members)
        return Tally(
            asked=asked,
            needed=asked_for(self.asked.needed(group), self._traced_paths),
            found=found_for(asked, placed, counted, self._compiled_paths),
            again=len(set(map(self.asked.value, again))),
            works=works,
        )

    def _loose(self, group: Group) -> Mapping[Hashable, list[Work]]:
        """Work that names no line, or one where none was asked for, by size."""
        primitive = group.primitive
        if primitive not in self._loose_by_size:
            lines = self.asked.index(primitive, line).by_place.keys()
            found = self._loose_by_size[primitive] = dict[Hashable, list[Work]]()
            for work in self.done.of(group.eqn):
                if not work.certain or work.origin.line not in lines:
                    for size in work.keys(anywhere):
                        found.setdefault(size, []).append(work)
        return self._loose_by_size[primitive]

    def _unknown(self, group: Group, lines: Level) -> frozenset[Hashable]:
        """The lines with an instruction whose place, at a level, was not asked for."""
        primitive, level = group.primitive, group.level
        key = (primitive, level, lines)
        if key not in self._unknown_lines:
            known = self.asked.index(primitive, level).by_place.keys()
            places = self.done.at(group.eqn, level)
            self._unknown_lines[key] = frozenset(
                at
                for place in places.keys() - known
                for work in places[place]
                if work.certain and work.keys(level).isdisjoint(known)
                for at in work.keys(lines)
            )
        return self._unknown_lines[key]

    @cached_property
    def _traced_paths(self) -> Mapping[int, Path]:
        return traced_paths(self.asked.facts.program)

    @cached_property
    def _compiled_paths(self) -> Mapping[str, Path]:
        return compiled_paths(self.done.regions)

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
