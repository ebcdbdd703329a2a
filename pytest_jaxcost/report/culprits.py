"""Who is to blame: the findings behind a value, those that weigh most first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from .judge import Verdict
from .limits import Relation
from .measurement import Measurement
from .metrics import Family, Metric
from .records import Finding

# A sum over the whole program has contributors, not culprits: a few are enough.
SHOWN_OF_FINDINGS = 10
SHOWN_OF_TOTALS = 3

# The field of a finding that a metric is made from, where the two have different names.
FIELDS = {
    "largest_nbytes": "nbytes",
    "eqns": "count",
    "primitives": "count",
    "executions": "count",
}


class Culprit(NamedTuple):
    """A finding, and how many more like it stand at the same places."""

    finding: Finding
    alike: int


class Culprits(NamedTuple):
    """The findings to show, and how many were left out."""

    shown: tuple[Culprit, ...]
    left_out: int


NOBODY = Culprits((), 0)


def culprits(
    verdict: Verdict, measurement: Measurement, ignore: frozenset[str], *, everything: bool
) -> Culprits:
    """The findings behind a limit that is exceeded; nobody is to blame for too little."""
    limit = verdict.limit
    too_little = verdict.margin is None or verdict.margin <= 0
    if limit.relation is Relation.MIN or (too_little and limit.relation is Relation.MAX):
        return NOBODY
    if limit.subject.stage == "compiled":
        return NOBODY
    found = tuple(_findings(limit.subject, limit.item, measurement, ignore))
    field = field_of(limit.subject)
    weighing = [each for each in found if getattr(each, field) > _floor(verdict)]
    few = SHOWN_OF_FINDINGS if _is_blame(limit.subject) else SHOWN_OF_TOTALS
    return chosen(weighing, len(found) if everything else few, field=field)


def field_of(subject: Metric | Family) -> str:
    """The field of a finding that adds to the metric."""
    return FIELDS.get(subject.reads[1], subject.reads[1])


def chosen(findings: Iterable[Finding], n: int, *, field: str = "count") -> Culprits:
    """The ``n`` that weigh most in ``field``, after identical findings are folded into one."""
    alike = Counter(findings)
    folded = [Culprit(finding.times(k), k) for finding, k in alike.items()]
    folded.sort(key=lambda culprit: _weight(culprit.finding, field), reverse=True)
    return Culprits(tuple(folded[:n]), max(0, len(folded) - n))


def _weight(finding: Finding, field: str) -> tuple[int, ...]:
    """What is only counted weighs what it costs."""
    return finding.cost if field == "count" else (getattr(finding, field),)


def _floor(verdict: Verdict) -> Fraction:
    """What a finding must weigh to be to blame: of a largest, more than what is allowed."""
    largest = verdict.limit.subject.reads[1] == "largest_nbytes"
    return verdict.allowed or Fraction(0) if largest else Fraction(0)


def _is_blame(subject: Metric | Family) -> bool:
    return isinstance(subject, Family) or subject.kind is not None


def _findings(
    subject: Metric | Family, item: str | None, measurement: Measurement, ignore: frozenset[str]
) -> Iterable[Finding]:
    if isinstance(subject, Metric) and subject.kind is not None:
        return measurement.findings(subject.kind).without(ignore)
    name = None if item is None else measurement.canonical(item)
    return measurement.occurrences(name).all
