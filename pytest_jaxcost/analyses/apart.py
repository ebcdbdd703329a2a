"""What a program would cost if each argument's derivative were a call of its own.

Each call pushes only its own tangents: its basis has as many rows, and what none of them reaches
is not traced. What carries no tangent, the function's own value first of all, is computed in every
call that traces it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce
from operator import and_
from typing import NamedTuple

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.traced_again import Marks, calls, carried_parts, leaves
from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.colors import colors
from pytest_jaxcost.flow.zeros.pattern import Known
from pytest_jaxcost.flow.zeros.seeds import Seeds, makers, seeds
from pytest_jaxcost.ir.equation import Equation

SUMS = frozenset({"add", "add_any", "sub"})

Factors = dict[int, float]
"""How many times as much an equation costs in the rewritten program, by its ``id``."""


class Apart(NamedTuple):
    """What the rewritten program costs, and what it would with tangents pushed together."""

    flops: int
    colors: int = 0
    """How many tangents do if those that never meet in an output are one; 0 if all are needed."""
    colored_flops: int = 0
    slices: tuple[tuple[int, int], ...] = ()
    """The rows of the one basis that belong to each part."""
    is_less: bool = True
    """Whether it is less work: every call computes the function itself again."""


def apart(
    facts: Facts,
    known: Sequence[Known],
    cuts: Iterable[Equation],
    wasted: Iterable[tuple[Equation, Fraction]],
) -> Apart:
    """What the whole program costs with one call for each part of the bases that `cuts` cut.

    `wasted` are the equations that work on other parts' tangents, and the share that these have.
    """
    factors: Factors = defaultdict(lambda: 1.0)
    for equation, share in wasted:
        factors[id(equation)] *= float(1 - share)
    jacobians = seeds(facts.program, known, cuts)
    for each in jacobians:
        for equation, count in calls(facts, each, carried_parts(facts.program, each)):
            factors[id(equation)] *= count
    together = _together(facts, jacobians[0], factors) if len(jacobians) == 1 else (0, 0)
    for each in jacobians:
        _make_smaller(facts, each, factors, _rows(each))
    slices = [[span for rows in each.parts for span in rows] for each in jacobians]
    flops, transcendentals = _work(facts, factors)
    is_less = flops + transcendentals < facts.totals.flops + facts.totals.transcendentals
    return Apart(flops, *together, tuple(slices[0]) if len(slices) == 1 else (), is_less)


def _together(facts: Facts, seeds: Seeds, factors: Factors) -> tuple[int, int]:
    """How many tangents do if those that never meet are one, and the flops then; 0 if all do."""
    carried = carried_parts(facts.program, seeds)
    vectors = colors(facts.program, seeds, carried)
    if vectors == _rows(seeds):
        return 0, 0
    fewer = factors.copy()
    _make_smaller(facts, seeds, fewer, vectors)
    _push_fewer(facts, fewer, carried, vectors, _rows(seeds))
    return sum(vectors), _work(facts, fewer)[0]


def _rows(seeds: Seeds) -> list[int]:
    """How many tangents each part is."""
    return [sets.count(rows) for rows in seeds.parts]


def _work(facts: Facts, factors: Factors) -> tuple[int, int]:
    """The flops and the transcendentals of the program, if equations cost so many times as much."""
    flops, transcendentals = float(facts.totals.flops), float(facts.totals.transcendentals)
    for region, equation in facts.program.walk():
        is_dearer = id(equation) in factors and facts.is_live(equation)
        cost = facts.cost(equation) if is_dearer else None
        if cost is not None:
            more = (factors[id(equation)] - 1) * region.weight
            flops += cost.flops * more
            transcendentals += cost.transcendentals * more
    return round(flops), round(transcendentals)


def _make_smaller(facts: Facts, seeds: Seeds, factors: Factors, vectors: Sequence[int]) -> None:
    """Bases of so many rows for each part, in place of one for all of them; one row is ones."""
    elements = sum(m * n for m, n in zip(vectors, _rows(seeds), strict=True) if m > 1)
    for equation in makers(facts.program, seeds):
        factors[id(equation)] *= elements / seeds.size**2


def _push_fewer(
    facts: Facts,
    factors: Factors,
    carried: Marks,
    vectors: Sequence[int],
    rows: Sequence[int],
) -> None:
    """Fewer tangents of each part in what carries them."""
    for equation in leaves(facts.program.main.equations):
        parts = carried[equation.outputs[0]]
        if equation.primitive in SUMS:  # a sum with what is zero is none
            parts = reduce(and_, [carried[value] for value in equation.inputs]) or parts
        if parts:
            pushed, before = (
                sum(n for k, n in enumerate(each) if parts >> k & 1) for each in (vectors, rows)
            )
            factors[id(equation)] *= pushed / before
