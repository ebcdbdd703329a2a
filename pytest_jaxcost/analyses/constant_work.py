"""Constant work: what is made of literals alone, computed anew in every call.

Captured arrays are given, like arguments: tests close over what programs pass in.
XLA computes cheap constants when it compiles. It leaves an ``fft``, a factorization, a loop and
what follows from them in the program, and a large array costs compile time and memory. So constant
work counts where it is substantial, together with the steps that lead there and follow from it.
Masks made of an ``iota`` and other small arithmetic do not count, and neither do random draws from
a key that is made inside, nor the cotangents of ones that differentiating a sum begins with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pytest_jaxcost.analyses.causes import Found
from pytest_jaxcost.analyses.draws import drawing_sources, is_made_by
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.subjects import Subject, located, verb
from pytest_jaxcost.analyses.wasted import (
    costs_more_than,
    counted_elsewhere,
    needed_runs,
    wasted_finding,
)
from pytest_jaxcost.analyses.wasted_calls import wasted_calls
from pytest_jaxcost.cost.opaque import CALLBACKS
from pytest_jaxcost.flow.axis_rules import ELEMENTWISE
from pytest_jaxcost.flow.dependence import ancestors, dependents
from pytest_jaxcost.flow.evaluations import is_cheap
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation, Loop
from pytest_jaxcost.report.records import Finding, Findings
from pytest_jaxcost.rewrite.edits import Known

TITLE = "{subject} {do} on no argument, and {are} computed again in every call"
HINT = "compute it once outside the function and pass it in"

NEVER_FOLDED = frozenset(
    {
        *("fft", "cholesky", "lu", "qr", "geqrf", "householder_product", "eig", "eigh", "svd"),
        *("schur", "hessenberg", "tridiagonal", "triangular_solve", "tridiagonal_solve"),
    }
)
"""Primitives that XLA runs in every call even where all their operands are constants."""

SUBSTANTIAL = 65_536
"""Flops and transcendentals of one call from which other constant work is worth an argument."""


@analysis("constant_work", "JC203")
def constant_work(facts: Facts) -> Findings:
    """One finding for each call that does substantial work and that no argument reaches."""
    constant = [o for o in occurrences(facts.program) if _is_constant(facts, o)]
    draws = drawing_sources(constant)
    worked = [o for o in constant if _is_work(facts, o) and not is_made_by(o, draws)]
    counted = _around(facts, _substantial(facts, worked), worked)
    ids = {id(o.equation) for o in counted}
    repeated = counted_elsewhere(facts, counted)
    counted = [o for o in counted if id(o.equation) not in repeated]
    return Findings(
        wasted_calls(
            facts,
            (Found(_finding(facts, o), (o,)) for o in counted if not _is_cotangent(facts, o)),
            _sentence,
            also=constant,
        ),
        from_jax=lambda: [_finding(facts, o) for o in counted if _is_cotangent(facts, o)],
        bookkeeping=lambda: [
            _finding(facts, o, bookkeeping=True) for o in constant if id(o.equation) not in ids
        ],
    )


def _sentence(subjects: Sequence[Subject], _: Found) -> str:
    return TITLE.format(
        subject=located(subjects),
        do=verb(subjects, "depend", "depends"),
        are=verb(subjects, "are", "is"),
    )


def _is_constant(facts: Facts, occurrence: Occurrence) -> bool:
    equation = occurrence.equation
    if not equation.outputs or any(facts.given[value] for value in equation.outputs):
        return False
    return bool(occurrence.region.weight) and is_live(equation, facts.live)


def _is_cotangent(facts: Facts, occurrence: Occurrence) -> bool:
    """Whether it pulls back the ones that differentiating a sum begins with, and nothing else."""
    return facts.phases.of(occurrence.equation) == where.TRANSPOSE


def _is_work(facts: Facts, occurrence: Occurrence) -> bool:
    equation = occurrence.equation
    cost = facts.cost(equation)
    return equation.primitive not in CALLBACKS and not (cost is not None and cost.is_bookkeeping)


def _substantial(facts: Facts, worked: list[Occurrence]) -> list[Occurrence]:
    found = facts.invariance
    looping = set() if found is None else _constant_loops(facts)
    return [
        o
        for o in worked
        if costs_more_than(facts, o.equation, 0)
        and (
            o.equation.primitive in NEVER_FOLDED
            or (found is not None and not looping.isdisjoint(map(id, found.nests[id(o.region)])))
            or _is_large(facts, o)
        )
    ]


def _constant_loops(facts: Facts) -> set[int]:
    """The bodies, by ``id``, of the loops that no argument reaches.

    Differentiation splits a loop in two. Its first half may be constant where the loop of the
    user's is not: then the same expression made another loop, which is not constant.
    """
    walk = (equation for _, equation in facts.program.walk())
    loops = [equation for equation in walk if isinstance(equation.control, Loop)]
    constant = [equation for equation in loops if _is_constant_loop(facts, equation)]
    ids = {id(equation) for equation in constant}
    changing = {where.source(equation) for equation in loops if id(equation) not in ids}
    return {
        id(region)
        for equation in constant
        if equation.control is not None and where.source(equation) not in changing
        for region in equation.control.regions
    }


def _is_constant_loop(facts: Facts, equation: Equation) -> bool:
    return not any(facts.given[value] for value in (*equation.inputs, *equation.outputs))


def _is_large(facts: Facts, occurrence: Occurrence) -> bool:
    """Whether it is more than arithmetic, and much of it; XLA fuses arithmetic into its readers."""
    cost = facts.cost(occurrence.equation)
    if cost is None:
        return True
    equation = occurrence.equation
    if not cost.transcendentals and _is_folded(facts, equation):
        return False
    return (cost.flops + cost.transcendentals) * occurrence.region.weight > SUBSTANTIAL


def _is_folded(facts: Facts, equation: Equation) -> bool:
    """Whether XLA fuses it into what reads it, or simplifies it: a sum of what literals make."""
    if equation.primitive in ELEMENTWISE:
        return True
    return is_cheap(equation.primitive) and not facts.given[equation.outputs[0]]


def _around(
    facts: Facts, substantial: list[Occurrence], worked: list[Occurrence]
) -> list[Occurrence]:
    """The substantial work, and of the rest what is made of it and what all that is made of."""
    if not substantial:
        return []
    after = dependents(facts.program, _outputs(substantial))
    results = _outputs(o for o in worked if any(after[v] for v in o.equation.outputs))
    needed = ancestors(facts.program, results)
    return [o for o in worked if any(needed[v] for v in o.equation.outputs)]


def _outputs(occurrences: Iterable[Occurrence]) -> list[int]:
    return [value for occurrence in occurrences for value in occurrence.equation.outputs]


def _finding(facts: Facts, occurrence: Occurrence, *, bookkeeping: bool = False) -> Finding:
    runs = needed_runs(facts, occurrence)
    cost = facts.cost(occurrence.equation)
    wasted = None if cost is None else cost.times(runs)
    made = wasted_finding(
        facts, "constant_work", occurrence, wasted, runs=runs, hint=HINT, bookkeeping=bookkeeping
    )
    return made if bookkeeping else replace(made, edits=known(facts, occurrence))


def known(facts: Facts, occurrence: Occurrence) -> tuple[Known, ...]:
    """The edit that gives in what an equation computes, or the loop that it computes a step of.

    None if it stands in a loop that an argument reaches and is another value in each iteration.
    """
    holders = facts.holders_of(occurrence.region)
    for equation in holders:  # from the outside
        if isinstance(equation.control, Loop) and _is_constant_loop(facts, equation):
            return (Known(equation.outputs),)
    found = facts.invariance
    if found is not None and len(found.unchanged(*occurrence)) < len(
        found.nests[id(occurrence.region)]
    ):
        return ()
    return (Known(occurrence.equation.outputs),)
