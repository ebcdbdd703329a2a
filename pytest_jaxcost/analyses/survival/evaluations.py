"""How often an optimized program evaluates a primitive, place by place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any, NamedTuple

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.survival.lowered import (
    NOTHING,
    Lowered,
    kind_of,
    lowered_alone,
    opcodes_of,
)
from pytest_jaxcost.analyses.survival.origins import Level, Origin, origins_of
from pytest_jaxcost.hlo.regions import Evaluation, Region, regions

MOVES = frozenset(
    {
        *("broadcast_in_dim", "concatenate", "convert_element_type", "copy", "rev", "pad"),
        *("dynamic_slice", "dynamic_update_slice", "expand_dims", "reshape", "slice", "split"),
        *("squeeze", "transpose"),
    }
)
"""Primitives whose name an instruction may bear because their work was folded into it."""

RENAMED = frozenset(
    {
        *("convolution", "custom-call", "dot", "gather", "ragged-dot", "reduce", "reduce-window"),
        *("scaled-dot", "scatter", "select-and-scatter", "sort"),
    }
)
"""Opcodes of which compilers rewrite instructions without keeping the name."""

REMATERIALIZED = ".remat"
"""In the names of what the compiler computes again to save memory."""

NOWHERE = Origin((), ())

TELLING = 4
"""A kind of instruction tells how often an equation is evaluated if it does a fourth of the work
that the costliest kind does, at least: little ones come and go as programs are simplified."""


class Work(NamedTuple):
    """An instruction that may do the work of a primitive: in which region, and where it is from.

    It is `certain` where it names the primitive and no other.
    """

    region: str
    evaluation: Evaluation
    origin: Origin
    certain: bool

    @property
    def kind(self) -> str:
        """The opcode or the library function."""
        return kind_of(self.evaluation.instruction, self.evaluation.opcode)

    def keys(self, level: Level) -> frozenset[Hashable]:
        """Its places at a level, for every size of what it computes."""
        leaves = self.evaluation.instruction.shape.leaves
        return frozenset([level(self.origin, leaf.size) for leaf in leaves])


class Counted(NamedTuple):
    """How many instructions each region runs of which one evaluation has so many."""

    own: Mapping[Hashable, int]
    executions: int = 1
    instructions: int = 1


class Evaluations:
    """The work of an optimized program by the primitive that it was lowered from."""

    def __init__(self, pricing: hlo.Pricing) -> None:
        self._pricing = pricing
        self._of: dict[str, tuple[Work, ...]] = {}
        self._alone: dict[str, Lowered] = {}

    @cached_property
    def regions(self) -> Mapping[str, Region]:
        return regions(self._pricing)

    def aliases(self, eqn: Any) -> frozenset[str]:
        """The primitives whose names an equation's instructions bear, if they lost its own."""
        name = eqn.primitive.name
        if name in self._named or opcodes_of(name):
            return frozenset()
        self.of(eqn)
        return self._alone[name].names

    def of(self, eqn: Any) -> tuple[Work, ...]:
        """The instructions that may do the work of an equation's primitive.

        Those of the opcodes that stand for one evaluation each, wherever a place has any; and those
        of such opcodes that name a move, or nothing.
        """
        name = eqn.primitive.name
        if name not in self._of:
            is_told = bool(opcodes_of(name)) and name in self._named
            self._alone[name] = NOTHING if is_told else lowered_alone(eqn)
            standing = _standing(eqn)
            self._of[name] = (*self._chosen(name, standing), *self._nameless(standing & RENAMED))
        return self._of[name]

    def lowered_as_function(self, primitive: str) -> tuple[Work, ...]:
        """The instructions of lowerings of a primitive that are functions of their own."""
        return tuple(self._named.get(f"jit({primitive})", ()))

    @cached_property
    def names_one_frame(self) -> bool:
        """Whether instructions name one frame only, as those of JAX 0.8 do."""
        works = (work for works in self._named.values() for work in works)
        return all(len(work.origin.frames) <= 1 for work in works)

    def counted(self, eqn: Any, works: Collection[Work]) -> Counted:
        """How often each region evaluates an equation's primitive with these instructions."""
        kinds = self._alone[eqn.primitive.name].kinds
        telling = _telling(kinds, works)
        if telling is None:
            standing = _standing(eqn)
            return Counted(_by_region(works, partial(_evaluated, standing=standing)))
        works = [work for work in works if work.kind == telling]
        unit = kinds[telling]
        return Counted(_by_region(works, _distinct), unit.executions, unit.instructions)

    @cached_property
    def _named(self) -> Mapping[str, list[Work]]:
        """All work under each primitive that it may have been lowered from."""
        found: dict[str, list[Work]] = {}
        for region, each in self.regions.items():
            for evaluation in each.evaluations:
                metadata = evaluation.instruction.metadata or hlo.Metadata()
                certain = len({name.rpartition("/")[2] for name in metadata.op_names}) == 1
                for name, origin in origins_of(evaluation.instruction):
                    found.setdefault(name, []).append(Work(region, evaluation, origin, certain))
        return found

    def _chosen(self, primitive: str, standing: Collection[str]) -> Iterator[Work]:
        by_origin: dict[Origin, list[Work]] = {}
        for work in self._named.get(primitive) or self._aliased(primitive):
            by_origin.setdefault(work.origin, []).append(work)
        for works in by_origin.values():
            yield from [w for w in works if w.evaluation.opcode in standing] or works

    def _aliased(self, primitive: str) -> Iterator[Work]:
        """What bears the names of the primitives that this one's lowering is written with."""
        for name in self._alone[primitive].names:
            yield from self._named.get(name, ())

    def _nameless(self, standing: Collection[str]) -> Iterator[Work]:
        for name in MOVES:
            for work in self._named.get(name, ()):
                if work.evaluation.opcode in standing:
                    yield work._replace(certain=False)
        for region, each in self.regions.items():
            for evaluation in each.evaluations:
                metadata = evaluation.instruction.metadata
                if evaluation.opcode in standing and not (metadata and metadata.op_names):
                    yield Work(region, evaluation, NOWHERE, certain=False)


def _standing(eqn: Any) -> frozenset[str]:
    """The opcodes that stand for one evaluation; complex arithmetic is expanded into others."""
    dtype = getattr(eqn.outvars[0].aval, "dtype", None)
    is_complex = getattr(dtype, "kind", "") == "c"
    return frozenset() if is_complex else opcodes_of(eqn.primitive.name)


def _telling(kinds: Mapping[str, Any], works: Collection[Work]) -> str | None:
    """The kind of instruction to count: of those that do much, the one least repeated."""
    present = Counter(work.kind for work in works if work.kind in kinds)
    most = max((kinds[kind].work for kind in present), default=0)
    return min(
        (kind for kind in present if kinds[kind].work * TELLING >= most),
        key=lambda kind: (present[kind] / kinds[kind].instructions, kind),
        default=None,
    )


def _by_region(works: Iterable[Work], count: Callable[[list[Work]], int]) -> Mapping[Hashable, int]:
    """A count of the works in each region, and there of each origin apart."""
    found: dict[tuple[str, Origin], list[Work]] = {}
    for work in works:
        found.setdefault((work.region, work.origin), []).append(work)
    counts: Counter[Hashable] = Counter()
    for (region, _), alike in found.items():
        counts[region] += count(alike)
    return counts


def _evaluated(works: Iterable[Work], standing: Collection[str]) -> int:
    """How often a region evaluates what these instructions, all of one origin, make up.

    As many times as there are instructions that stand for an evaluation; else, where a compiler
    has rewritten it, as there are of the kind that it has the fewest of.
    """
    kinds: dict[str, list[Work]] = {}
    for work in works:
        kinds.setdefault(work.kind, []).append(work)
    whole = [each for each in kinds.values() if each[0].evaluation.opcode in standing]
    return sum(map(_distinct, whole)) if whole else min(map(_distinct, kinds.values()))


def _distinct(works: Iterable[Work]) -> int:
    """How many there are without clones: fused ones that compute what another one does."""
    own: Counter[int] = Counter()
    for each in (work.evaluation for work in works):
        cloned = each.fused or REMATERIALIZED in each.instruction.name
        own[each.value] += 0 if cloned else 1
    return sum(max(1, count) for count in own.values())
