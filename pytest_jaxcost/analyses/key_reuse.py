"""Key reuse: the same random numbers drawn again from the same key.

The values are equal, which is rarely meant: usually a key was used twice where it should have been
split. So this is a question about the key, never a duplicate.
"""

from __future__ import annotations

from pytest_jaxcost.analyses.draws import is_draw
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.merging import merges
from pytest_jaxcost.analyses.paths import repetition_places
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.report.records import Findings

HINT = "repeated draw: key reuse? Give each draw a key of its own with jax.random.split"


@analysis("key_reuse")
def key_reuse(facts: Facts) -> Findings:
    """One finding per draw that is made again from the same key."""
    return Findings(
        facts.finding(
            "key_reuse",
            repetition.again,
            places=repetition_places(facts, repetition),
            hint=HINT,
            bookkeeping=False,
            edits=merges(facts, repetition),
        )
        for repetition in filter(is_draw, facts.repetitions)
    )
