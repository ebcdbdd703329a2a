"""Who is to blame: the findings behind a value, those that weigh most first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple, cast

from .judge import Verdict
from .limit import Relation
from .measurement import Measurement
from .metrics import MEMORY, OPTIMIZED, Family, Metric
from .opcodes import COLLECTIVES
from .records import Finding, Findings

# A sum over the whole program has contributors, not culprits: a few are enough.
SHOWN_OF_FINDINGS = 10
SHOWN_OF_TOTALS = 3

# Metrics that say how many, and the one that says how large: what they read of a finding.
COUNTED = frozenset(
    {"count", "eqns", "primitives", "executions", "opcodes", "collective_counts"}
    | {"collective_executions"}
)
LARGEST = "largest_nbytes"


class Culprit(NamedTuple):
    """A finding, and how many like it stand at the same places."""

    finding: Finding
    alike: int

    @property
    def total(self) -> Finding:
        """All of them as one."""
        return self.finding.times(self.alike)

    def weight(self, field: str) -> tuple[int, ...]:
        """What they are ordered by: what is only counted weighs what it costs."""
        if field == LARGEST:
            return (self.finding.nbytes,)
        total = self.total
        return total.cost if field in COUNTED else (getattr(total, field),)


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
    found = tuple(_findings(limit.subject, limit.item, measurement, ignore))
    field = limit.subject.weighs
    floor = _floor(verdict)
    weighing = [
        each for each in found if field in COUNTED or Culprit(each, 1).weight(field)[0] > floor
    ]
    few = SHOWN_OF_FINDINGS if _is_blame(limit.subject) else SHOWN_OF_TOTALS
    return chosen(weighing, len(found) if everything else few, field=field)


def chosen(findings: Iterable[Finding], n: int, *, field: str = "count") -> Culprits:
    """The ``n`` that weigh most in ``field``, after identical findings are folded into one."""
    folded = [Culprit(finding, alike) for finding, alike in Counter(findings).items()]
    folded.sort(key=lambda culprit: culprit.weight(field), reverse=True)
    return Culprits(tuple(folded[:n]), max(0, len(folded) - n))


def _floor(verdict: Verdict) -> Fraction:
    """What a finding must weigh to be to blame: of a largest, more than what is allowed."""
    largest = verdict.limit.subject.reads[1] == LARGEST
    return (verdict.allowed or Fraction(0)) if largest else Fraction(0)


def _is_blame(subject: Metric | Family) -> bool:
    return isinstance(subject, Family) or subject.kind is not None


def _findings(
    subject: Metric | Family, item: str | None, measurement: Measurement, ignore: frozenset[str]
) -> Iterable[Finding]:
    if subject.reads[0] in OPTIMIZED:
        return cast("Findings", getattr(measurement.compiled(), subject.reads[0]))
    if isinstance(subject, Metric) and subject.kind is not None:
        if subject.stage == "compiled":
            judged = measurement.judged(subject.kind).without(ignore)
            return (*judged.surviving, *judged.undecided)
        return measurement.findings(subject.kind).without(ignore)
    if subject.stage == "compiled":
        return _instructions(subject, item, measurement)
    name = None if item is None else measurement.canonical(item)
    return measurement.occurrences(name).all


def _instructions(
    subject: Metric | Family, item: str | None, measurement: Measurement
) -> Iterable[Finding]:
    """The instructions that a count of the compiled program is made of; nobody uses memory."""
    if subject.reads[1] in MEMORY:
        return ()
    found = measurement.instructions(item).all
    only_collectives = subject.reads[1] == "collective_bytes"
    return [each for each in found if not only_collectives or each.primitive in COLLECTIVES]
