"""Intermediates: the arrays that equations make, by size."""

from __future__ import annotations

import heapq

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.cost.sizes import nbytes
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.records import Findings

MOST = 10
"""How many arrays are worth showing."""


@analysis("intermediates", "JC501")
def intermediates(facts: Facts) -> Findings:
    """The largest arrays that live equations of the traced program make, before any fusion."""
    made = (
        Occurrence(region, equation)
        for region, equation in facts.program.walk()
        if facts.is_member(equation) and is_live(equation, facts.live)
    )
    largest = heapq.nlargest(MOST, made, key=lambda occurrence: _largest(occurrence.equation))
    return Findings(
        facts.finding("intermediates", [each], nbytes=_largest(each.equation), bookkeeping=False)
        for each in largest
    )


def _largest(equation: Equation) -> int:
    return max((nbytes(var.aval) for var in equation.eqn.outvars), default=0)
