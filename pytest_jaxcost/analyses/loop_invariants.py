"""Loop invariants: work in a loop that no carry and no scanned value of the loop reaches.

It computes the same in every iteration. XLA moves most of it out of the loop when it compiles; it
is traced, differentiated and lowered inside all the same. Nested loops count together: what
changes in neither of two is needed once, what changes in the inner one alone is needed once for
each of its iterations.

Not counted: what `duplicates` counts already, because the value is computed outside too; work on
`zeros`; random draws, which a key of their own for each iteration makes different; tables made of
nothing but literals, which XLA folds; what a library function computes on the way to a result that
changes; the point at which a solver of JAX's differentiates in each of its own iterations. A
callback that a loop repeats is one of the `repeated_callbacks`.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.causes import Found
from pytest_jaxcost.analyses.draws import drawing_sources, is_made_by
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.hints import LINEARIZE, is_pushed_at_one_point
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.subjects import Subject, located, verb
from pytest_jaxcost.analyses.wasted import costs_more_than, counted_elsewhere, wasted_finding
from pytest_jaxcost.analyses.wasted_calls import WastedCalls, wasted_calls
from pytest_jaxcost.analyses.whose import is_users
from pytest_jaxcost.cost.opaque import CALLBACKS
from pytest_jaxcost.flow.evaluations import is_cheap
from pytest_jaxcost.flow.invariance import Nest
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.records import Finding, Findings
from pytest_jaxcost.rewrite.edits import Hoist

KIND = "loop_invariants"

SMALL = 1024
"""Flops and transcendentals from which work on constants is work, however small its result."""

HINT = "compute it before the loop, which does not change it: {how}"
AT_ONE_POINT = "{subject} {are} differentiated at one point in {iterations} of its loop"
TITLE = "{subject} {do} the same in {iterations} of its loop"
ONCE = "{needed:,} run instead of {runs:,}"
OFTEN = "{needed:,} runs instead of {runs:,}"
UNKNOWN = "once instead of in every iteration"
DRAW = "the same key draws the same numbers in every iteration; split it, or draw before the loop"


class Unchanged(NamedTuple):
    """An equation that runs more often than its values change."""

    occurrence: Occurrence
    needed: int
    """The runs that give all of its values."""
    exact: bool
    """Whether the trip counts of the loops that repeat it are known."""


class Sorted(NamedTuple):
    """What counts, what is bookkeeping, what draws random numbers, what JAX does on the way."""

    counted: list[Unchanged]
    moved: list[Unchanged]
    drawn: list[Unchanged]
    jaxs: list[Unchanged]


@analysis(KIND, "JC201")
def loop_invariants(facts: Facts) -> Findings:
    """One finding for each call that a loop repeats unchanged: the repetitions and their cost."""
    sorted_out = _sort_out(facts, unchanged_in_loops(facts))
    return Findings(
        unchanged_causes(facts, KIND, sorted_out.counted),
        bookkeeping=lambda: [
            *(unchanged_finding(facts, KIND, each, bookkeeping=True) for each in sorted_out.moved),
            *(
                unchanged_finding(facts, KIND, each, DRAW, bookkeeping=True)
                for each in sorted_out.drawn
            ),
        ],
        from_jax=lambda: [unchanged_finding(facts, KIND, each) for each in sorted_out.jaxs],
    )


def unchanged_causes(facts: Facts, kind: str, counted: Sequence[Unchanged]) -> list[Finding]:
    """One finding for each call or expression that a loop repeats unchanged."""

    def keys(calls: WastedCalls, each: Found) -> Iterable[Hashable]:
        loops = tuple(id(loop) for loop in loops_around(facts, each.work[0]))
        return ((loops, key) for key in calls.keys(each))

    return wasted_calls(
        facts,
        (Found(unchanged_finding(facts, kind, each), (each.occurrence,)) for each in counted),
        partial(_sentence, {id(each.occurrence.equation): each for each in counted}),
        keys=keys,
        also=[each.occurrence for each in unchanged_in_loops(facts)],
        start=partial(_frames_around, facts),
        has_floor=kind == KIND,
    )


def _sentence(counted: Mapping[int, Unchanged], subjects: Sequence[Subject], found: Found) -> str:
    unchanged = counted[id(found.work[0].equation)]
    runs = unchanged.occurrence.region.weight // (unchanged.needed or 1)
    is_point = found.finding.hint == LINEARIZE
    return (AT_ONE_POINT if is_point else TITLE).format(
        subject=located(subjects),
        do=verb(subjects, "compute", "computes"),
        are=verb(subjects, "are", "is"),
        iterations=f"all {runs:,} iterations" if unchanged.exact else "every iteration",
    )


def _frames_around(facts: Facts, occurrence: Occurrence) -> int:
    """How many frames lead to the loop around an equation."""
    around = facts.holders_of(occurrence.region)[-1:]
    return max((len(facts.evaluations.origins.way(each)) - 1 for each in around), default=0)


def unchanged_in_loops(facts: Facts) -> list[Unchanged]:
    """The equations, dead ones too, that some loop repeats with the same operands."""
    found = facts.invariance
    if found is None:
        return []
    unchanged = []
    for occurrence in occurrences(facts.program):
        region, equation = occurrence
        loops = found.unchanged(region, equation) if found.nests[id(region)] else ()
        if loops and region.weight and equation.outputs:
            exact = all(loop.exact for loop in loops)
            needed = found.needed_runs(region, equation)
            if needed < region.weight or not exact:
                unchanged.append(Unchanged(occurrence, needed, exact))
    return unchanged


def _sort_out(facts: Facts, unchanged: list[Unchanged]) -> Sorted:
    draws = drawing_sources(each.occurrence for each in unchanged)
    sorted_out = Sorted([], [], [], [])
    computed: list[Unchanged] = []
    for each in unchanged:
        equation = each.occurrence.equation
        if is_made_by(each.occurrence, draws):
            sorted_out.drawn.append(each)
        elif _is_bookkeeping(facts, equation):
            sorted_out.moved.append(each)
        elif equation.primitive not in CALLBACKS:
            computed.append(each)
    same = {id(each.occurrence.equation) for each in unchanged}
    live = [each for each in computed if is_live(each.occurrence.equation, facts.live)]
    elsewhere = counted_elsewhere(facts, [each.occurrence for each in live])
    for each in live:
        if id(each.occurrence.equation) not in elsewhere:
            is_own = not _is_solvers(facts, each.occurrence) and is_users(
                facts, each.occurrence.equation, partial(_stays, facts, same)
            )
            (sorted_out.counted if is_own else sorted_out.jaxs).append(each)
    return sorted_out


def _is_solvers(facts: Facts, occurrence: Occurrence) -> bool:
    """Whether a solver of JAX's differentiates at one point in each iteration of its own."""
    if where.phase(occurrence.equation) == where.PRIMAL:
        return False
    holders = facts.holders_of(occurrence.region)
    return any(_compat.is_of_solver(holder.eqn) for holder in holders)


def _stays(facts: Facts, unchanged: Container[int], occurrence: Occurrence) -> bool:
    """Whether no loop makes an equation change, because it is in none or does not follow it."""
    found = facts.invariance
    is_inside = found is not None and bool(found.nests[id(occurrence.region)])
    return not is_inside or id(occurrence.equation) in unchanged


def _is_bookkeeping(facts: Facts, equation: Equation) -> bool:
    if facts.is_bookkeeping(equation) and not costs_more_than(facts, equation, SMALL):
        return True
    return is_cheap(equation.primitive) and not any(facts.given[v] for v in equation.outputs)


def unchanged_finding(
    facts: Facts, kind: str, unchanged: Unchanged, hint: str = "", *, bookkeeping: bool = False
) -> Finding:
    """A finding about an equation that a loop runs more often than needed.

    If the number of iterations is unknown, the work of one iteration is counted.
    """
    occurrence, needed, exact = unchanged
    runs = occurrence.region.weight
    wasted = runs - needed if exact else runs
    cost = facts.cost(occurrence.equation)
    words = (ONCE if needed == 1 else OFTEN) if exact else UNKNOWN
    how = words.format(needed=needed, runs=runs)
    is_point = is_pushed_at_one_point(facts, occurrence.equation)
    made = wasted_finding(
        facts,
        kind,
        occurrence,
        None if cost is None else cost.times(wasted),
        runs=wasted,
        hint=hint or (LINEARIZE if is_point else HINT).format(how=how),
        bookkeeping=bookkeeping,
    )
    return replace(made, edits=() if bookkeeping else (hoist(facts, occurrence),))


def loops_around(facts: Facts, occurrence: Occurrence) -> Nest:
    """The loops that repeat an equation unchanged, by their bodies."""
    assert facts.invariance is not None
    return facts.invariance.unchanged(*occurrence)


def hoist(facts: Facts, occurrence: Occurrence) -> Hoist:
    """The edit that computes an equation before the loops that repeat it unchanged."""
    return Hoist(occurrence.equation.outputs, loops_around(facts, occurrence))
