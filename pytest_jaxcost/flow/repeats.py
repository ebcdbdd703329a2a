"""Equations that compute a value which another one computes too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Region

Guard = frozenset[tuple[int, int]]
"""Under which predicates an equation runs: value number of an index, and the branch."""


class Occurrence(NamedTuple):
    """An equation and the region it runs in."""

    region: Region
    equation: Equation


class Repetition(NamedTuple):
    """One value, computed by `first` and computed again by `again`."""

    first: Occurrence
    again: tuple[Occurrence, ...]


def occurrences(program: Inlined) -> Iterator[Occurrence]:
    """The equations that do work: leaves, and bodies with an interface of their own as one."""
    for region, equation in program.walk():
        if equation.control is None or isinstance(equation.control, Block):
            yield Occurrence(region, equation)


def repetitions(program: Inlined, numbers: Sequence[int], live: bytearray) -> list[Repetition]:
    """The values that live equations compute more than once, in program order.

    Two equations repeat each other if one of them runs whenever the other does. Different branches
    of one ``cond`` never do. Left out are what a differentiated checkpoint runs again, and what
    stands in a loop that never runs.
    """
    groups: dict[int, list[Occurrence]] = {}
    for occurrence in occurrences(program):
        region, equation = occurrence
        outputs = equation.outputs
        remat = equation.site is not None and equation.site.remat
        if outputs and region.weight and not remat and is_live(equation, live):
            groups.setdefault(numbers[outputs[0]], []).append(occurrence)
    repeated = (group for group in groups.values() if len(group) > 1)
    return [each for group in repeated for each in _covered(group, numbers)]


def _covered(group: list[Occurrence], numbers: Sequence[int]) -> Iterator[Repetition]:
    """Split a group by who runs whenever another one does; the least often run is kept."""
    guards = {id(each): _guard(each.region, numbers) for each in group}
    ordered = sorted(group, key=lambda each: (len(guards[id(each)]), each.region.weight))
    while ordered:
        first, *rest = ordered
        implied = guards[id(first)]
        again = tuple(each for each in rest if implied <= guards[id(each)])
        if again:
            yield Repetition(first, again)
        ordered = [each for each in rest if not implied <= guards[id(each)]]


def _guard(region: Region, numbers: Sequence[int]) -> Guard:
    guard = []
    current: Region | None = region
    while current is not None:
        if current.guard is not None:
            index, branch = current.guard
            guard.append((numbers[index], branch))
        current = current.parent
    return frozenset(guard)
