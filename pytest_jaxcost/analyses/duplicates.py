"""Duplicates: live equations that compute a value which the program has computed already.

Same primitive, same parameters, same operands: the values are equal whatever the inputs are. Draws
from the same random key are another question, see `key_reuse`; what ``jax.checkpoint`` runs
again was asked for, see `recomputed`; callbacks are among the `repeated_callbacks`. What JAX or a
library repeats inside one evaluation of the user's is JAX's own, see `whose`.
"""

from __future__ import annotations

from pytest_jaxcost.analyses.draws import is_part_of_draw, reused_keys
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.repeated_calls import repeated_calls
from pytest_jaxcost.analyses.whose import split
from pytest_jaxcost.cost.opaque import CALLBACKS
from pytest_jaxcost.flow.repeats import Repetition
from pytest_jaxcost.report.records import Finding, Findings


@analysis("duplicates", "JC101")
def duplicates(facts: Facts) -> Findings:
    """One finding for each call or expression that is evaluated again: what that costs."""
    draws = reused_keys(facts)
    repeated = [each for each in facts.repetitions if not is_part_of_draw(each, draws)]
    moved = [each for each in repeated if facts.is_bookkeeping(each.first.equation)]
    splits = split(facts, (each for each in repeated if _is_work(facts, each)))
    users = [each.users for each in splits if each.users]
    return Findings(
        repeated_calls(facts, "duplicates", users),
        bookkeeping=lambda: [_finding(facts, each) for each in moved],
        from_jax=lambda: [_finding(facts, each.jaxs) for each in splits if each.jaxs is not None],
    )


def _is_work(facts: Facts, repetition: Repetition) -> bool:
    equation = repetition.first.equation
    return equation.primitive not in CALLBACKS and not facts.is_bookkeeping(equation)


def _finding(facts: Facts, repetition: Repetition) -> Finding:
    return facts.finding("duplicates", repetition.again)
