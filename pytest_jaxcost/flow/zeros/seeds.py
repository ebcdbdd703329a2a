"""Bases that are cut into the seeds of several arguments, or of several outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pytest_jaxcost.flow.dependence import ancestors, dependents
from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.depth import depth
from pytest_jaxcost.flow.zeros.pattern import Known, Pattern
from pytest_jaxcost.flow.zeros.spans import Spans
from pytest_jaxcost.ir.equation import Equation, Inlined, Region

Standing = tuple[Region, Equation]
"""An equation and the region that it stands in."""


class Seeds(NamedTuple):
    """A basis and the parts that it is cut into."""

    region: Region
    equation: Equation
    """The comparison that makes the basis, of as many rows as columns."""
    parts: Mapping[Spans, tuple[int, ...]]
    """The values that each part became, by the rows that are not zero in it."""

    @property
    def size(self) -> int:
        """How many tangents, or cotangents, the basis is."""
        rows: int = self.equation.eqn.outvars[0].aval.shape[0]
        return rows


def seeds(program: Inlined, known: Sequence[Known], cuts: Iterable[Equation]) -> list[Seeds]:
    """The bases that the equations `cuts` cut, each with all of its parts."""
    made = {value: each for each in program.walk() for value in each[1].outputs}
    roots = {id(root[1]): root for cut in cuts if (root := _root(cut, made)) is not None}
    found = (_cut(program, known, *root) for root in roots.values())
    return [each for each in found if len(each.parts) > 1]


def makers(program: Inlined, seeds: Seeds) -> Iterator[Equation]:
    """The equations that make a basis, before it is cut."""
    needed = ancestors(program, seeds.equation.outputs)
    made = dependents(program, seeds.equation.outputs)
    before = depth(seeds.equation)
    shape = seeds.equation.eqn.outvars[0].aval.shape
    for _, equation in program.walk():
        for value in equation.outputs[:1] if equation.control is None else ():
            is_on_the_way = made[value] and depth(equation) <= before
            if (needed[value] or is_on_the_way) and program.avals[value].shape == shape:
                yield equation


def _root(cut: Equation, made: Mapping[int, Standing]) -> Standing | None:
    """The comparison whose result was cut, if nothing but its type was changed before."""
    found = made.get(cut.inputs[0])
    while found is not None and found[1].primitive != "eq":
        found = made.get(found[1].inputs[0]) if len(found[1].inputs) == 1 else None
    return found


def _cut(program: Inlined, known: Sequence[Known], region: Region, equation: Equation) -> Seeds:
    parts: dict[Spans, tuple[int, ...]] = {}
    reached = dependents(program, equation.outputs)
    before = depth(equation)
    for _, each in program.walk():
        if each.control is None and _cuts(known, each) and reached[each.outputs[0]]:
            for value in each.outputs if depth(each) <= before or _is_sliced(known, each) else ():
                rows = _rows(known[value], program.avals[value].shape)
                if rows is not None:
                    parts[rows] = (*parts.get(rows, ()), value)
    return Seeds(region, equation, parts)


def _cuts(known: Sequence[Known], equation: Equation) -> bool:
    """Whether the equation takes parts of something that is none."""
    kinds = [
        known.origin.kind if isinstance(known, Pattern) else ""
        for known in (known[value] for value in (*equation.inputs[:1], *equation.outputs[:1]))
    ]
    return kinds in (["basis", "part"], ["basis", "slice"])


def _is_sliced(known: Sequence[Known], equation: Equation) -> bool:
    """Whether the equation takes arguments out of a vector, inside the derivative."""
    first = known[equation.outputs[0]]
    return isinstance(first, Pattern) and first.origin.kind == "slice"


def _rows(known: Known, shape: Sequence[int]) -> Spans | None:
    """The rows of a basis that a part of its columns has."""
    if not isinstance(known, Pattern) or known.zero:
        return None
    narrow = [span for span, n in zip(known.spans, shape, strict=True) if span != sets.whole(n)]
    return narrow[0] if len(narrow) == 1 else None
