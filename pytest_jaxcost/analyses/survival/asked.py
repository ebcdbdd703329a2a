"""What a traced program asks for: its equations by primitive, by place and by value.

Equations that share a place are counted together, because nothing tells their instructions apart: a
`Group` is closed under sharing places and under repeating values.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any, NamedTuple

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.survival.nesting import Nesting, traced_nesting
from pytest_jaxcost.analyses.survival.origins import Level, Origin, Origins
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir.equation import Block
from pytest_jaxcost.report.records import Finding

KERNEL = "pallas_call"


class Group(NamedTuple):
    """Equations of one primitive, and the places where instructions are counted for all of them."""

    level: Level
    keys: frozenset[Hashable]
    members: tuple[Occurrence, ...]

    @property
    def eqn(self) -> Any:
        """One of the equations."""
        return self.members[0].equation.eqn

    @property
    def primitive(self) -> str:
        """The name of their primitive."""
        return self.members[0].equation.primitive


class Index(NamedTuple):
    """The live equations of one primitive by place and by value."""

    by_place: dict[Hashable, list[Occurrence]]
    by_value: dict[int, list[Occurrence]]


class Asked:
    """The live equations of a program; `own_frames` as in `Origins.of_equation`."""

    def __init__(self, facts: Facts, origins: Origins, *, own_frames: bool) -> None:
        self.facts, self.origins, self.own_frames = facts, origins, own_frames
        self._origins: dict[int, tuple[Origin, int]] = {}
        self._indices: dict[tuple[str, Level], Index] = {}
        self._groups: dict[tuple[str, Level], dict[int, Group]] = {}

    def equations_of(self, finding: Finding) -> list[Occurrence]:
        """The equations of a finding."""
        return [self._by_id[each] for each in finding.equations]

    def is_in_kernel(self, occurrence: Occurrence) -> bool:
        """Whether an equation is in a kernel, which is compiled apart."""
        return id(occurrence.region) in self._kernels

    def group(self, members: Iterable[Occurrence], level: Level) -> Group:
        """The smallest group around equations of one primitive, at a level of places."""
        found = {id(group): group for group in map(partial(self._group, level), members)}
        first, *rest = found.values()
        if not rest:
            return first
        keys = first.keys.union(*(each.keys for each in rest))
        return Group(level, keys, tuple(m for group in found.values() for m in group.members))

    def _group(self, level: Level, member: Occurrence) -> Group:
        """The group of one equation; each is found once, for all its members."""
        known = self._groups.setdefault((member.equation.primitive, level), {})
        if id(member.equation) not in known:
            group = self._around(member, level)
            known.update((id(each.equation), group) for each in group.members)
        return known[id(member.equation)]

    def _around(self, member: Occurrence, level: Level) -> Group:
        pending = [member]
        index = self.index(member.equation.primitive, level)
        found: dict[int, Occurrence] = {}
        keys: set[Hashable] = set()
        values: set[int] = set()
        while pending:
            each = pending.pop()
            found[id(each.equation)] = each
            key, value = self.place(each, level), self.value(each)
            if key not in keys:
                keys.add(key)
                pending += index.by_place[key]
            if value not in values:
                values.add(value)
                pending += index.by_value[value]
        return Group(level, frozenset(keys), tuple(found.values()))

    def index(self, primitive: str, level: Level) -> Index:
        """The live equations of a primitive by their places and by their values."""
        known = self._indices.get((primitive, level))
        if known is None:
            known = self._indices[primitive, level] = Index({}, {})
            for each in self.live.get(primitive, ()):
                known.by_place.setdefault(self.place(each, level), []).append(each)
                known.by_value.setdefault(self.value(each), []).append(each)
        return known

    def same_value(self, member: Occurrence, level: Level) -> list[Occurrence]:
        """The live equations that compute what the member computes."""
        return self.index(member.equation.primitive, level).by_value[self.value(member)]

    def place(self, occurrence: Occurrence, level: Level) -> Hashable:
        """Where an equation comes from, at a level."""
        equation = occurrence.equation
        known = self._origins.get(id(equation))
        if known is None:
            origin = self.origins.of_equation(equation, own_frames=self.own_frames)
            size = getattr(equation.eqn.outvars[0].aval, "size", 0)
            known = self._origins[id(equation)] = (origin, size)
        return level(*known)

    def value(self, occurrence: Occurrence) -> int:
        """The number of the value that an equation computes."""
        return self.facts.numbers[occurrence.equation.outputs[0]]

    def is_again(self, occurrence: Occurrence) -> bool:
        """Whether an equation repeats a value."""
        return id(occurrence.equation) in self._again

    def needed(self, group: Group) -> list[Occurrence]:
        """The equations of a group that compute each value once."""
        return [each for each in group.members if not self.is_again(each)]

    @cached_property
    def nesting(self) -> Nesting:
        """The regions of the program."""
        return traced_nesting(self.facts.program)

    @cached_property
    def live(self) -> Mapping[str, list[Occurrence]]:
        """The live equations by primitive."""
        found: dict[str, list[Occurrence]] = {}
        for each in self._by_id.values():
            if each.equation.outputs and is_live(each.equation, self.facts.live):
                found.setdefault(each.equation.primitive, []).append(each)
        return found

    @cached_property
    def _by_id(self) -> dict[int, Occurrence]:
        return {id(each.equation): each for each in occurrences(self.facts.program)}

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
