"""Repeated callbacks: the same Python function called on the host again with the same values.

``jax.pure_callback`` promises that the result depends on the operands alone, so one call is enough:
for two calls with equal operands, and for a call in a loop whose operands do not change. XLA moves
some out of their loop and never merges two, and each call leaves the device. What a callback costs
is unknown, so they are counted in calls. Callbacks with effects are never repetitions.
"""

from __future__ import annotations

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.loop_invariants import (
    Unchanged,
    unchanged_causes,
    unchanged_in_loops,
)
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.repeated_calls import repeated_calls
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Repetition
from pytest_jaxcost.report.records import Findings

CALLBACK = "pure_callback"


@analysis("repeated_callbacks", "JC103")
def repeated_callbacks(facts: Facts) -> Findings:
    """One finding for each call that calls back again, or that a loop repeats unchanged."""
    repeated = [each for each in facts.repetitions if is_callback(each)]
    again = {id(o.equation) for each in repeated for o in each.again}
    unchanged = [each for each in _unchanged(facts) if _equation(each) not in again]
    kind = "repeated_callbacks"
    return Findings(
        [
            *repeated_calls(facts, kind, repeated, has_floor=False),
            *unchanged_causes(facts, kind, unchanged),
        ]
    )


def is_callback(repetition: Repetition) -> bool:
    """Whether what is repeated is a call of a Python function."""
    return repetition.first.equation.primitive == CALLBACK


def _unchanged(facts: Facts) -> list[Unchanged]:
    return [
        each
        for each in unchanged_in_loops(facts)
        if each.occurrence.equation.primitive == CALLBACK
        and is_live(each.occurrence.equation, facts.live)
    ]


def _equation(unchanged: Unchanged) -> int:
    return id(unchanged.occurrence.equation)
