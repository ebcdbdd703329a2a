"""The causes of repetitions: the calls of the user's code that evaluate something again.

The ways to the evaluations of a repeated value part in the user's code: there one call is made
again, or a Python loop runs one again. All repetitions whose ways part there have one cause. The
sentence names what is called where all of it is repeated, and else the part that is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import cached_property

from pytest_jaxcost.analyses.causes import Found, Told, causes, frame_place, weightiest
from pytest_jaxcost.analyses.chains import Chains
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.hints import (
    CALL_ONCE,
    FACTOR_ONCE,
    REUSE,
    SAME_MATRIX,
    SENTENCES,
    repetition_hint,
)
from pytest_jaxcost.analyses.merging import merges
from pytest_jaxcost.analyses.subjects import Subject, distinct, located, subject, together, verb
from pytest_jaxcost.analyses.whose import ways_to
from pytest_jaxcost.flow.calls import Calls
from pytest_jaxcost.flow.evaluations import Way
from pytest_jaxcost.flow.repeats import Occurrence, Repetition
from pytest_jaxcost.ir import where
from pytest_jaxcost.report.records import Finding, Place
from pytest_jaxcost.report.wording import times

Sentence = Callable[[Sequence[Subject], int, Collection[str]], str]
"""Says of subjects that they are evaluated so many times; the functions are shown anyway."""


def repeated_calls(
    facts: Facts,
    kind: str,
    repetitions: Sequence[Repetition],
    sentence: Sentence | None = None,
    *,
    has_floor: bool = True,
) -> list[Finding]:
    """One finding for each cause of repetitions; `sentence` says what is repeated."""
    told = _Told(facts, sentence or _sentence)
    found = [Found(_finding(facts, kind, each), each.again) for each in repetitions]
    told.repeated = {id(each.finding): r for each, r in zip(found, repetitions, strict=True)}
    return causes(facts, found, told.keys, told.tell, has_floor=has_floor)


def _finding(facts: Facts, kind: str, repetition: Repetition) -> Finding:
    return facts.finding(
        kind,
        repetition.again,
        hint=repetition_hint(facts, repetition),
        bookkeeping=False,
        edits=merges(facts, repetition),
    )


class _Told:
    """What is said of repetitions; `repeated` has them by the ``id`` of the finding about each."""

    def __init__(self, facts: Facts, sentence: Sentence) -> None:
        self._facts, self._sentence = facts, sentence
        self.repeated: dict[int, Repetition] = {}
        self._ways: dict[int, list[Way]] = {}

    def keys(self, found: Found) -> Iterable[Hashable]:
        """Where the ways to the evaluations part, the value, and those it is computed from."""
        numbers, first = self._facts.numbers, self.repeated[id(found.finding)].first.equation
        yield frozenset(way.inside[:1] for way in self._ways_to(found))
        yield from (numbers[value] for value in first.outputs)
        yield from (numbers[value] for value in self._chains.read(first))

    @cached_property
    def _chains(self) -> Chains:
        made = (o for each in self.repeated.values() for o in (each.first, *each.again))
        return Chains(self._facts, (value for each in made for value in each.equation.outputs))

    def tell(self, group: Sequence[Found]) -> Told:
        """What is evaluated again, and from where."""
        weightiest_first = weightiest(group)
        hint = weightiest_first[0].finding.hint
        n = self._evaluations(weightiest_first[0])
        places = self._places(group)
        is_exact = not any(self._has_backward_passes(each) for each in group)
        subjects = distinct(self._subject(each) for each in group)
        function = self._called(weightiest_first[0])
        if function and hint in SENTENCES:
            title = SENTENCES[hint].format(function=function, times=times(n))
        else:
            title = self._sentence(subjects, n, {place.function for place in places})
        if hint == REUSE and subjects[0].is_call and len(subjects) == 1:
            hint = CALL_ONCE.format(function=subjects[0].text)
        elif hint == REUSE and (factored := self._factored(group)):
            title, hint = factored
        return Told(title, places, hint, is_exact)

    def _factored(self, group: Sequence[Found]) -> tuple[str, str] | None:
        """What to say where different calls of JAX's functions factor one matrix."""
        found = next((each for each in group if each.finding.primitive in FACTOR_ONCE), None)
        if found is None:
            return None
        is_own = self._facts.evaluations.origins.is_own
        ways = [[frame for frame in way.inside if is_own(frame)] for way in self._ways_to(found)]
        calls = distinct(subject(way[-1:]) for way in ways if way)
        context = self._facts.evaluations.of(found.work[0].equation).evaluation[0]
        is_part = len(calls) > 1 and self._calls.does_more(context)
        if not is_part and len({each.text.partition("(")[0] for each in calls}) < 2:
            return None
        return SAME_MATRIX.format(subjects=located(calls)), FACTOR_ONCE[found.finding.primitive]

    def _evaluations(self, found: Found) -> int:
        """How often a value is evaluated; of a linear map that is pulled again, how often that."""
        repetition, evaluations = self.repeated[id(found.finding)], self._facts.evaluations
        every = (repetition.first, *repetition.again)
        different = {evaluations.of(each.equation).evaluation for each in every}
        return len(different) if len(different) > 1 else len(every)

    def _called(self, found: Found) -> str:
        """The function that is called where the ways part, if it is one and the same."""
        is_own = self._facts.evaluations.origins.is_own
        ways = [[frame for frame in way.inside if is_own(frame)] for way in self._ways_to(found)]
        called = {subject(way).text if subject(way).is_call else "" for way in ways}
        return called.pop() if len(called) == 1 else ""

    def _subject(self, found: Found) -> Subject:
        """What is evaluated first, in all of the functions that evaluate the same again."""
        repetition, evaluations = self.repeated[id(found.finding)], self._facts.evaluations
        every = (repetition.first, *repetition.again)
        contexts = dict.fromkeys(evaluations.of(each.equation).evaluation[0] for each in every)
        subjects = [
            subject(
                self._calls.outermost(context, len(way.outside)),
                is_part=self._calls.does_more(context),
            )
            for context, way in zip(contexts, self._ways_to(found), strict=True)
        ]
        return together(subjects)

    @cached_property
    def _calls(self) -> Calls:
        facts = self._facts
        repeated = (o for each in facts.repetitions for o in (each.first, *each.again))
        return Calls(facts.evaluations, {id(each.equation) for each in repeated}, facts.is_live)

    def _ways_to(self, found: Found) -> list[Way]:
        """The ways to the evaluations, that to the first one first."""
        key = id(found.finding)
        if key not in self._ways:
            repetition = self.repeated[key]
            self._ways[key] = ways_to(self._facts, (repetition.first, *repetition.again))
        return self._ways[key]

    def _places(self, group: Sequence[Found]) -> list[Place]:
        """Where the calls are made, with the phase of the first work that each of them does."""
        places: dict[tuple[str, int], Place] = {}
        for found in group:
            for place in self._parting(found):
                places.setdefault((place.file, place.line), place)
        return list(places.values())

    def _parting(self, found: Found) -> Iterator[Place]:
        facts, repetition = self._facts, self.repeated[id(found.finding)]
        phases: dict[int, str] = {}
        for each in (repetition.first, *repetition.again):
            context = facts.evaluations.of(each.equation).evaluation[0]
            phases.setdefault(context, facts.phases.of(each.equation))
        for way, phase in zip(self._ways_to(found), phases.values(), strict=True):
            own = [frame for frame in way.inside if facts.evaluations.origins.is_own(frame)]
            for frame in (own or way.outside[-1:])[:1]:
                yield frame_place(frame, phase)

    def _has_backward_passes(self, found: Found) -> bool:
        """Whether cotangents are pulled through two of the evaluations, on account of each."""
        repetition, evaluations = self.repeated[id(found.finding)], self._facts.evaluations
        pulled = {
            evaluations.of(each.equation).evaluation
            for each in (repetition.first, *repetition.again)
            if self._is_pulled(each)
        }
        return len(pulled) > 1

    def _is_pulled(self, occurrence: Occurrence) -> bool:
        evaluations = self._facts.evaluations
        made = evaluations.work[evaluations.of(occurrence.equation).evaluation]
        return any(
            each.phase == where.TRANSPOSE and id(each.occurrence.equation) not in self._again
            for each in made
        )

    @cached_property
    def _again(self) -> set[int]:
        return {id(o.equation) for each in self._facts.repetitions for o in each.again}


def _sentence(subjects: Sequence[Subject], n: int, shown: Collection[str]) -> str:
    """``model is evaluated twice with the same values``; places name the functions `shown`."""
    first = subjects[0]
    if len(subjects) == 1 and first.is_call:
        inside = "" if not first.function or first.is_shown(shown) else f" in {first.function}"
        return f"{first.text}{inside} is evaluated {times(n)} with the same values"
    return f"{located(subjects)} {verb(subjects, 'are', 'is')} computed {times(n)}"
