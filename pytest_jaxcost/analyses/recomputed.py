"""Recomputed: work that a differentiated ``jax.checkpoint`` runs again in the backward pass.

It was asked for, to save memory, so it is never a duplicate; this says what it costs.
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.merging import merges
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, Repetition, occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.report.records import Findings
from pytest_jaxcost.rewrite.edits import Edit

HINT = "jax.checkpoint trades this for memory; a policy such as dots_saveable keeps costly values"


@analysis("recomputed")
def recomputed(facts: Facts) -> Findings:
    """One finding per live equation that a checkpoint computes a second time."""
    again = [
        occurrence
        for occurrence in occurrences(facts.program)
        if where.is_recomputed(occurrence.equation) and is_live(occurrence.equation, facts.live)
    ]
    kept = _computed_before(facts) if again else {}
    return Findings(
        facts.finding("recomputed", [each], hint=HINT, edits=_merged(facts, each, kept))
        for each in again
    )


def _computed_before(facts: Facts) -> dict[int, Occurrence]:
    """The equations of the forward pass, by the number of their first result."""
    return {
        facts.numbers[each.equation.outputs[0]]: each
        for each in occurrences(facts.program)
        if each.equation.outputs and not where.is_recomputed(each.equation)
    }


def _merged(facts: Facts, again: Occurrence, kept: Mapping[int, Occurrence]) -> tuple[Edit, ...]:
    first = kept.get(facts.numbers[again.equation.outputs[0]])
    return () if first is None else tuple(merges(facts, Repetition(first, (again,))))
