"""The program without work on zeros: what takes the place of each equation that a finding names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.zero_hints import Cause
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.flow.zeros.pattern import Known
from pytest_jaxcost.flow.zeros.registry import ZeroStep
from pytest_jaxcost.flow.zeros.work import ZeroWork
from pytest_jaxcost.rewrite.edits import Replace
from pytest_jaxcost.rewrite.narrow_basis import basis_in_parts
from pytest_jaxcost.rewrite.narrow_edit import Instead, Reason
from pytest_jaxcost.rewrite.narrow_zeros import without_zeros

SEEDS = frozenset({Cause.SEEDS, Cause.SLICE_SEEDS})
"""What one derivative for each argument does not do: it makes no basis for all of them either."""


def edits_of_zeros(
    facts: Facts,
    known: Sequence[Known],
    wasted: Sequence[tuple[Occurrence, ZeroWork, Cause]],
) -> list[Replace | Reason]:
    """What takes the place of equations that work on zeros, and of the cuts that made their seeds.

    `known` says what is known of each value, `wasted` which equations work on zeros, and why. Their
    edits come first, in the same order, or the reason why there is none; each cut comes once.
    """
    own = [
        placed(occurrence, without_zeros(step_of(facts, known, occurrence), picks=bool(work.picks)))
        for occurrence, work, _ in wasted
    ]
    cuts = [work.origin.equation for _, work, cause in wasted if cause in SEEDS]
    return [*own, *_parts(facts, known, {id(cut) for cut in cuts if cut is not None})]


def placed(occurrence: Occurrence, instead: Instead | Reason) -> Replace | Reason:
    """The edit that puts something in the place of an equation."""
    if not isinstance(instead, Instead):
        return instead
    region, equation = occurrence
    return Replace(region, equation.outputs, instead.inputs, instead.function)


def step_of(facts: Facts, known: Sequence[Known], occurrence: Occurrence) -> ZeroStep:
    """An equation with what is known of its operands and results."""
    equation = occurrence.equation
    operands = tuple([known[value] for value in equation.inputs])
    results = tuple([known[value] for value in equation.outputs])
    return ZeroStep(equation, operands, facts.program.constants, results)


def _parts(facts: Facts, known: Sequence[Known], cuts: set[int]) -> Iterator[Replace]:
    """The bases that are cut by the equations with these ``id``s, made in parts."""
    for occurrence in occurrences(facts.program) if cuts else ():
        if id(occurrence.equation) in cuts:
            values = occurrence.equation.outputs
            avals = [facts.program.avals[value] for value in values]
            made = placed(occurrence, basis_in_parts(avals, [known[value] for value in values]))
            if isinstance(made, Replace):
                yield made
