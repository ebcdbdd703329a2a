"""Wrong modes: forward mode for a function of many inputs, reverse mode for one of many outputs.

Forward mode pushes one tangent per input, reverse mode pulls one cotangent per output. A pull costs
about what a push does, because the transpose of a linear function multiplies as often as the
function itself. Where one mode needs less than half the vectors, what it would save is counted.
"""

from __future__ import annotations

from functools import partial

from pytest_jaxcost.analyses.bases import (
    Pushed,
    contracted_and_not,
    leaving,
    pushed_bases,
    vectors_of_other_mode,
)
from pytest_jaxcost.analyses.causes import Found, one_by_one
from pytest_jaxcost.analyses.derivative_calls import derivative_told
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.other_mode import by_other_mode, has_transpose
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.saving import cost_of, saved
from pytest_jaxcost.analyses.written import written
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Finding, Findings

FACTOR = 2
"""How many times fewer vectors must do, so that what each mode keeps and moves does not matter."""

FEWEST = 5
"""How many vectors are worth another mode: a handful costs less than a backward pass keeps."""

TITLE = "{subject} is computed in the costlier mode"
HINT = "{n:,} {vectors} are {moved} for {m:,} {others}: {instead}"


@analysis("wrong_modes", "JC303")
def wrong_modes(facts: Facts) -> Findings:
    """One finding per Jacobian that the other mode makes with fewer vectors.

    A Jacobian that is only summed is another question, see `full_jacobians`.
    """
    found = [
        each
        for pushed in pushed_bases(facts)
        if not contracted_and_not(facts, pushed)[0] and (each := _found(facts, pushed))
    ]
    return Findings(one_by_one(facts, found, partial(derivative_told, facts, TITLE)))


def _found(facts: Facts, pushed: Pushed) -> Found | None:
    finding = _finding(facts, pushed)
    return None if finding is None else Found(finding, [_last(_work(facts, pushed))])


def _finding(facts: Facts, pushed: Pushed) -> Finding | None:
    size, others = pushed.basis.size, vectors_of_other_mode(facts, pushed)
    if not others or size < FEWEST or size <= FACTOR * others or not has_transpose(facts, pushed):
        return None
    instead = written(lambda: by_other_mode(facts, pushed, leaving(facts, pushed)))
    through = cost_of(facts, pushed.inside)
    less = through.cut(size - others, size) if instead.no_edit else saved(facts, instead.edits)
    if FACTOR * less.cost.operations < through.cost.operations:
        return None
    last = _last(_work(facts, pushed))
    made = facts.finding(
        "wrong_modes",
        [last],
        places=facts.places(last.equation),
        hint=_hint(facts, pushed, others),
        bookkeeping=False,
        edits=instead.edits,
        no_edit=instead.no_edit,
    )
    return facts.costing(made, *less)


def _work(facts: Facts, pushed: Pushed) -> list[Occurrence]:
    return [o for o in pushed.inside if not facts.is_bookkeeping(o.equation)]


def _last(work: list[Occurrence]) -> Occurrence:
    return max(work, key=lambda o: o.equation.outputs)


def _hint(facts: Facts, pushed: Pushed, others: int) -> str:
    reverse = pushed.is_reverse
    return HINT.format(
        n=pushed.basis.size,
        m=others,
        vectors="cotangents" if reverse else "tangents",
        moved="pulled" if reverse else "pushed",
        others=("input" if reverse else "output") + ("" if others == 1 else "s"),
        instead=_instead(facts, pushed, others),
    )


def _instead(facts: Facts, pushed: Pushed, others: int) -> str:
    each = "" if others == 1 else " for each"
    if pushed.is_reverse:
        return f"jax.jacfwd pushes a tangent{each}"
    scalar = others == 1 and not _has_axis_of_one(facts, pushed)
    gradient = "jax.grad" if scalar else "jax.jacrev"
    return f"{gradient} pulls a cotangent{each}"


def _has_axis_of_one(facts: Facts, pushed: Pushed) -> bool:
    """Whether the output is an array that holds one number, which jax.grad does not take."""
    return any(1 in facts.program.avals[value].shape for value in leaving(facts, pushed))
