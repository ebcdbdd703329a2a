"""How control gets to a region: through which loops and branches, in both programs alike.

Compilers merge what is equal in one region, and move what does not change out of a loop. They do
not compute in one branch, or in one iteration, what another region needs. So work is counted apart
for regions that control reaches in different ways.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pytest_jaxcost.hlo.regions import Region as CompiledRegion
from pytest_jaxcost.ir.equation import Equation, Inlined, Loop, Region, Switch

Path = tuple[str, ...]
"""`body` or `condition` of a loop, or `branch`, from the program inwards."""


def traced_paths(program: Inlined) -> dict[int, Path]:
    """The path of each region of a traced program, by ``id``."""
    found: dict[int, Path] = {id(program.main): ()}
    pending = [program.main]
    while pending:
        region = pending.pop()
        for equation in region.equations:
            for inner, step in _entered(equation):
                if id(inner) not in found:
                    found[id(inner)] = (*found[id(region)], *step)
                    pending.append(inner)
    return found


def _entered(equation: Equation) -> Iterator[tuple[Region, Path]]:
    control = equation.control
    if isinstance(control, Loop):
        yield control.body, ("body",)
        if control.test is not None:
            yield control.test, ("condition",)
    elif control is not None:
        step: Path = ("branch",) if isinstance(control, Switch) else ()
        for inner in control.regions:
            yield inner, step


def compiled_paths(regions: Mapping[str, CompiledRegion]) -> dict[str, Path]:
    """The path of each region of an optimized program, by name."""
    outer_first = list(regions)[::-1]
    found: dict[str, Path] = {outer_first[0]: ()}
    for name in outer_first:
        for inner in regions[name].inner:
            for each in inner.names:
                found.setdefault(each, (*found[name], inner.way))
    return found


def outwards(path: Path) -> Iterator[Path]:
    """The paths around a path, the nearest first."""
    for length in range(len(path) - 1, -1, -1):
        yield path[:length]


def nearest(path: Path, asked: Collection[Path]) -> Path:
    """The innermost part of a path that was asked for: compilers write loops of their own."""
    return next((each for each in (path, *outwards(path)) if each in asked), path)
