"""Causes: the equations that are wasted for one reason become one finding, with a sentence.

An analysis finds equations; a person mends a call, a line or a loop. So each analysis says what its
equations have in common (keys), and what has a key in common has one cause. The sentence is about
the outermost call of the user's code all of whose work is wasted, or about the expression that
wastes a part.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import CODES
from pytest_jaxcost.analyses.trivial import is_trivial
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Evidence, Finding, Place


class Found(NamedTuple):
    """A finding about one equation, and the equations that it is about."""

    finding: Finding
    work: Sequence[Occurrence]


class Told(NamedTuple):
    """What is said of a cause: a sentence, and where it is to be mended."""

    title: str
    places: Sequence[Place]
    hint: str = ""
    exact: bool = True
    """Whether mending it saves no more than the equations."""


Keys = Callable[[Found], Iterable[Hashable]]
Tell = Callable[[Sequence[Found]], Told]


def causes(
    facts: Facts, found: Iterable[Found], keys: Keys, tell: Tell, *, has_floor: bool = True
) -> list[Finding]:
    """One finding for each cause; what is too little to be worth a fix is bookkeeping.

    Findings have one cause if they have one of their `keys` in common, directly or through others.
    """
    groups = _connected(list(found), keys)
    return _with_ids([_one(facts, group, tell(group), has_floor) for group in groups])


def one_by_one(
    facts: Facts, found: Iterable[Found], tell: Callable[[Found], Told]
) -> list[Finding]:
    """The findings, each of which is a cause of its own, however little it is about."""
    return causes(facts, found, lambda _: (), lambda group: tell(*group), has_floor=False)


def _connected(found: Sequence[Found], keys: Keys) -> list[list[Found]]:
    """The findings in groups, the costliest finding of each first."""
    parents: dict[Hashable, Hashable] = {}

    def root(key: Hashable) -> Hashable:
        while (parent := parents.setdefault(key, key)) != key:
            parents[key] = parents[parent]
            key = parent
        return key

    # a key of its own, which is none of any analysis
    marks = [(("found", k), *keys(each)) for k, each in enumerate(found)]
    for first, *others in marks:
        for other in others:
            parents[root(other)] = root(first)
    groups: dict[Hashable, list[Found]] = {}
    for each, (first, *_) in zip(found, marks, strict=True):
        groups.setdefault(root(first), []).append(each)
    return [sorted(group, key=lambda each: -each.finding.operations) for group in groups.values()]


def _one(facts: Facts, group: Sequence[Found], told: Told, has_floor: bool) -> Finding:
    findings = [each.finding for each in group]
    first = findings[0]
    work = [occurrence for each in group for occurrence in each.work]
    whole = replace(
        first,
        code=CODES[first.kind],
        title=told.title,
        equations=tuple(each for finding in findings for each in _evidence(finding)),
        members=tuple(each for finding in findings for each in finding.members),
        edits=tuple(each for finding in findings for each in finding.edits),
        no_edit=next((finding.no_edit for finding in findings if finding.no_edit), ""),
        exact=told.exact and all(map(_is_exact, findings)),
        bookkeeping=has_floor and is_trivial(facts, first.kind, work),
        places=tuple(told.places) or first.places,
        phase=_common(finding.phase for finding in findings),
        scope=_common(finding.scope for finding in findings),
        hint=told.hint or weightiest(group)[0].finding.hint,
    )
    return facts.costing(whole, _together(findings))


def _is_exact(finding: Finding) -> bool:
    """Whether its price is; of a finding that has an edit for a part, it is that of the part."""
    return finding.exact and not (finding.edits and finding.no_edit)


def _evidence(finding: Finding) -> tuple[Evidence, ...]:
    has_edit = bool(finding.edits)
    return tuple(replace(each, has_edit=has_edit) for each in finding.equations)


def _common(texts: Iterable[str]) -> str:
    """What all of the texts are, or nothing."""
    different = set(texts)
    return different.pop() if len(different) == 1 else ""


def weightiest(group: Sequence[Found]) -> list[Found]:
    """The findings with the hint that most of the work has: of two hints, the one that saves more.

    Of two that save as much it is the first one's.
    """
    work: Counter[str] = Counter()
    for each in group:
        work[each.finding.hint] += each.finding.operations
    hint = max(work, key=lambda hint: work[hint])
    return [each for each in group if each.finding.hint == hint]


def _together(findings: Sequence[Finding]) -> Cost:
    return Cost(
        flops=sum(each.flops for each in findings),
        transcendentals=sum(each.transcendentals for each in findings),
        bytes_accessed=sum(each.bytes_accessed for each in findings),
    )


def _with_ids(findings: Sequence[Finding]) -> list[Finding]:
    """The findings with names that stay while the file changes elsewhere: no line is in them."""
    seen: Counter[str] = Counter()
    named = []
    for each in findings:
        functions = sorted({place.function for place in each.places})
        text = "|".join((each.kind, each.title, *functions))
        name = f"{each.code}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        seen[name] += 1
        named.append(replace(each, id=name if seen[name] == 1 else f"{name}-{seen[name]}"))
    return named


# what a sentence is about


def frame_place(frame: _compat.Frame, phase: str = "") -> Place:
    """A frame of the user's as a report shows it."""
    return Place(file=frame.file, line=frame.location[0], function=frame.function, phase=phase)
