"""Survival: whether a repetition is still there in the optimized program.

The work of the equations that compute one value is looked for among the instructions that were
lowered from the same primitive at the same places, under the same scopes and transforms. If they
run as often as it takes to compute each value once, the compiler removed the repetition; if they
run more often, it survives. Whatever the compiler itself repeats when it fuses counts once.

Equations that share a place with one of the finding's are counted along with it, because nothing
tells their instructions apart: a `Group` is closed under sharing places and under repeating values.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from pytest_jaxcost.analyses.attribution import (
    LEVELS,
    SIZED_LEVELS,
    Level,
    Origin,
    anywhere,
    line,
    origin_of,
)
from pytest_jaxcost.analyses.evaluations import Evaluations, Work
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.nesting import Nesting, compiled_nesting, traced_nesting
from pytest_jaxcost.compiled import NO_TEXT, Compiled
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir.equation import Block
from pytest_jaxcost.report.records import Finding, Survival

JUDGED = frozenset({"duplicates", "repeated_draws", "repeated_callbacks"})
"""The kinds of findings that have verdicts: values that are computed again."""

IN_KERNEL = "it stands in a kernel, which the optimized program does not show"
UNNAMED = "instructions of its kind and size do not say where they come from"
PARTLY = "{found} such computations are left at its places; {asked} were asked for, {needed} needed"

SHARED = "another primitive is lowered to instructions of the same name there"
REWRITTEN = "more of it is left at its place than needed, as a rewritten computation would be, too"

LIBRARY = "custom-call"
KERNEL = "pallas_call"

Index = dict[Hashable, list[Occurrence]]


class Verdict(NamedTuple):
    """What became of a repetition, and why where that is unknown."""

    survival: Survival
    reason: str = ""


class Group(NamedTuple):
    """Equations of one primitive, and the instructions that are counted for all of them."""

    level: Level
    keys: frozenset[Hashable]
    members: tuple[Occurrence, ...]

    @property
    def eqn(self) -> Any:
        """One of the equations."""
        return self.members[0].equation.eqn


class Survivors:
    """Verdicts on the findings of one program, compiled for one target."""

    def __init__(self, facts: Facts, compiled: Compiled) -> None:
        self.facts, self.compiled = facts, compiled
        self._origins: dict[int, Origin] = {}
        self._indices: dict[tuple[str, Level], tuple[Index, Index]] = {}

    def judged(self, finding: Finding) -> Finding:
        """The finding with its verdict."""
        verdict = self.verdict(finding)
        return replace(finding, survival=verdict.survival, survival_reason=verdict.reason)

    def verdict(self, finding: Finding) -> Verdict:
        """What became of the repetitions of one finding."""
        if self.compiled.pricing is None:
            return Verdict("unknown", NO_TEXT)
        members = [self._by_id[each] for each in finding.equations]
        if any(id(each.region) in self._kernels for each in members):
            return Verdict("unknown", IN_KERNEL)
        return self._at_places(members, SIZED_LEVELS)

    def _at_places(self, members: list[Occurrence], levels: Sequence[Level]) -> Verdict:
        """The verdict at the finest level that has a place for each instruction."""
        found: list[Work] = []
        for level in levels:
            group = self._group(members, level)
            found = self._matching(group)
            is_left = self._is_left(members[0], group, found)
            if (is_left or self._evaluations.names_one_frame) and self._is_spread(group, found):
                return self._surviving(group, found)
            if is_left and self._is_exceeded_widely(group, found):
                return self._by_number(members[0], group, found)
            if self._is_complete(group, levels):
                break
        if not found and levels is SIZED_LEVELS:
            return self._at_places(members, LEVELS)
        return self._not_left(group)

    def _not_left(self, group: Group) -> Verdict:
        """The verdict where the places have no more than what is needed."""
        if not self._loose(group):
            return Verdict("removed")
        everything = self._group(group.members, anywhere)
        if not self._is_exceeded(everything, self._matching(everything, certain=False)):
            return Verdict("removed")
        found = self._matching(everything)
        if self._is_spread(everything, found):
            return self._surviving(everything, found)
        return Verdict("unknown", UNNAMED)

    def _is_left(self, member: Occurrence, group: Group, found: list[Work]) -> bool:
        """Whether two of the places that compute the member's value are left, if it has two."""
        by_value = self._index(group.eqn.primitive.name, group.level)[1]
        places = {self._key(each, group.level) for each in by_value[self._value(member)]}
        left = {key for work in found for key in work.keys(group.level) if key in places}
        return len(left) > 1 or len(places) == 1

    def _is_exceeded_widely(self, group: Group, found: list[Work]) -> bool:
        """Whether more is computed than needed, whatever places the compiler may have confused."""
        if not self._is_exceeded(group, found):
            return False
        wider = (self._group(group.members, level) for level in (line, anywhere))
        return all(self._is_exceeded(each, self._matching(each)) for each in wider)

    def _by_number(self, member: Occurrence, group: Group, found: list[Work]) -> Verdict:
        """The verdict where only the number of instructions says that something survives.

        Compilers merge what is equal in one region. What they rewrote, or another primitive's
        lowering, may look like it where no place tells two computations apart.
        """
        shared = self._shared_lines.get(group.eqn.primitive.name, set())
        if any(work.origin.line in shared for work in found):
            return Verdict("unknown", SHARED)
        is_library = any(work.evaluation.opcode == LIBRARY for work in found)
        if len({work.region for work in found}) == 1 and not is_library:
            by_value = self._index(group.eqn.primitive.name, group.level)[1]
            if len({self._key(each, group.level) for each in by_value[self._value(member)]}) == 1:
                return Verdict("unknown", REWRITTEN)
        return self._surviving(group, found)

    def _surviving(self, group: Group, found: list[Work]) -> Verdict:
        """Some repetition of the group survives: this one, if all do or there is no other."""
        repeated = {self._value(each) for each in group.members if id(each.equation) in self._again}
        count, asked = self._evaluated(group, found), self._asked(group.members)
        if len(repeated) == 1 or count >= asked:
            return Verdict("survives")
        needed = self._asked(self._needed(group))
        return Verdict("unknown", PARTLY.format(found=count, asked=asked, needed=needed))

    def _is_exceeded(self, group: Group, found: list[Work]) -> bool:
        """Whether more is computed than the group needs."""
        return self._evaluated(group, found) > self._asked(self._needed(group))

    def _is_spread(self, group: Group, found: list[Work]) -> bool:
        """Whether it is computed in more regions, of those that asked for it, than are needed.

        Regions are alike if they run equally often.
        """
        counted = self._evaluations.counted(group.eqn, found)
        if counted.instructions > 1:
            return False
        found_in = self._compiled.alike(counted.own, weighted=self._is_weighted)
        asked_in, needed_in = (
            self._traced.alike({id(each.region) for each in members}, weighted=self._is_weighted)
            for members in (group.members, self._needed(group))
        )
        return any(min(count, asked_in[n]) > needed_in[n] for n, count in found_in.items())

    def _needed(self, group: Group) -> list[Occurrence]:
        """The equations that compute each value once."""
        return [each for each in group.members if id(each.equation) not in self._again]

    # the traced side

    @cached_property
    def _by_id(self) -> dict[int, Occurrence]:
        return {id(each.equation): each for each in occurrences(self.facts.program)}

    @cached_property
    def _live(self) -> dict[str, list[Occurrence]]:
        """The live equations by primitive."""
        found: dict[str, list[Occurrence]] = {}
        for each in self._by_id.values():
            if each.equation.outputs and is_live(each.equation, self.facts.live):
                found.setdefault(each.equation.primitive, []).append(each)
        return found

    @cached_property
    def _again(self) -> frozenset[int]:
        """The equations that repeat a value, by ``id``."""
        return frozenset(id(o.equation) for each in self.facts.repetitions for o in each.again)

    @cached_property
    def _kernels(self) -> frozenset[int]:
        """The regions inside kernels, by ``id``."""
        stack = [
            region
            for _, equation in self.facts.program.walk()
            if equation.primitive == KERNEL and isinstance(equation.control, Block)
            for region in equation.control.regions
        ]
        found: set[int] = set()
        while stack:
            region = stack.pop()
            found.add(id(region))
            controls = (each.control for each in region.equations)
            stack.extend(r for control in controls if control is not None for r in control.regions)
        return frozenset(found)

    @cached_property
    def _traced(self) -> Nesting:
        return traced_nesting(self.facts.program)

    def _asked(self, members: Iterable[Occurrence]) -> int:
        """How often the traced program evaluates these equations."""
        own: dict[Hashable, int] = {}
        for each in members:
            own[id(each.region)] = own.get(id(each.region), 0) + 1
        return self._traced.total(own, weighted=self._is_weighted)

    def _group(self, members: Iterable[Occurrence], level: Level) -> Group:
        """The smallest group around equations of one primitive, at a level of places."""
        pending = list(members)
        primitive = pending[0].equation.primitive
        by_key, by_value = self._index(primitive, level)
        found: dict[int, Occurrence] = {}
        keys: set[Hashable] = set()
        while pending:
            each = pending.pop()
            if id(each.equation) not in found:
                found[id(each.equation)] = each
                keys.add(key := self._key(each, level))
                pending += by_key[key] + by_value[self._value(each)]
        return Group(level, frozenset(keys), tuple(found.values()))

    def _index(self, primitive: str, level: Level) -> tuple[Index, Index]:
        """The live equations of a primitive by their places and by their values."""
        known = self._indices.get((primitive, level))
        if known is None:
            known = self._indices[primitive, level] = ({}, {})
            for each in self._live[primitive]:
                known[0].setdefault(self._key(each, level), []).append(each)
                known[1].setdefault(self._value(each), []).append(each)
        return known

    def _key(self, occurrence: Occurrence, level: Level) -> Hashable:
        equation = occurrence.equation
        origin = self._origins.get(id(equation))
        if origin is None:
            own_frames = not self._evaluations.names_one_frame
            origin = self._origins[id(equation)] = origin_of(equation, own_frames=own_frames)
        return level(origin, getattr(equation.eqn.outvars[0].aval, "size", 0))

    def _value(self, occurrence: Occurrence) -> int:
        return self.facts.numbers[occurrence.equation.outputs[0]]

    # the compiled side

    @cached_property
    def _evaluations(self) -> Evaluations:
        assert self.compiled.pricing is not None
        return Evaluations(self.compiled.pricing)

    @cached_property
    def _compiled(self) -> Nesting:
        return compiled_nesting(self._evaluations.regions)

    @cached_property
    def _is_weighted(self) -> bool:
        """Whether both sides say how often every loop runs."""
        return self._traced.exact and self._compiled.exact

    def _evaluated(self, group: Group, found: list[Work]) -> int:
        """How many evaluations instructions make; part of one is one, if there is no whole one."""
        counted = self._evaluations.counted(group.eqn, found)
        total = self._compiled.total(counted.own, weighted=self._is_weighted)
        unit = counted.executions if self._is_weighted else counted.instructions
        return max((2 * total + unit) // (2 * unit), min(total, 1))

    def _matching(self, group: Group, *, certain: bool = True) -> list[Work]:
        """The instructions at the group's places."""
        return [
            work
            for work in self._evaluations.of(group.eqn)
            if (work.certain or not certain) and not work.keys(group.level).isdisjoint(group.keys)
        ]

    @cached_property
    def _shared_lines(self) -> dict[str, set[Hashable]]:
        """The lines of primitives whose lowerings there are written with each other's names."""
        lines: dict[str, set[Hashable]] = {
            primitive: set(self._index(primitive, line)[0]) for primitive in self._live
        }
        shared: dict[str, set[Hashable]] = {}
        for primitive, live in self._live.items():
            for name in self._evaluations.aliases(live[0].equation.eqn) & lines.keys():
                both = lines[primitive] & lines[name]
                shared.setdefault(primitive, set()).update(both)
                shared.setdefault(name, set()).update(both)
        return shared

    def _is_complete(self, group: Group, levels: Sequence[Level]) -> bool:
        """Whether the traced program knows each instruction at the group's lines by its key."""
        lines = frozenset(self._key(each, levels[-1]) for each in group.members)
        known = self._index(group.eqn.primitive.name, group.level)[0].keys()
        return all(
            not work.keys(group.level).isdisjoint(known)
            for work in self._evaluations.of(group.eqn)
            if work.certain and not work.keys(levels[-1]).isdisjoint(lines)
        )

    def _loose(self, group: Group) -> list[Work]:
        """Work that may be the group's and names no line, or one where none was asked for."""
        lines = self._index(group.eqn.primitive.name, line)[0].keys()
        sizes = {self._key(each, anywhere) for each in group.members}
        return [
            work
            for work in self._evaluations.of(group.eqn)
            if not work.keys(anywhere).isdisjoint(sizes)
            and (not work.certain or work.keys(line).isdisjoint(lines))
        ]
