"""Duplicates: live equations that compute a value which the program has computed already.

Same primitive, same parameters, same operands: the values are equal whatever the inputs are. Draws
from the same random key are another question, see `repeated_draws`; what ``jax.checkpoint`` runs
again was asked for, see `recomputed`.
"""

from __future__ import annotations

from pytest_jaxcost.analyses.draws import is_part_of_draw, repeated_draw_sources
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.hints import repetition_hint
from pytest_jaxcost.analyses.paths import repetition_places
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.report.records import Findings


@analysis("duplicates")
def duplicates(facts: Facts) -> Findings:
    """One finding per value computed more than once: the repetitions and what they cost."""
    draws = repeated_draw_sources(facts)
    return Findings(
        facts.finding(
            "duplicates",
            repetition.again,
            places=repetition_places(facts, repetition),
            hint=repetition_hint(facts, repetition),
        )
        for repetition in facts.repetitions
        if not is_part_of_draw(repetition, draws)
    )
