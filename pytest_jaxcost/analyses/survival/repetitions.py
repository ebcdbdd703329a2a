"""Verdicts on values that are computed again.

The work of the equations that compute one value is looked for among the instructions that were
lowered from the same primitive at the same places, under the same scopes and transforms, and there
on each path apart. A repetition survives where its path has more of it than is needed there. On a
path where nothing is needed but what is computed elsewhere, any of it is too much.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from pytest_jaxcost.analyses.survival.asked import Group
from pytest_jaxcost.analyses.survival.comparison import Comparison
from pytest_jaxcost.analyses.survival.origins import LEVELS, SIZED_LEVELS, Level, anywhere, line
from pytest_jaxcost.analyses.survival.paths import Path, outwards
from pytest_jaxcost.analyses.survival.tallies import Here, Tally
from pytest_jaxcost.analyses.survival.verdict import DECOMPOSED, UNNAMED, Verdict
from pytest_jaxcost.flow.repeats import Occurrence

PARTLY = "{found} such computations are left at its places; {asked} were asked for, {needed} needed"
SHARED = "another primitive is lowered to instructions of the same name there"
REWRITTEN = "more of it is left at its place than needed, as a rewritten computation would be, too"

LIBRARY = "custom-call"

GONE = Verdict("removed")
LEFT = Verdict("survives")


def repetition(both: Comparison, members: list[Occurrence]) -> Verdict:
    """What became of the repetitions of the value that equations compute."""
    verdict, found = _at_places(both, members, SIZED_LEVELS)
    if not found:
        verdict, found = _at_places(both, members, LEVELS)
    if verdict == GONE:
        verdict = _nameless(both, members)
    if verdict != GONE:
        return verdict
    if _is_left_in_parts(both, members):
        return Verdict("unknown", DECOMPOSED)
    if _is_unrecognised(both, members):
        return Verdict("unknown", UNNAMED)
    return GONE


def _is_left_in_parts(both: Comparison, members: list[Occurrence]) -> bool:
    """Whether two places have a function that the primitive is lowered to, and not itself."""
    group = both.asked.group(members, LEVELS[0])
    parts = both.done.lowered_as_function(group.primitive)
    left = {key for work in parts for key in work.keys(group.level)} & group.keys
    return len(left) > 1 and not both.matching(group)


def _at_places(
    both: Comparison, members: list[Occurrence], levels: Sequence[Level]
) -> tuple[Verdict, bool]:
    """The verdict at the finest level that has a place for each instruction; if any was found."""
    found = False
    for level in levels:
        group = both.asked.group(members, level)
        places = _Places(both, members, group, both.tally(group))
        found = bool(places.tally.found)
        verdict = _strongest(places.on(path) for path in places.again)
        if verdict != GONE or both.is_complete(group, levels[-1]):
            return verdict, found
    return GONE, found


def _strongest(verdicts: Iterable[Verdict]) -> Verdict:
    """What survives on one path survives; what is unknown on one is not removed."""
    return max(verdicts, key=lambda each: (each == LEFT, each != GONE), default=GONE)


class _Places(NamedTuple):
    """The equations of one value among those that share their places."""

    both: Comparison
    members: list[Occurrence]
    group: Group
    tally: Tally

    @property
    def again(self) -> Iterable[Path]:
        """The paths on which the value is computed again."""
        again = filter(self.both.asked.is_again, self.members)
        return dict.fromkeys(self.both.path(each) for each in again)

    def on(self, path: Path) -> Verdict:
        """The verdict on what is computed again on one path."""
        if not self.tally.on(path).found.number:
            return self._moved_from(path)
        if path in self.tally.needed:
            return self._too_much(lambda tally: tally.on(path))
        return LEFT if self.both.done.names_one_frame or path in self._left() else GONE

    def _moved_from(self, path: Path) -> Verdict:
        """The verdict if nothing is left on the path: its work may have moved out of a loop."""
        places = {place for place, here in self._computing() if here == path}
        for outer in outwards(path):
            if not places.isdisjoint(self.tally.on(outer).found.places):
                return self._too_much(partial(Tally.within, path=outer))
        return GONE

    def _too_much(self, narrow: Callable[[Tally], Here]) -> Verdict:
        """The verdict where a part of the work is needed."""
        here = narrow(self.tally)
        is_more = here.is_spread or here.is_exceeded
        if not is_more or not self._is_left_twice():
            return GONE
        if here.is_spread:
            return self._by_regions(here)
        wider = (self.both.asked.group(self.members, level) for level in (line, anywhere))
        if not all(narrow(self.both.tally(each)).is_exceeded for each in wider):
            return GONE
        return self._by_number(here)

    def _left(self) -> list[Path]:
        """The path of each place that computes the value and is left there or further outwards."""
        return [
            path
            for place, path in self._computing()
            if any(place in self.tally.on(each).found.places for each in (path, *outwards(path)))
        ]

    def _computing(self) -> frozenset[tuple[Hashable, Path]]:
        """The places that compute the value, with their paths."""
        asked, level = self.both.asked, self.group.level
        same = asked.same_value(self.members[0], level)
        return frozenset((asked.place(each, level), self.both.path(each)) for each in same)

    def _is_left_twice(self) -> bool:
        """Whether two of the places that compute the value are left, if it has two."""
        is_one = self.both.done.names_one_frame or len(self._computing()) == 1
        return is_one or len(self._left()) > 1 or any(map(self._stands_for_others, self._left()))

    def _stands_for_others(self, path: Path) -> bool:
        """Whether a place of the value has more on a path than was asked for there.

        A compiler that finds two computations equal may give both the places of one.
        """
        places = [place for place, here in self._computing() if here == path]
        return any(self.both.is_crowded(self.group, place, path) for place in places)

    def _by_regions(self, here: Here) -> Verdict:
        """More regions than needed have it: this value, if all are left or there is no other."""
        found, asked, needed = here.found.number, here.asked.number, here.needed.number
        is_everywhere = here.is_spread and len(here.found.regions) >= len(here.asked.regions)
        if found >= asked or is_everywhere or self.tally.again == 1:
            return LEFT
        return Verdict("unknown", PARTLY.format(found=found, asked=asked, needed=needed))

    def _by_number(self, here: Here) -> Verdict:
        """The verdict where only the number of instructions says that something survives.

        Compilers merge what is equal in one region. What they rewrote, or another primitive's
        lowering, may look like it where no place tells two computations apart.
        """
        if self.both.is_shared(self.group, self.tally.works):
            return Verdict("unknown", SHARED)
        if not self.both.done.is_counted(self.group.eqn, self.tally.works):
            return Verdict("unknown", REWRITTEN)
        is_library = any(work.evaluation.opcode == LIBRARY for work in self.tally.works)
        if len(here.found.regions) == 1 and len(self._computing()) == 1 and not is_library:
            return Verdict("unknown", REWRITTEN)
        return self._by_regions(here)


def _is_unrecognised(both: Comparison, members: list[Occurrence]) -> bool:
    """Whether less of its size is known than asked for, and instructions there may be parts of it.

    What is computed twice in one region is merged before it is rewritten, or joined with another.
    """
    everything = both.asked.group(members, anywhere)
    same = both.asked.same_value(members[0], anywhere)
    if len({id(each.region) for each in same}) == 1:
        return False
    tally = both.tally_of_all(everything)
    if not tally.found and both.is_anything_nameless(everything.eqn):
        return True
    again = filter(both.asked.is_again, members)
    paths = {both.path(each) for each in again} & both.paths_of_other_sizes(everything)
    return any(tally.on(path).found.number < tally.on(path).asked.number for path in paths)


def _nameless(both: Comparison, members: list[Occurrence]) -> Verdict:
    """The verdict where nothing is left at the places, but work that does not name its own is."""
    everything = both.asked.group(members, anywhere)
    if not both.loose(everything):
        return GONE
    places = _Places(both, members, everything, both.tally_of_all(everything))
    is_only_one = both.is_only_one(everything.primitive)
    verdicts = (_unnamed(places.tally, path, known=is_only_one) for path in places.again)
    return _strongest(verdicts)


def _unnamed(tally: Tally, path: Path, *, known: bool) -> Verdict:
    """The verdict on one path; the work is `known` if nothing else makes such instructions.

    What is there more often than it was asked for are parts of it.
    """
    here = tally.on(path)
    if not here.is_exceeded:
        return GONE
    if known and (path not in tally.needed or here.found.number == here.asked.number):
        return LEFT
    if path in tally.needed and len(here.asked.regions) == 1:
        return GONE
    return Verdict("unknown", UNNAMED)
