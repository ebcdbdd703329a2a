"""Duplicates: live equations that compute a value which the program has computed already.

Same primitive, same parameters, same operands: the values are equal whatever the inputs are. Draws
from the same random key are another question, see `key_reuse`; what ``jax.checkpoint`` runs
again was asked for, see `recomputed`; callbacks are among the `repeated_callbacks`. What JAX or a
library repeats inside one evaluation of the user's is JAX's own, see `whose`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from pytest_jaxcost.analyses.draws import is_part_of_draw, reused_keys
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.hints import repetition_hint
from pytest_jaxcost.analyses.merging import merges
from pytest_jaxcost.analyses.paths import repetition_places
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.trivial import Found, without_trivial
from pytest_jaxcost.analyses.whose import split, ways_to
from pytest_jaxcost.cost.opaque import CALLBACKS
from pytest_jaxcost.flow.repeats import Repetition
from pytest_jaxcost.report.records import Finding, Findings
from pytest_jaxcost.rewrite.edits import Edit


@analysis("duplicates")
def duplicates(facts: Facts) -> Findings:
    """One finding per value computed more than once: the repetitions and what they cost."""
    draws = reused_keys(facts)
    repeated = [each for each in facts.repetitions if not is_part_of_draw(each, draws)]
    moved = [each for each in repeated if facts.is_bookkeeping(each.first.equation)]
    splits = split(facts, (each for each in repeated if _is_work(facts, each)))
    return Findings(
        without_trivial(facts, (_found(facts, each.users) for each in splits if each.users)),
        bookkeeping=lambda: [_finding(facts, each) for each in moved],
        from_jax=lambda: [_finding(facts, each.jaxs) for each in splits if each.jaxs is not None],
    )


def _found(facts: Facts, repetition: Repetition) -> Found:
    return Found(
        _finding(facts, repetition, merges(facts, repetition)),
        repetition.again,
        lambda: _parting(facts, repetition),
    )


def _parting(facts: Facts, repetition: Repetition) -> Hashable:
    """Where the ways to a value part: what is repeated below has one cause."""
    ways = ways_to(facts, (repetition.first, *repetition.again))
    return frozenset(way.inside[:1] for way in ways)


def _is_work(facts: Facts, repetition: Repetition) -> bool:
    equation = repetition.first.equation
    return equation.primitive not in CALLBACKS and not facts.is_bookkeeping(equation)


def _finding(facts: Facts, repetition: Repetition, edits: Iterable[Edit] = ()) -> Finding:
    return facts.finding(
        "duplicates",
        repetition.again,
        places=repetition_places(facts, repetition),
        hint=repetition_hint(facts, repetition),
        edits=edits,
    )
