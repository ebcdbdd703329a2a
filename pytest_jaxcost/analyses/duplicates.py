"""Duplicates: live equations that compute a value which the program has computed already.

Same primitive, same parameters, same operands: the values are equal whatever the inputs are. Draws
from the same random key are another question, see `repeated_draws`; what ``jax.checkpoint`` runs
again was asked for, see `recomputed`. What JAX repeats inside one expression of the user's, in a
library function or a differentiation rule, is residue.
"""

from __future__ import annotations

from pytest_jaxcost.analyses.draws import is_part_of_draw, repeated_draw_sources
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.hints import repetition_hint
from pytest_jaxcost.analyses.origin import split_by_origin
from pytest_jaxcost.analyses.paths import repetition_places
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.flow.repeats import Repetition
from pytest_jaxcost.report.records import Finding, Findings


@analysis("duplicates")
def duplicates(facts: Facts) -> Findings:
    """One finding per value computed more than once: the repetitions and what they cost."""
    draws = repeated_draw_sources(facts)
    repeated = [each for each in facts.repetitions if not is_part_of_draw(each, draws)]
    moved = [each for each in repeated if facts.is_bookkeeping(each.first.equation)]
    worked = [each for each in repeated if not facts.is_bookkeeping(each.first.equation)]
    splits = split_by_origin(facts, worked)
    return Findings(
        [_finding(facts, split.users) for split in splits if split.users is not None],
        bookkeeping=lambda: [_finding(facts, each) for each in moved],
        residue=lambda: [_finding(facts, split.jaxs) for split in splits if split.jaxs is not None],
    )


def _finding(facts: Facts, repetition: Repetition) -> Finding:
    return facts.finding(
        "duplicates",
        repetition.again,
        places=repetition_places(facts, repetition),
        hint=repetition_hint(facts, repetition),
    )
