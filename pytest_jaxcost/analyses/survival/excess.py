"""Verdicts on work of which a part is needed, or none: whether more than that is done.

The work that is left is looked for as in `verdicts`: by primitive and place. Other equations of
that primitive that stand at the same places need something too: as little as if compilers merged
and moved what they can, and as much as was asked for. Where the verdict hangs on which of these it
is, it is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from pytest_jaxcost.analyses.survival.asked import Asked, Group
from pytest_jaxcost.analyses.survival.comparison import Comparison
from pytest_jaxcost.analyses.survival.evaluations import MOVES, Work
from pytest_jaxcost.analyses.survival.lowered import opcodes_of
from pytest_jaxcost.analyses.survival.measures import Amounts
from pytest_jaxcost.analyses.survival.needs import Need
from pytest_jaxcost.analyses.survival.origins import LEVELS, SIZED_LEVELS, Level, anywhere, line
from pytest_jaxcost.analyses.survival.verdict import DECOMPOSED, UNNAMED, Verdict
from pytest_jaxcost.flow.axis_rules import ELEMENTWISE
from pytest_jaxcost.flow.repeats import Occurrence

TOLERANCE = Fraction(1, 20)
"""The part of the waste that may be left of what was simplified, and that roundings make."""

NONE = "no equation is known to do its work"
OTHERS = "other work of that primitive stands at its places"


class Bounds(NamedTuple):
    """At least and at most so much."""

    low: Fraction
    high: Fraction

    @classmethod
    def total(cls, each: Iterable[Bounds]) -> Bounds:
        lows, highs = zip(*each, strict=True)
        return cls(sum(lows, Fraction(0)), sum(highs, Fraction(0)))


class Claimed(NamedTuple):
    """Equations of one primitive, what is needed of each, and who else stands at their places."""

    group: Group
    needs: tuple[Need, ...]
    others: tuple[Occurrence, ...]


class Weighed(NamedTuple):
    """How much of one primitive's work was asked for in vain, and how much of that is left.

    `nameless` is what may be left if work that does not say where it is from counts, too.
    """

    wasted: Fraction
    left: Bounds
    nameless: Bounds
    is_decomposed: bool


def excess(both: Comparison, amounts: Amounts, needs: Iterable[Need]) -> Verdict:
    """Whether more of the work is done than is needed."""
    by_primitive: dict[str, list[Need]] = {}
    for need in needs:
        by_primitive.setdefault(need.occurrence.equation.primitive, []).append(need)
    if not by_primitive:
        return Verdict("unknown", NONE)
    weighed = [_weigh(both, amounts, each) for each in by_primitive.values()]
    much = TOLERANCE * sum((each.wasted for each in weighed), Fraction(0))
    left = Bounds.total(each.left for each in weighed)
    nameless = Bounds.total(each.nameless for each in weighed)
    if max(left.low, nameless.low) > much:
        return Verdict("survives")
    if any(each.is_decomposed for each in weighed):
        return Verdict("unknown", DECOMPOSED)
    if left.high > much:
        return Verdict("unknown", OTHERS)
    return Verdict("unknown", UNNAMED) if nameless.high > much else Verdict("removed")


def _weigh(both: Comparison, amounts: Amounts, needs: list[Need]) -> Weighed:
    claimed, found = at_places(both, needs, LEVELS if amounts.measure.is_work else SIZED_LEVELS)
    if not found and not amounts.measure.is_work:
        claimed, found = at_places(both, needs, LEVELS)
    asked = sum((amounts.asked(each.occurrence) for each in claimed.needs), Fraction(0))
    left = _left(both, amounts, claimed, found)
    return Weighed(
        asked - _needed(amounts, claimed.needs),
        left,
        _nameless(both, amounts, claimed) or left,
        not found and _is_decomposed(both, claimed),
    )


def _left(both: Comparison, amounts: Amounts, claimed: Claimed, found: Collection[Work]) -> Bounds:
    """What is done beyond what is needed, at least and at most."""
    done = amounts.done(claimed.group.eqn, found) if found else Fraction(0)
    over = done - _needed(amounts, claimed.needs)
    others = _bounds(both, amounts, claimed)
    return Bounds(over - others.high, over - others.low)


def _needed(amounts: Amounts, needs: Iterable[Need]) -> Fraction:
    return sum((amounts.asked(each.occurrence) * each.part for each in needs), Fraction(0))


def _bounds(both: Comparison, amounts: Amounts, claimed: Claimed) -> Bounds:
    """What others do: at most what was asked for, and at least every other value once.

    Arithmetic is fused and simplified, so that there may be nothing left of it.
    """
    least: dict[int, Fraction] = {}
    most = Fraction(0)
    values = {both.asked.value(need.occurrence) for need in claimed.needs}
    for each in claimed.others:
        asked, value = amounts.asked(each), both.asked.value(each)
        most += asked
        if value not in values and not _is_arithmetic(both, each):
            least[value] = min(asked, least.get(value, asked))
    return Bounds(sum(least.values(), Fraction(0)), most)


def _is_arithmetic(both: Comparison, occurrence: Occurrence) -> bool:
    cost = both.asked.facts.cost(occurrence.equation)
    is_plain = cost is not None and not cost.transcendentals
    return is_plain and occurrence.equation.primitive in ELEMENTWISE


def at_places(
    both: Comparison, needs: list[Need], levels: Sequence[Level]
) -> tuple[Claimed, list[Work]]:
    """Whom the places of the finest level belong to that has one for each instruction."""
    claimed, found = _claimed(both.asked, needs, levels[0]), list[Work]()
    for level in levels:
        claimed = _claimed(both.asked, needs, level)
        found = both.matching(claimed.group)
        if both.is_complete(claimed.group, levels[-1]):
            break
    return claimed, found


def _claimed(asked: Asked, needs: list[Need], level: Level) -> Claimed:
    """The places of what computes the same values, and who else stands there.

    What computes a value of which a part is needed is needed in part, too; what computes one that
    is needed whole may have been merged with it.
    """
    index = asked.index(needs[0].occurrence.equation.primitive, level)
    named = {id(need.occurrence.equation): need for need in needs}
    whole = {asked.value(need.occurrence) for need in needs if need.part == 1}
    others: dict[int, Occurrence] = {}
    for need in needs:
        for each in index.by_value.get(value := asked.value(need.occurrence), ()):
            if value in whole:
                others[id(each.equation)] = each
            else:
                named.setdefault(id(each.equation), Need(each, need.part))
    members = (*(need.occurrence for need in named.values()), *others.values())
    keys = frozenset[Hashable](asked.place(each, level) for each in members)
    others |= {id(each.equation): each for key in keys for each in index.by_place.get(key, ())}
    rest = tuple(each for key, each in others.items() if key not in named)
    occurrences = tuple(need.occurrence for need in named.values())
    return Claimed(Group(level, keys, occurrences), tuple(named.values()), rest)


def _nameless(both: Comparison, amounts: Amounts, claimed: Claimed) -> Bounds | None:
    """What is left if work of its sort that does not say where it is from counts, if any."""
    loose = both.loose(claimed.group)
    if not loose:
        return None
    everywhere = _claimed(both.asked, list(claimed.needs), anywhere)
    found = both.matching(everywhere.group, certain=False)
    left = _left(both, amounts, everywhere, found)
    return left if _is_its_own(both, claimed, loose) else Bounds(Fraction(0), left.high)


def _is_decomposed(both: Comparison, claimed: Claimed) -> bool:
    """Whether a function that the primitive is lowered to is left at its places."""
    lines = {both.asked.place(each, line) for each in claimed.group.members}
    works = both.done.lowered_as_function(claimed.group.primitive)
    return any(not work.keys(line).isdisjoint(lines) for work in works)


def _is_its_own(both: Comparison, claimed: Claimed, loose: Iterable[Work]) -> bool:
    """Whether no other primitive of the program is lowered to what the loose work is."""
    opcodes = {work.evaluation.opcode for work in loose}
    rivals = both.asked.live.keys() - MOVES - ELEMENTWISE - {claimed.group.primitive}
    return not any(not opcodes_of(name) or opcodes & opcodes_of(name) for name in rivals)
