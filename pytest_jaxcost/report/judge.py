"""Judging: limits and values in, verdicts out. Nothing is raised and nothing is rendered here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from .limit import Limit, Relation
from .metrics import WHOLES, Family, Metric
from .reading import Reading

Read = Callable[[Metric | Family, str | None], Reading]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one limit was kept.

    ``allowed`` is the bound as an amount, ``None`` where it could not be told. ``undecided`` says
    why the limit could not be checked; such a limit counts as exceeded, never as kept.
    """

    limit: Limit
    reading: Reading
    allowed: Fraction | None
    whole: Reading | None = None
    relative: Reading | None = None
    kept: bool
    undecided: str = ""

    @property
    def exceeded(self) -> bool:
        return not self.kept

    @property
    def margin(self) -> Fraction | None:
        """Value minus bound: above 0 is too much; ``None`` where one of them is unknown."""
        if self.reading.value is None or self.allowed is None:
            return None
        return Fraction(self.reading.value) - self.allowed

    @property
    def share(self) -> Fraction | None:
        """The value's part of its whole; ``None`` where there is no whole, or one of 0."""
        if self.whole is None or not self.whole.value or self.reading.value is None:
            return None
        return Fraction(self.reading.value) / Fraction(self.whole.value)

    @property
    def multiple(self) -> Fraction | None:
        """The value as a multiple of the other report's."""
        if self.relative is None or not self.relative.value or self.reading.value is None:
            return None
        return Fraction(self.reading.value) / Fraction(self.relative.value)


def judge(
    limits: Iterable[Limit],
    read: Read,
    relative: Read | None = None,
    *,
    whole: Read | None = None,
) -> tuple[Verdict, ...]:
    """A verdict for each limit; only the metrics that the limits name are read.

    `whole` reads what shares are of, where that is another program than the one that is judged.
    """
    return tuple(_verdict(limit, read, relative, whole or read) for limit in limits)


def _verdict(limit: Limit, read: Read, relative: Read | None, read_whole: Read) -> Verdict:
    reading = read(limit.subject, limit.item)
    whole = _whole(limit, read_whole)
    other = _relative(limit, relative)
    allowed = _allowed(limit, whole, other)
    undecided = _undecided(limit, reading, whole, other, allowed)
    kept = not undecided and _holds(limit, reading, allowed)
    return Verdict(
        limit=limit,
        reading=reading,
        allowed=allowed,
        whole=whole,
        relative=other,
        kept=kept,
        undecided=undecided,
    )


def _whole(limit: Limit, read: Read) -> Reading | None:
    return None if limit.subject.whole is None else read(WHOLES[limit.subject.whole], None)


def _relative(limit: Limit, relative: Read | None) -> Reading | None:
    if limit.bound.sort != "multiple" or relative is None:
        return None
    return relative(limit.subject, limit.item)


def _allowed(limit: Limit, whole: Reading | None, other: Reading | None) -> Fraction | None:
    """The bound as an amount."""
    base = {"amount": Reading(value=1), "share": whole, "multiple": other}[limit.bound.sort]
    if base is None or base.value is None:
        return None
    return limit.bound.value * Fraction(base.value)


def _holds(limit: Limit, reading: Reading, allowed: Fraction | None) -> bool:
    if reading.value is None or allowed is None:
        return False
    return limit.relation.holds(Fraction(reading.value), allowed)


def _undecided(
    limit: Limit,
    reading: Reading,
    whole: Reading | None,
    other: Reading | None,
    allowed: Fraction | None,
) -> str:
    """Why the limit cannot be checked, or nothing."""
    if reading.value is None:
        return reading.reason or "the value is unknown"
    if allowed is None:
        base = whole if limit.bound.sort == "share" else other
        return f"{limit.bound.text} of an unknown amount: {base.reason if base else 'no report'}"
    if not reading.exact and _open(limit.relation, Fraction(reading.value), allowed):
        return "only a lower bound is known"
    return ""


def _open(relation: Relation, value: Fraction, allowed: Fraction) -> bool:
    """Whether a value known as a lower bound leaves the question open.

    A maximum is judged by the bound itself, so that one loop of unknown length does not make
    limits useless; the message says "at least".
    """
    if relation is Relation.MIN:
        return value < allowed
    return relation is Relation.EXACTLY and value <= allowed
