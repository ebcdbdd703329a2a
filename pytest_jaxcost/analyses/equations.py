"""Equations: what stands in the traced program, and where it comes from."""

from __future__ import annotations

from dataclasses import replace

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.cost.record import NOTHING
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir import names
from pytest_jaxcost.report.records import Finding, Findings


def equations(facts: Facts, primitive: str | None = None) -> Findings:
    """The equations of a primitive, by its canonical name, or all of them, as findings by cost.

    What is dead costs nothing, as in the totals.
    """
    return Findings(
        _finding(facts, Occurrence(region, equation))
        for region, equation in facts.program.walk()
        if primitive is None or names.canonical(equation.primitive) == primitive
    )


def _finding(facts: Facts, occurrence: Occurrence) -> Finding:
    finding = facts.finding("occurrences", [occurrence], bookkeeping=False)
    if facts.is_live(occurrence.equation):
        return finding
    unrun = facts.evidence(occurrence, NOTHING, runs=0)
    return facts.costing(replace(finding, equations=(unrun,)), NOTHING)
