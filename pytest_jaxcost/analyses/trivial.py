"""What is too little to be worth a fix: it is listed, and not counted.

Scalars that are computed twice beside a large model are true findings, and nobody mends them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Finding

FLOOR = 0.001
"""The part of the program's operations from which a finding counts."""


class Found(NamedTuple):
    """A finding, the work that it is about, and what tells its cause from others."""

    finding: Finding
    work: Sequence[Occurrence]
    cause: Callable[[], Hashable]


def without_trivial(facts: Facts, found: Iterable[Found]) -> list[Finding]:
    """The findings; those of a cause whose work is below the floor become bookkeeping.

    All work of a cause is added up, including the part that no fix would save.
    """
    listed = list(found)
    shares = [_share(facts, each.work) for each in listed]
    if all(share >= FLOOR for share in shares):
        return [each.finding for each in listed]
    causes = [each.cause() for each in listed]
    together: dict[Hashable, float] = defaultdict(float)
    for cause, share in zip(causes, shares, strict=True):
        together[cause] += share
    return [
        each.finding if together[cause] >= FLOOR else replace(each.finding, bookkeeping=True)
        for each, cause in zip(listed, causes, strict=True)
    ]


def in_one_line(facts: Facts, finding: Finding, occurrence: Occurrence) -> Found:
    """A finding about one equation, whose cause is a line of the user's."""
    return Found(finding, (occurrence,), lambda: _line(facts, occurrence))


def _line(facts: Facts, occurrence: Occurrence) -> Hashable:
    return tuple(position[:2] for position in facts.positions(occurrence.equation)[:1])


def _share(facts: Facts, occurrences: Sequence[Occurrence]) -> float:
    """The part of the program's work; all of it where that is unknown."""
    whole = facts.totals.flops + facts.totals.transcendentals
    work = 0
    for region, equation in occurrences:
        cost = facts.cost(equation)
        if cost is None:
            return 1.0
        work += (cost.flops + cost.transcendentals) * region.weight
    return work / whole if whole else 1.0
