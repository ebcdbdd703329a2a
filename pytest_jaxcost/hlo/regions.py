"""What runs together in an optimized program, and which values are computed there.

A region is a computation that control enters: the program, a loop's body and condition, a branch.
Calls, fusions and asynchronous computations belong to the region that enters them. Compilers merge
equal instructions of a region before they fuse, and fusions then repeat cheap ones: of equal values
in fusions of one region only one is the program's, the others are clones.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_jaxcost.hlo.asynchronous import base_opcode, continues
from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.costs import Pricing
from pytest_jaxcost.hlo.records import Computation, Instruction, Metadata
from pytest_jaxcost.hlo.walk import entered

JOINED = frozenset({"async", "call", "fusion"})
"""Opcodes whose computations belong to the region around them."""

COMMUTATIVE = frozenset({"add", "and", "maximum", "minimum", "multiply", "or", "xor"})

SAME = frozenset({"bitcast", "copy", "reshape"})
"""Opcodes that leave every element as it is, in an array of other dimensions at most."""

NO_MATTER = frozenset(
    {
        *("backend_config", "calls", "channel_id", "control-predecessors", "frontend_attributes"),
        *("kind", "metadata", "operand_precision", "origin", "sharding", "statistics"),
    }
)
"""Attributes that do not change what an instruction computes."""

REMATERIALIZED = ".remat"
"""In the names of what the compiler computes again to save memory."""

ONE_FRAME = "source_file"
"""In metadata that names one frame only, as in the texts of JAX 0.8: inlining adds none to it."""


NOWHERE = Metadata()


class Evaluation(NamedTuple):
    """An instruction that does work; equal `value`s in one region are equal numbers.

    `cost` is that of one run. `source` is its metadata as it is once all calls are inlined.
    """

    instruction: Instruction
    opcode: str
    value: int
    fused: bool
    cost: Cost
    source: Metadata

    @property
    def may_be_a_copy(self) -> bool:
        """Whether the compiler may have made it of its own accord: fused, or to save memory."""
        return self.fused or REMATERIALIZED in self.instruction.name


class Inner(NamedTuple):
    """Regions of which one runs `times` times; None where that is not known.

    `source` is the metadata of the calls around, as in an evaluation's source.
    """

    times: int | None
    names: tuple[str, ...]
    way: str
    """What they are: a ``branch``, or a loop's ``body`` or ``condition``."""
    source: Metadata = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region's work, and the regions that it enters."""

    evaluations: tuple[Evaluation, ...]
    inner: tuple[Inner, ...]


class _Around(NamedTuple):
    """What stands around a joined computation."""

    fused: bool
    source: Metadata

    def entering(self, each: Instruction) -> _Around:
        """What stands around the computation that an instruction joins; only calls are inlined."""
        if each.opcode != "call":
            return _Around(self.fused or each.opcode == "fusion", NOWHERE)
        source = self.inlined(each.metadata)
        if each.metadata is not None and ONE_FRAME in each.metadata.fields:
            source = source._replace(frames=())
        return _Around(self.fused, source)

    def inlined(self, metadata: Metadata | None) -> Metadata:
        """The metadata that inlining leaves: what is not said is as it is said of the call."""
        own, outer = metadata or NOWHERE, self.source
        if outer is NOWHERE:
            return own
        return Metadata(own.op_names or outer.op_names, own.frames or outer.frames)


@dataclass(slots=True)
class _Reading:
    """One region while it is read: numbers of values by what computes them."""

    pricing: Pricing
    numbers: dict[Hashable, int] = field(default_factory=dict)
    tuples: dict[int, list[int]] = field(default_factory=dict)
    evaluations: list[Evaluation] = field(default_factory=list)
    inner: list[Inner] = field(default_factory=list)

    def number(self, key: Hashable) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def fresh(self) -> int:
        return self.number(("fresh", len(self.numbers)))


def regions(pricing: Pricing) -> Mapping[str, Region]:
    """Return the regions that the program enters by the name of their computation, inner first."""
    found = {name: _read(pricing, name) for name in _names(pricing)}
    return {name: found[name] for name in pricing.order if name in found}


def _names(pricing: Pricing) -> Iterator[str]:
    """Yield the entry, and what is entered otherwise than by joining."""
    yield pricing.module.entry
    for name in pricing.executions:
        for each in pricing.module.computations[name].instructions:
            if each.called and base_opcode(each.opcode) not in JOINED:
                yield from entered(each)


def _read(pricing: Pricing, name: str) -> Region:
    reading = _Reading(pricing)
    computation = pricing.module.computations[name]
    arguments = [reading.fresh() for _ in computation.parameters]
    _compute(reading, computation, arguments, _Around(fused=False, source=NOWHERE))
    return Region(evaluations=tuple(reading.evaluations), inner=tuple(reading.inner))


def _compute(
    reading: _Reading, computation: Computation, arguments: list[int], around: _Around
) -> int:
    """Number the values of a computation and return its root's; operands stand before users."""
    values: dict[str, int] = {}
    for each in computation.instructions:
        operands = [values[operand] for operand in each.operands]
        if each.opcode == "parameter":
            values[each.name] = arguments[int(each.argument or 0)]
        elif each.called and base_opcode(each.opcode) in JOINED and not continues(each):
            (name,) = entered(each)
            joined = reading.pricing.module.computations[name]
            values[each.name] = _compute(reading, joined, operands, around.entering(each))
        else:
            values[each.name] = _value(reading, each, operands)
            _note(reading, computation, each, values[each.name], around)
    return values[computation.root.name]


def _value(reading: _Reading, each: Instruction, operands: list[int]) -> int:
    if continues(each) or base_opcode(each.opcode) in SAME:
        return operands[0]
    if each.opcode in ("while", "conditional", "opt-barrier"):
        return reading.fresh()
    if each.opcode == "get-tuple-element" and operands[0] in reading.tuples:
        return reading.tuples[operands[0]][int(each.attributes["index"])]
    if each.opcode in COMMUTATIVE:
        operands = sorted(operands)
    shape = each.shape
    what = (shape.dtype, shape.dimensions) if shape.elements is None else str(shape)
    attributes = [pair for pair in each.attributes.items() if pair[0] not in NO_MATTER]
    applied = [_opcodes(reading, name) for names in each.called.values() for name in names]
    own = (each.opcode, what, each.argument, tuple(attributes), tuple(applied))
    number = reading.number((own, tuple(operands)))
    if each.opcode == "tuple":
        reading.tuples[number] = operands
    return number


def _opcodes(reading: _Reading, name: str) -> tuple[str, ...]:
    """What an applied computation does; those of clones have names of their own."""
    return tuple(each.opcode for each in reading.pricing.module.computations[name].instructions)


def _note(
    reading: _Reading, computation: Computation, each: Instruction, value: int, around: _Around
) -> None:
    """Keep an instruction that does work, and the regions that it enters."""
    key, pricing = (computation.name, each.name), reading.pricing
    if each.called and (names := entered(each)):
        inner = _inner(pricing, computation, each, names)
        reading.inner.extend(one._replace(source=around.source) for one in inner)
    if key in pricing.continuing:
        return
    cost = pricing.own[key]
    if cost.flops or cost.transcendentals or key in pricing.unpriced:
        opcode, source = base_opcode(each.opcode), around.inlined(each.metadata)
        reading.evaluations.append(Evaluation(each, opcode, value, around.fused, cost, source))


def _inner(
    pricing: Pricing, computation: Computation, each: Instruction, names: tuple[str, ...]
) -> Iterator[Inner]:
    if each.opcode == "conditional":
        yield Inner(1, names, "branch")
        return
    known = pricing.loops.counts[computation.name, each.name] is not None
    for name in names:
        times = pricing.loops.times(computation, each, name)
        way = "condition" if name in each.called["condition"] else "body"
        yield Inner(times if known else None, (name,), way)
