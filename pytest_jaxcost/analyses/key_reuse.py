"""Key reuse: the same random numbers drawn again from the same key.

The values are equal, which is rarely meant: usually a key was used twice where it should have been
split. So this is a question about the key, never a duplicate.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from pytest_jaxcost.analyses.draws import is_draw
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.repeated_calls import repeated_calls
from pytest_jaxcost.analyses.subjects import Subject, located, verb
from pytest_jaxcost.report.records import Findings
from pytest_jaxcost.report.wording import times

TITLE = "{subject} {do} the same numbers {times}, from one key"
HINT = "key reuse? Give each draw a key of its own with jax.random.split"


@analysis("key_reuse", "JC105")
def key_reuse(facts: Facts) -> Findings:
    """One finding for each call that draws again from the same key."""
    repeated = list(filter(is_draw, facts.repetitions))
    found = repeated_calls(facts, "key_reuse", repeated, _sentence, has_floor=False)
    return Findings(replace(each, hint=HINT) for each in found)


def _sentence(subjects: Sequence[Subject], n: int, _: Collection[str]) -> str:
    do = verb(subjects, "draw", "draws")
    return TITLE.format(subject=located(subjects), do=do, times=times(n))
