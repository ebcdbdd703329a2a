"""Recomputed: work that a differentiated ``jax.checkpoint`` runs again in the backward pass.

It was asked for, to save memory, so it is never a duplicate; this says what it costs.
"""

from __future__ import annotations

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.report.records import Findings

HINT = "jax.checkpoint trades this for memory; a policy such as dots_saveable keeps costly values"


@analysis("recomputed")
def recomputed(facts: Facts) -> Findings:
    """One finding per live equation that a checkpoint computes a second time."""
    return Findings(
        facts.finding("recomputed", [occurrence], hint=HINT)
        for occurrence in occurrences(facts.program)
        if where.is_recomputed(occurrence.equation) and is_live(occurrence.equation, facts.live)
    )
