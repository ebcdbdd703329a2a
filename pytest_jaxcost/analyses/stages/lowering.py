"""From traced to lowered: what accounts for the difference.

Each instruction of the lowered program names the primitive that it was lowered from. So both
programs are added up by primitive, and each primitive's difference is a change of its own; what
belongs to no primitive is told apart by where it stands. Nothing is counted twice or left out, so
that the changes add up to the difference.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.stages.amounts import NONE, Amounts, change, listed, named, together
from pytest_jaxcost.analyses.stages.traced import Asked, Traced, traced
from pytest_jaxcost.analyses.stages.written import Done, Written, written
from pytest_jaxcost.analyses.survival.lowered import lowered_alone
from pytest_jaxcost.report.stages import UNEXPLAINED, Change

DEAD = "dead equations dropped: {names}"
DEVICES = "shard_map: the work of one of {n} devices"
COUNTERS = "loop counters and indices: {opcodes}"
MOVES = "data movement, calls, constants: {opcodes}"
OPERANDS = "operands are of full size: {names}"
SHARED = "{n} functions lowered once, called {calls} times"
TRIVIAL = " (others constant, or by 0 or 1)"
NOT_KNOWN = " (its work is not known)"
NO_NAME = "instructions without a name"


@dataclass(slots=True, kw_only=True)
class Primitive:
    """One primitive in both programs, and what of its difference no reason was found for yet."""

    name: str
    asked: Asked
    done: Done
    converted: int
    """Equations that cost nothing, of those whose instructions do: converting to another type."""
    difference: Amounts = NONE
    claimed: Counter[str] = field(default_factory=Counter)
    """The instructions of other names that its lowering is written with."""

    @property
    def is_traced(self) -> bool:
        """Whether the traced program has it."""
        return self.asked.work != NONE or self.asked.moves != NONE

    @property
    def is_missing(self) -> bool:
        """Whether it works, and no instruction that works has its name."""
        return not self.done.opcodes and self.asked.work.instructions > self.asked.trivial


def lowering(facts: Facts, pricing: hlo.Pricing) -> tuple[Change, ...]:
    """The changes from the traced program to the lowered one, which add up to the difference."""
    asked = traced(facts)
    return tuple(_changes(asked, written(pricing, asked.live.keys())))


def _changes(asked: Traced, lowered: Written) -> Iterator[Change]:
    if asked.dead:
        names = listed({name: each.instructions for name, each in asked.dead.items()})
        yield change("dead", DEAD.format(names=names), NONE.minus(together(asked.dead.values())))
    if asked.devices > 1:
        what = DEVICES.format(n=asked.devices)
        yield change("devices", what, NONE.minus(asked.other_devices))
    if lowered.functions:
        what = SHARED.format(n=lowered.functions, calls=lowered.calls)
        yield change("shared", what, Amounts(-lowered.shared))
    primitives = _primitives(asked, lowered)
    yield from _counters(primitives.values())
    _claim_all(primitives)
    yield from _expanded([each for each in primitives.values() if each.is_traced])
    yield from _unexplained([each for each in primitives.values() if not each.is_traced])
    yield from _moved(primitives.values(), lowered)


def _primitives(asked: Traced, lowered: Written) -> Mapping[str, Primitive]:
    names = sorted({*asked.live, *lowered.done})
    return {name: _primitive(name, asked, lowered) for name in names}


def _primitive(name: str, traced: Traced, lowered: Written) -> Primitive:
    asked, done = traced.live.get(name, Asked()), lowered.done.get(name, Done())
    more = done.work.instructions - asked.work.instructions
    converted = max(0, min(more, asked.moves.instructions))
    difference = done.work.minus(asked.work).minus(Amounts(converted))
    return Primitive(name=name, asked=asked, done=done, converted=converted, difference=difference)


def _counters(primitives: Iterable[Primitive]) -> Iterator[Change]:
    """What counts loops, as far as the traced program has no equations for it."""
    total, opcodes = NONE, Counter[str]()
    for each in primitives:
        part = Amounts(*map(_part, each.difference, each.done.counting))
        if part.instructions:
            each.difference = each.difference.minus(part)
            total = total.plus(part)
            opcodes[each.name] += part.instructions
    if total != NONE:
        yield change("counters", COUNTERS.format(opcodes=listed(opcodes)), total)


def _part(difference: int, counted: int) -> int:
    return max(0, min(difference, counted))


def _claim_all(primitives: Mapping[str, Primitive]) -> None:
    """Give what bears names that were not traced to the primitives that are lowered to it.

    Those first that lack most instructions of their own name; each is lowered by itself to see.
    """
    able = [each for each in primitives.values() if each.asked.eqn is not None]
    strange = [each for each in primitives.values() if not each.is_traced]
    for each in sorted(able, key=lambda p: (p.difference.instructions, -p.asked.most)):
        if each.is_missing or any(other.difference != NONE for other in strange):
            _claim(each, primitives)


def _claim(claiming: Primitive, primitives: Mapping[str, Primitive]) -> None:
    for name, count in sorted(lowered_alone(claiming.asked.eqn).named.items()):
        other = primitives.get(name, claiming)
        most = count * claiming.asked.work.instructions if other.is_traced else math.inf
        many = int(min(most, other.difference.instructions))
        if other is not claiming and many > 0:
            part = _share(other, many)
            claiming.claimed[name] += many
            claiming.difference = claiming.difference.plus(part)
            other.difference = other.difference.minus(part)


def _share(primitive: Primitive, instructions: int) -> Amounts:
    """So many of the instructions that came along, with the work and the bytes that are theirs."""
    more, done = primitive.difference, primitive.done.work
    if not primitive.is_traced and instructions == more.instructions:
        return more
    flops = more.flops * instructions // more.instructions
    return Amounts(
        instructions,
        flops=flops,
        transcendentals=more.transcendentals * instructions // more.instructions,
        bytes_accessed=done.bytes_accessed * flops // done.flops if done.flops else 0,
    )


def _expanded(primitives: Iterable[Primitive]) -> Iterator[Change]:
    """Primitives that become more or fewer instructions, or ones that cost something else."""
    wider: Counter[str] = Counter()
    for each in primitives:
        wider[each.name] = more = _wider(each)
        difference = each.difference.minus(Amounts(bytes_accessed=more))
        if difference != NONE:
            yield change("expanded", _said(each), difference)
    if total := wider.total():
        what = OPERANDS.format(names=named(wider))
        yield change("operands", what, Amounts(bytes_accessed=total))


def _wider(primitive: Primitive) -> int:
    """How many bytes more the same instructions access, those that came along at the average."""
    asked, done, more = primitive.asked.work, primitive.done.work, primitive.difference
    if more.only_bytes:
        return more.bytes_accessed
    if primitive.claimed or primitive.converted or not asked.instructions or not done.instructions:
        return 0
    side = done if more.instructions > 0 else asked
    return more.bytes_accessed - side.bytes_accessed * more.instructions // side.instructions


def _said(primitive: Primitive) -> str:
    """How many equations became which instructions, and why some are missing."""
    before = primitive.asked.work.instructions + primitive.converted
    after = before + primitive.difference.instructions
    opcodes = primitive.done.opcodes + primitive.claimed
    many = f"{after:,}: {listed(opcodes)}" if len(opcodes) > 1 else listed(opcodes) or "none"
    trivial = TRIVIAL if 0 < before - after == primitive.asked.trivial else ""
    unknown = "" if primitive.done.is_known else NOT_KNOWN
    return f"{primitive.name} {before:,} -> {many}{trivial}{unknown}"


def _unexplained(primitives: Iterable[Primitive]) -> Iterator[Change]:
    """Instructions that name what was not traced, and that no primitive is lowered to."""
    rest = {each.name or NO_NAME: each.difference for each in primitives}
    if (total := together(rest.values())) != NONE:
        names = named({name: each.instructions or 1 for name, each in rest.items() if each != NONE})
        yield change(UNEXPLAINED, names, total)


def _moved(primitives: Iterable[Primitive], lowered: Written) -> Iterator[Change]:
    difference = lowered.moves
    for each in primitives:
        difference = difference.minus(each.asked.moves).plus(Amounts(each.converted))
    if difference != NONE:
        yield change("moves", MOVES.format(opcodes=listed(lowered.moving)), difference)
