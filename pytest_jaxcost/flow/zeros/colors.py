"""How many tangents make a Jacobian if those that reach no output in common are pushed together.

Curtis, Powell and Reid 1974: columns of which no two have a nonzero in the same row can be found
from their sum. A tie between the rows of a basis and the indices of an output says that no two
tangents meet in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.depth import depth
from pytest_jaxcost.flow.zeros.interpret import known_values
from pytest_jaxcost.flow.zeros.pattern import Known, Pattern, ZeroOrigin, nothing
from pytest_jaxcost.flow.zeros.seeds import Seeds
from pytest_jaxcost.flow.zeros.spans import Spans
from pytest_jaxcost.ir.equation import Inlined

MOST_PARTS = 8
"""Parts of one basis that are looked at: the program is read again for each of them."""


def colors(program: Inlined, seeds: Seeds, carried: Sequence[int]) -> list[int]:
    """How many tangents do for each part of a basis: as many as there are where nothing is known.

    `carried` says as bits which parts each value depends on.
    """
    whole = [sets.count(rows) for rows in seeds.parts]
    if len(whole) > MOST_PARTS:
        return whole
    leaving = list(_leaving(program, seeds, carried))
    found = []
    for part, (rows, n) in enumerate(zip(seeds.parts, whole, strict=True)):
        known = known_values(program, _without_others(seeds, part))
        reached = [value for value in leaving if carried[value] >> part & 1]
        shapes = [program.avals[value].shape for value in reached]
        apart = [
            _never_meet(known[value], rows, shape, seeds.size)
            for value, shape in zip(reached, shapes, strict=True)
        ]
        found.append(1 if all(apart) else n)
    return found


def _leaving(program: Inlined, seeds: Seeds, carried: Sequence[int]) -> Iterable[int]:
    """The pieces of the Jacobian: what the derivative makes and something else reads."""
    before = depth(seeds.equation)
    made = {
        value
        for equation in seeds.region.equations
        if depth(equation) > before
        for value in equation.outputs
        if carried[value]
    }
    read = set(seeds.region.results)
    for _, equation in program.walk():
        if not made.isdisjoint(equation.inputs) and depth(equation) <= before:
            read.update(equation.inputs)
    return made & read


def _without_others(seeds: Seeds, part: int) -> dict[int, Known]:
    """The seeds of all parts but one, if they were zero."""
    zero = nothing(ZeroOrigin("zeros", None))
    values = enumerate(seeds.parts.values())
    return {value: zero for k, each in values if k != part for value in each}


def _never_meet(known: Known, rows: Spans, shape: Sequence[int], size: int) -> bool:
    """Whether an index of a Jacobian's piece belongs to one row of the basis at most."""
    if not isinstance(known, Pattern):
        return False
    if known.zero:
        return True
    axes = [
        axis
        for axis, span in enumerate(known.spans)
        if shape[axis] == size and sets.intersection(span, rows) == span
    ]
    return len(axes) == 1 and any(tie.coefs[axes[0]] for tie in known.ties)
