"""What a group of equations asks for and what is done at its places, path by path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from pytest_jaxcost.analyses.survival.evaluations import Counted, Work
from pytest_jaxcost.analyses.survival.paths import Path, nearest
from pytest_jaxcost.flow.repeats import Occurrence

T = TypeVar("T")


class Asked(NamedTuple):
    """The equations on one path: how many, and in which regions."""

    number: int
    regions: frozenset[int]


class Found(NamedTuple):
    """The evaluations on one path: how many, in which regions, and at which places."""

    number: int
    regions: frozenset[str]
    places: frozenset[Hashable]


class Here(NamedTuple):
    """What is asked for, needed and done on one path, or on all paths that begin with one."""

    asked: Asked
    needed: Asked
    found: Found

    @property
    def is_exceeded(self) -> bool:
        """Whether more is done than is needed."""
        return self.found.number > self.needed.number

    @property
    def is_spread(self) -> bool:
        """Whether it is done in more regions, of those that asked for it, than are needed."""
        at_most = min(len(self.found.regions), len(self.asked.regions))
        return at_most > len(self.needed.regions)


class Tally(NamedTuple):
    """All equations of a group, those that compute each value once, and what is done for them."""

    asked: Mapping[Path, Asked]
    needed: Mapping[Path, Asked]
    found: Mapping[Path, Found]
    again: int
    """How many values are computed again."""
    works: tuple[Work, ...]

    def on(self, path: Path) -> Here:
        """What there is on exactly this path."""
        return self._sum([path])

    def within(self, path: Path) -> Here:
        """What there is on the path and further inwards."""
        paths = self.asked.keys() | self.found.keys()
        return self._sum([each for each in paths if each[: len(path)] == path])

    def _sum(self, paths: list[Path]) -> Here:
        asked, needed = (
            [own[path] for path in paths if path in own] for own in (self.asked, self.needed)
        )
        found = [self.found[path] for path in paths if path in self.found]
        return Here(
            Asked(sum(each.number for each in asked), _union(each.regions for each in asked)),
            Asked(sum(each.number for each in needed), _union(each.regions for each in needed)),
            Found(
                sum(each.number for each in found),
                _union(each.regions for each in found),
                _union(each.places for each in found),
            ),
        )


def _union(sets: Iterable[frozenset[T]]) -> frozenset[T]:
    return frozenset[T]().union(*sets)


def asked_for(members: Iterable[Occurrence], paths: Mapping[int, Path]) -> dict[Path, Asked]:
    """The equations by the path of their region."""
    by_path: dict[Path, list[int]] = {}
    for each in members:
        by_path.setdefault(paths[id(each.region)], []).append(id(each.region))
    return {path: Asked(len(own), frozenset(own)) for path, own in by_path.items()}


def found_for(
    asked: Mapping[Path, Asked],
    works: Iterable[tuple[Work, Hashable]],
    counted: Counted,
    paths: Mapping[str, Path],
) -> dict[Path, Found]:
    """The evaluations that works make up, by the path that asked; works with places."""
    numbers: Counter[Path] = Counter()
    for region, number in counted.own.items():
        numbers[nearest(paths[str(region)], asked)] += number
    regions: dict[Path, set[str]] = {}
    places: dict[Path, set[Hashable]] = {}
    for work, place in works:
        path = nearest(paths[work.region], asked)
        regions.setdefault(path, set()).add(work.region)
        places.setdefault(path, set()).add(place)
    return {
        path: Found(
            _rounded(numbers[path], counted.instructions),
            frozenset(regions[path]),
            frozenset(places[path]),
        )
        for path in regions
    }


def _rounded(number: int, unit: int) -> int:
    """So many evaluations of `unit` instructions each; part of one is one, if there is no other."""
    return max((2 * number + unit) // (2 * unit), min(number, 1))
