"""How often an optimized program evaluates a primitive, place by place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any, NamedTuple

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.survival.lowered import (
    NOTHING,
    Alone,
    kind_of,
    lowered_alone,
    opcodes_of,
)
from pytest_jaxcost.analyses.survival.origins import Level, Origin, Origins, names_in
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

NOWHERE = Origin((), ())

_Named = tuple[str, Evaluation, tuple[str, int], bool]
"""Region, instruction, op name with the parts that lead to a primitive, whether it is certain."""

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
        shape = self.evaluation.instruction.shape
        if shape.elements is None:
            return frozenset((level(self.origin, shape.size),))
        return frozenset([level(self.origin, leaf.size) for leaf in shape.leaves])


class Counted(NamedTuple):
    """How many instructions each region runs of which one evaluation has so many."""

    own: Mapping[Hashable, int]
    executions: int = 1
    instructions: int = 1


class Evaluations:
    """The work of an optimized program by the primitive that it was lowered from."""

    def __init__(self, pricing: hlo.Pricing, origins: Origins) -> None:
        self._pricing, self._origins = pricing, origins
        self._of: dict[str, tuple[Work, ...]] = {}
        self._at: dict[tuple[str, Level], dict[Hashable, list[Work]]] = {}
        self._alone: dict[str, Alone] = {}

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
        return tuple(self._works(f"jit({primitive})"))

    def at(self, eqn: Any, level: Level) -> Mapping[Hashable, list[Work]]:
        """The instructions that may do the work of an equation's primitive, by place."""
        key = (eqn.primitive.name, level)
        if key not in self._at:
            found = self._at[key] = {}
            for work in self.of(eqn):
                for place in work.keys(level):
                    found.setdefault(place, []).append(work)
        return self._at[key]

    @cached_property
    def names_one_frame(self) -> bool:
        """Whether instructions name one frame only, as those of JAX 0.8 do."""
        evaluations = (each for region in self.regions.values() for each in region.evaluations)
        metadata = (each.instruction.metadata for each in evaluations)
        return all(len(each.frames) <= 1 for each in metadata if each)

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

    def is_counted(self, eqn: Any, works: Collection[Work]) -> bool:
        """Whether it is known how many of some instructions make up one evaluation."""
        kinds, standing = self._alone[eqn.primitive.name].kinds, _standing(eqn)
        most = max((kind.work for kind in kinds.values()), default=0)
        large = {name for name, kind in kinds.items() if kind.work * TELLING >= most}
        return any(work.kind in large or work.evaluation.opcode in standing for work in works)

    def _works(self, primitive: str) -> list[Work]:
        """All work that may have been lowered from a primitive."""
        return [
            Work(region, each, self._origins.of_instruction(each.instruction, *where), certain)
            for region, each, where, certain in self._named.get(primitive, ())
        ]

    @cached_property
    def _named(self) -> Mapping[str, list[_Named]]:
        """All work under each primitive that it may have been lowered from."""
        found: dict[str, list[_Named]] = {}
        for region, evaluation in self._all():
            metadata = evaluation.instruction.metadata
            op_names = dict.fromkeys(metadata.op_names) if metadata else {}
            names = [(op_name, names_in(op_name)) for op_name in op_names]
            certain = len({op_name.rpartition("/")[2] for op_name in op_names}) == 1
            for op_name, primitives in names:
                for name, depth in primitives:
                    found.setdefault(name, []).append(
                        (region, evaluation, (op_name, depth), certain)
                    )
        return found

    def _all(self) -> Iterator[tuple[str, Evaluation]]:
        for region, each in self.regions.items():
            for evaluation in each.evaluations:
                yield region, evaluation

    def _chosen(self, primitive: str, standing: Collection[str]) -> Iterator[Work]:
        by_origin: dict[Origin, list[Work]] = {}
        for work in self._works(primitive) or self._aliased(primitive):
            by_origin.setdefault(work.origin, []).append(work)
        for works in by_origin.values():
            yield from [w for w in works if w.evaluation.opcode in standing] or works

    def _aliased(self, primitive: str) -> Iterator[Work]:
        """What bears the names of the primitives that this one's lowering is written with."""
        for name in self._alone[primitive].names:
            yield from self._works(name)

    def _nameless(self, standing: Collection[str]) -> Iterator[Work]:
        if not standing:
            return
        for work in self._moved:
            if work.evaluation.opcode in standing:
                yield work
        for region, evaluation in self._all():
            metadata = evaluation.instruction.metadata
            if evaluation.opcode in standing and not (metadata and metadata.op_names):
                yield Work(region, evaluation, NOWHERE, certain=False)

    @cached_property
    def _moved(self) -> list[Work]:
        """The work under the names of moves, of opcodes that keep no name."""
        works = (work for name in sorted(MOVES) for work in self._works(name))
        return [w._replace(certain=False) for w in works if w.evaluation.opcode in RENAMED]


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
    """A count of the works in each region."""
    found: dict[str, list[Work]] = {}
    for work in works:
        found.setdefault(work.region, []).append(work)
    return {region: count(alike) for region, alike in found.items()}


def _evaluated(works: Iterable[Work], standing: Collection[str]) -> int:
    """How often a region evaluates what these instructions make up.

    As many times as there are instructions that stand for an evaluation and, of what a compiler has
    rewritten, as there are of the kind that it has the fewest of.
    """
    kinds: dict[str, list[Work]] = {}
    for work in works:
        kinds.setdefault(work.kind, []).append(work)
    whole = [each for each in kinds.values() if each[0].evaluation.opcode in standing]
    rest = [each for each in kinds.values() if each[0].evaluation.opcode not in standing]
    return sum(map(_distinct, whole)) + min(map(_distinct, rest), default=0)


def _distinct(works: Iterable[Work]) -> int:
    """How many there are without clones: fused ones that compute what another one does.

    A clone comes from where its original does: what comes from elsewhere was asked for twice.
    """
    own: Counter[tuple[int, Origin]] = Counter()
    for work in works:
        each = work.evaluation
        own[each.value, work.origin] += 0 if each.may_be_a_copy else 1
    return sum(max(1, count) for count in own.values())
