"""The causes of wasted work: calls and expressions of the user's that do nothing else.

Equations have one cause if one call of the user's makes both, or if one reads what the other
computes: who mends one line mends the lines that follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property, partial

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.causes import Found, Told, causes, frame_place
from pytest_jaxcost.analyses.chains import Chains
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.subjects import Subject, distinct, subject
from pytest_jaxcost.flow.calls import Calls
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Finding, Place

MOST_PLACES = 3
"""Places of one cause that are shown."""

Frames = tuple[_compat.Frame, ...]

Sentence = Callable[[Sequence[Subject], Found], str]
"""What is said of subjects; the finding is the costliest of the group."""

Keys = Callable[["WastedCalls", Found], Iterable[Hashable]]


def wasted_calls(
    facts: Facts,
    found: Iterable[Found],
    sentence: Sentence,
    *,
    keys: Keys | None = None,
    also: Iterable[Occurrence] = (),
    start: Callable[[Occurrence], int] = lambda _: 0,
    known: Callable[[Occurrence], Frames] = lambda _: (),
    has_floor: bool = True,
) -> list[Finding]:
    """One finding for each call or expression that does nothing but wasted work.

    Work of which there is `also` too much, and that is not counted, is no other work.
    """
    listed = list(found)
    if not listed:
        return []
    calls = WastedCalls(facts, [each for one in listed for each in one.work], also, start, known)

    def tell(group: Sequence[Found]) -> Told:
        return Told(sentence(calls.subjects(group), group[0]), calls.places(group))

    return causes(
        facts, listed, partial(keys or WastedCalls.keys, calls), tell, has_floor=has_floor
    )


class WastedCalls:
    """The calls that wasted equations belong to.

    `start` is how many of the outermost frames of an equation lead to a body that it stands in, and
    are no calls of wasted work themselves. `known` are the frames of the call, the outermost first,
    where something else tells it.
    """

    def __init__(
        self,
        facts: Facts,
        wasted: Iterable[Occurrence],
        also: Iterable[Occurrence] = (),
        start: Callable[[Occurrence], int] = lambda _: 0,
        known: Callable[[Occurrence], Frames] = lambda _: (),
    ) -> None:
        self._facts, self._start, self._known = facts, start, known
        listed = list(wasted)
        self._chosen = {id(each.equation) for each in (*listed, *also)}
        self._chains = Chains(facts, (v for each in listed for v in each.equation.outputs))
        self._frames: dict[int, tuple[_compat.Frame, ...]] = {}

    def keys(self, found: Found) -> Iterable[Hashable]:
        """What a finding has in common with those of the same cause."""
        for each in found.work:
            yield self.frames(each)[:1] or id(each.equation)
            yield from each.equation.outputs
            yield from self._chains.read(each.equation)

    def subjects(self, group: Sequence[Found]) -> list[Subject]:
        """What the equations of a group belong to, the costliest first."""
        return distinct(self._subject(each) for found in group for each in found.work[:1])

    def _subject(self, occurrence: Occurrence) -> Subject:
        context = self._facts.evaluations.of(occurrence.equation).evaluation[0]
        is_part = not self._known(occurrence) and self._calls.does_more(context)
        return subject(self.frames(occurrence), is_part=is_part)

    def places(self, group: Sequence[Found]) -> list[Place]:
        """Where that is called, costliest first."""
        places: dict[tuple[str, int], Place] = {}
        for found in group:
            for each in found.work[:1]:
                for frame in self.frames(each)[:1]:
                    place = frame_place(frame, self._facts.phases.of(each.equation))
                    places.setdefault((place.file, place.line), place)
        return list(places.values())[:MOST_PLACES]

    def frames(self, occurrence: Occurrence) -> tuple[_compat.Frame, ...]:
        """The user's frames from the outermost call that is all wasted, that one first."""
        equation = occurrence.equation
        if id(equation) not in self._frames:
            context = self._facts.evaluations.of(equation).evaluation[0]
            outermost = partial(self._calls.outermost, context, self._start(occurrence))
            self._frames[id(equation)] = self._known(occurrence) or outermost()
        return self._frames[id(equation)]

    @cached_property
    def _calls(self) -> Calls:
        return Calls(self._facts.evaluations, self._chosen, self._facts.is_live)
