"""What is too little to be worth a fix: it is listed, and not counted.

Scalars that are computed twice beside a large model are true findings, and nobody mends them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.cost.record import NOTHING
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Finding
from pytest_jaxcost.report.units import share


class Found(NamedTuple):
    """A finding, the work that it is about, and what tells its cause from others."""

    finding: Finding
    work: Sequence[Occurrence]
    cause: Callable[[], Hashable]


def without_trivial(facts: Facts, found: Iterable[Found]) -> list[Finding]:
    """The findings, as bookkeeping where all that have one cause are below the floor together.

    The work decides, whatever part of it could be saved.
    """
    listed, floor = list(found), share(facts.floor)
    shares = [_share(facts, each) for each in listed]
    if all(each >= floor for each in shares):
        return [each.finding for each in listed]
    causes = [each.cause() for each in listed]
    together: dict[Hashable, float] = defaultdict(float)
    for cause, part in zip(causes, shares, strict=True):
        together[cause] += part
    return [
        each.finding if together[cause] >= floor else replace(each.finding, bookkeeping=True)
        for each, cause in zip(listed, causes, strict=True)
    ]


def in_one_line(facts: Facts, finding: Finding, occurrence: Occurrence) -> Found:
    """A finding about one equation, whose cause is a line of the user's."""
    return Found(finding, (occurrence,), lambda: _line(facts, occurrence))


def _line(facts: Facts, occurrence: Occurrence) -> Hashable:
    return tuple(position[:2] for position in facts.positions(occurrence.equation)[:1])


def _share(facts: Facts, found: Found) -> float:
    """The part of the program's work; all of it where that is unknown."""
    spent = NOTHING
    for region, equation in found.work:
        cost = facts.cost(equation)
        if cost is None:
            return 1.0
        spent += cost.times(region.weight)
    part = facts.share(spent, found.finding.kind)
    return 1.0 if part is None else part
