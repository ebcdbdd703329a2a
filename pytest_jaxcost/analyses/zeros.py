"""Zeros: work on parts of values that are zero whatever the inputs are.

The Jacobian of several arguments pushes the tangents of all of them through code that only one of
them reaches; a tangent that does not vary is made an array of zeros; a dot product has an operand
that is zeros, padding, or diagonal. The work in proportion to the zeros is waste.

What JAX does with zeros inside one expression of the user's is residue, and so is padding that is
less than half of the work. That a basis is pushed through a derivative is how Jacobians are made,
and the sparsity of a function's own Jacobian is no waste of its author's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.zero_hints import Cause, cause_of, zero_hint
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.flow.zeros.interpret import known_values
from pytest_jaxcost.flow.zeros.registry import Step
from pytest_jaxcost.flow.zeros.work import ZeroWork, diagonal_work, zero_work
from pytest_jaxcost.ir import where
from pytest_jaxcost.report.records import Finding, Findings

MOSTLY = Fraction(1, 2)
"""The part of an equation's work that padding has to be for it to be waste."""


class Wasted(NamedTuple):
    """An equation that works on zeros, and why."""

    occurrence: Occurrence
    work: ZeroWork
    cause: Cause


@analysis("zeros")
def zeros(facts: Facts) -> Findings:
    """One finding per live equation that works on zeros: the part of its cost that they are."""
    found = list(_wasted(facts))
    counted = [each for each in found if _is_waste(each)]
    left = [each for each in found if not _is_waste(each)]
    return Findings(_findings(facts, counted), residue=lambda: _findings(facts, left))


def _wasted(facts: Facts) -> Iterator[Wasted]:
    known = known_values(facts.program)
    constants = facts.program.constants
    for region, equation in facts.program.walk():
        operands = tuple([known[value] for value in equation.inputs])
        if equation.control is not None or not any(operands):
            continue
        if not is_live(equation, facts.live) or facts.is_bookkeeping(equation):
            continue
        results = tuple([known[value] for value in equation.outputs])
        work = _work(Step(equation, operands, constants, results))
        if work is not None:
            yield Wasted(Occurrence(region, equation), work, cause_of(work.origin, equation))


def _work(step: Step) -> ZeroWork | None:
    found = [zero_work(step), diagonal_work(step)]
    return max(filter(None, found), key=lambda work: work.share, default=None)


def _is_waste(wasted: Wasted) -> bool:
    cause, origin = wasted.cause, wasted.work.origin
    equation = wasted.occurrence.equation
    if cause in (Cause.SEEDS, Cause.ZERO_SEED):
        return True
    if cause is Cause.BASIS:
        return False
    if origin.equation is not None and where.source(origin.equation) == where.source(equation):
        return False
    if cause in (Cause.PADDING, Cause.PART_USED):
        return wasted.work.share >= MOSTLY and equation.primitive != "add_any"
    return True


def _findings(facts: Facts, wasted: Sequence[Wasted]) -> list[Finding]:
    plain = [_finding(facts, each) for each in wasted]
    spent: dict[str, int] = {}
    for each, finding in zip(wasted, plain, strict=True):
        key = zero_hint(each.cause, each.work, finding, 0)
        spent[key] = spent.get(key, 0) + finding.flops
    return [
        replace(
            finding,
            hint=zero_hint(
                each.cause, each.work, finding, spent[zero_hint(each.cause, each.work, finding, 0)]
            ),
        )
        for each, finding in zip(wasted, plain, strict=True)
    ]


def _finding(facts: Facts, wasted: Wasted) -> Finding:
    finding = facts.finding("zeros", [wasted.occurrence], bookkeeping=False)
    share = wasted.work.share
    return replace(
        finding,
        flops=int(finding.flops * share),
        transcendentals=int(finding.transcendentals * share),
        bytes_accessed=int(finding.bytes_accessed * share),
        share=None if finding.share is None else finding.share * float(share),
    )
