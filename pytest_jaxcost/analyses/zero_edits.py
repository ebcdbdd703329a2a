"""The program without work on zeros: what takes the place of each equation that a finding names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.written import Written, written
from pytest_jaxcost.analyses.zero_hints import Cause
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.flow.zeros.pattern import Known
from pytest_jaxcost.flow.zeros.registry import ZeroStep
from pytest_jaxcost.flow.zeros.work import ZeroWork
from pytest_jaxcost.rewrite.edits import Replace
from pytest_jaxcost.rewrite.narrow_basis import basis_in_parts
from pytest_jaxcost.rewrite.narrow_edit import Instead
from pytest_jaxcost.rewrite.narrow_zeros import without_zeros

SEEDS = frozenset({Cause.SEEDS, Cause.SLICE_SEEDS})
"""What one derivative for each argument does not do: it makes no basis for all of them either."""


def edits_of_zeros(
    facts: Facts,
    known: Sequence[Known],
    wasted: Sequence[tuple[Occurrence, ZeroWork, Cause]],
) -> list[Written]:
    """What takes the place of equations that work on zeros, and of the cuts that made their seeds.

    `known` says what is known of each value, `wasted` which equations work on zeros, and why. Their
    edits come first, in the same order; then those of all cuts.
    """
    own = [
        written(partial(_without, step_of(facts, known, occurrence), occurrence, work))
        for occurrence, work, _ in wasted
    ]
    cuts = [work.origin.equation for _, work, cause in wasted if cause in SEEDS]
    parts = _parts(facts, known, {id(cut) for cut in cuts if cut is not None})
    return [*own, Written(tuple(edit for each in parts for edit in each.edits))]


def _without(step: ZeroStep, occurrence: Occurrence, work: ZeroWork) -> list[Replace]:
    return [placed(occurrence, without_zeros(step, picks=bool(work.picks)))]


def placed(occurrence: Occurrence, instead: Instead) -> Replace:
    """The edit that puts something in the place of an equation."""
    region, equation = occurrence
    return Replace(region, equation.outputs, instead.inputs, instead.function)


def step_of(facts: Facts, known: Sequence[Known], occurrence: Occurrence) -> ZeroStep:
    """An equation with what is known of its operands and results."""
    equation = occurrence.equation
    operands = tuple([known[value] for value in equation.inputs])
    results = tuple([known[value] for value in equation.outputs])
    return ZeroStep(equation, operands, facts.program.constants, results)


def _parts(facts: Facts, known: Sequence[Known], cuts: set[int]) -> Iterator[Written]:
    """The bases that are cut by the equations with these ``id``s, made in parts."""
    for occurrence in occurrences(facts.program) if cuts else ():
        if id(occurrence.equation) in cuts:
            yield written(partial(_in_parts, facts, known, occurrence))


def _in_parts(facts: Facts, known: Sequence[Known], occurrence: Occurrence) -> list[Replace]:
    values = occurrence.equation.outputs
    avals = [facts.program.avals[value] for value in values]
    return [placed(occurrence, basis_in_parts(avals, [known[value] for value in values]))]
