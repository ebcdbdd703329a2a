"""Findings about work that runs, and of which a part is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.repeating import repeating
from pytest_jaxcost.analyses.zeros import zeros
from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.records import Finding


def wasted_finding(
    facts: Facts,
    kind: str,
    occurrence: Occurrence,
    wasted: Cost | None,
    *,
    runs: int,
    hint: str,
    bookkeeping: bool = False,
) -> Finding:
    """A finding about one equation whose cost is `wasted`, in `runs` runs; None if it is opaque."""
    spent = NOTHING if wasted is None else wasted
    made = facts.finding(kind, [occurrence], hint=hint, bookkeeping=bookkeeping)
    evidence = facts.evidence(occurrence, spent, runs)
    return facts.costing(replace(made, equations=(evidence,)), spent)


def needed_runs(facts: Facts, occurrence: Occurrence) -> int:
    """How often an equation would run outside of the loops that only repeat it.

    What they repeat is among the `loop_invariants`; other findings are about what is left.
    """
    found = facts.invariance
    region, equation = occurrence
    return region.weight if found is None else found.needed_runs(region, equation)


def costs_more_than(facts: Facts, equation: Equation, work: int) -> bool:
    """Whether a run costs more flops and transcendentals, for a result that is no index or mask."""
    cost = facts.cost(equation)
    if cost is not None and cost.flops + cost.transcendentals <= work:
        return False
    avals = (facts.program.avals[value] for value in equation.outputs)
    return any(getattr(getattr(aval, "dtype", None), "kind", "") not in "iub" for aval in avals)


def counted_elsewhere(facts: Facts, occurrences: Sequence[Occurrence]) -> set[int]:
    """The ``id`` of those equations that have a more specific name.

    `duplicates` counts an equation whole that only repeats a value, `zeros` counts work on zeros.
    """
    asked = {id(occurrence.equation) for occurrence in occurrences}
    return repeating(facts, occurrences) | (asked & _on_zeros(facts)) if asked else asked


def _on_zeros(facts: Facts) -> set[int]:
    return {equation for finding in zeros(facts) for equation in finding.members}
