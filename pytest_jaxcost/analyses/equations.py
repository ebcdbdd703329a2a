"""Equations: what stands in the traced program, and where it comes from."""

from __future__ import annotations

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir import names
from pytest_jaxcost.report.records import Findings


def equations(facts: Facts, primitive: str | None = None) -> Findings:
    """The equations of a primitive, by its canonical name, or all of them, as findings by cost."""
    return Findings(
        facts.finding("occurrences", [Occurrence(region, equation)], bookkeeping=False)
        for region, equation in facts.program.walk()
        if primitive is None or names.canonical(equation.primitive) == primitive
    )
