"""Regions inside regions, and how often each runs.

Serves the traced and the compiled program alike, so that what one asks for can be held against what
the other does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple

from pytest_jaxcost.hlo.regions import Region as CompiledRegion
from pytest_jaxcost.ir.equation import Block, Inlined, Region, Switch


class Inner(NamedTuple):
    """Regions of which one runs, `times` times; None where that is not known."""

    times: int | None
    regions: tuple[Hashable, ...]


class Nesting(NamedTuple):
    """What each region enters, inner regions before outer ones; the last is the program."""

    inner: Mapping[Hashable, tuple[Inner, ...]]

    @property
    def exact(self) -> bool:
        """Whether it is known how often every region runs."""
        return all(each.times is not None for inner in self.inner.values() for each in inner)

    def runs(self, times: Callable[[int | None], int]) -> Mapping[Hashable, int]:
        """How often each region runs in one run of the program, if all branches are taken.

        `times` says how often a region counts that is entered so many times, or None if unknown.
        """
        runs: Counter[Hashable] = Counter({next(reversed(self.inner), None): 1})
        for region in reversed(self.inner):
            for inner in self.inner[region]:
                for each in inner.regions:
                    runs[each] += runs[region] * times(inner.times)
        return runs


def traced_nesting(program: Inlined) -> Nesting:
    """The regions of a traced program, by ``id``; devices and kernels count as one run."""
    order = reversed(tuple(program.regions()))
    return Nesting({id(region): tuple(_entered(region)) for region in _inner_first(order)})


def _inner_first(regions: Iterable[Region]) -> list[Region]:
    """Regions after all that they enter."""
    done: dict[int, Region] = {}
    stack = list(regions)
    while stack:
        region = stack[-1]
        missing = [each for each in _below(region) if id(each) not in done]
        if missing:
            stack.extend(missing)
        else:
            done.setdefault(id(stack.pop()), region)
    return list(done.values())


def _below(region: Region) -> list[Region]:
    controls = (equation.control for equation in region.equations)
    return [inner for control in controls if control is not None for inner in control.regions]


def _entered(region: Region) -> Iterable[Inner]:
    for equation in region.equations:
        control = equation.control
        if isinstance(control, Switch):
            yield Inner(1, tuple(map(id, control.regions)))
        elif control is not None:
            for inner in control.regions:
                yield Inner(_times(inner, block=isinstance(control, Block)), (id(inner),))


def _times(region: Region, *, block: bool) -> int | None:
    if block:
        return 1
    return region.trips if region.exact else None


def compiled_nesting(regions: Mapping[str, CompiledRegion]) -> Nesting:
    """The regions of an optimized program, by name."""
    return Nesting(
        {
            name: tuple(Inner(inner.times, inner.names) for inner in region.inner)
            for name, region in regions.items()
        }
    )
