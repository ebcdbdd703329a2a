"""Amounts that change from stage to stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pytest_jaxcost.report.stages import CHANGING, UNEXPLAINED, Change


class Amounts(NamedTuple):
    """How many equations or instructions, and what they cost in one run of the program."""

    instructions: int = 0
    flops: int = 0
    transcendentals: int = 0
    bytes_accessed: int = 0

    def plus(self, other: Amounts) -> Amounts:
        """Both together."""
        return Amounts(*map(sum, zip(self, other, strict=True)))

    def minus(self, other: Amounts) -> Amounts:
        """What is left without the other."""
        return Amounts(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def only_bytes(self) -> bool:
        """Whether neither equations or instructions nor their work are anything but zero."""
        return not any(self[:3])

    @property
    def is_work(self) -> bool:
        """Whether anything is computed."""
        return bool(self.flops or self.transcendentals)


NONE = Amounts()


def together(amounts: Iterable[Amounts]) -> Amounts:
    """The sum."""
    total = NONE
    for each in amounts:
        total = total.plus(each)
    return total


def change(kind: str, what: str, amounts: Amounts) -> Change:
    """A change by these amounts."""
    return Change(kind=kind, what=what, **amounts._asdict())


def ordered(changes: Iterable[Change], whole: Amounts) -> tuple[Change, ...]:
    """The changes that change anything, the biggest first, all that is not explained in one.

    `whole` are the amounts of the stage before, which changes are big or small beside.
    """
    explained: list[Change] = []
    unexplained: list[Change] = []
    for each in changes:
        (unexplained if each.kind == UNEXPLAINED else explained).append(each)
    biggest = sorted(explained, key=lambda each: _rank(_amounts(each), whole), reverse=True)
    total = together(_amounts(each) for each in unexplained)
    what = "; ".join(each.what for each in unexplained)
    return (*biggest, *([change(UNEXPLAINED, what, total)] if total != NONE else []))


def _rank(amounts: Amounts, whole: Amounts) -> tuple[float, int]:
    """The largest share of work or bytes; instructions settle ties."""
    shares = [abs(part) / max(all_, 1) for part, all_ in zip(amounts, whole, strict=True)]
    return max(shares[1:]), abs(amounts.instructions)


def _amounts(change: Change) -> Amounts:
    return Amounts(*(getattr(change, amount) for amount in CHANGING))


def listed(counts: Mapping[str, int], most: int = 3) -> str:
    """How many of what, the most frequent first: ``multiply 12, add 11, ...``."""
    return first_few([f"{name} {counts[name]:,}" for name in _often(counts)], most)


def named(counts: Mapping[str, int], most: int = 5) -> str:
    """The names that something was counted for, the most frequent first."""
    return first_few(list(_often(counts)), most)


def first_few(parts: Sequence[str], most: int) -> str:
    """The first parts, and dots for the others."""
    return ", ".join(parts[:most]) + (" ..." if len(parts) > most else "")


def _often(counts: Mapping[str, int]) -> Iterator[str]:
    often = sorted(counts.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    return (name for name, count in often if count)
