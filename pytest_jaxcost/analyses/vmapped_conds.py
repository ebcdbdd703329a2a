"""Vmapped conds: a ``cond`` that became a selection, because its predicate is batched.

``jax.vmap`` cannot branch for one element of a batch and not for the next, so it runs every branch
for the whole batch and selects. That is information: it may be meant, and it is the fastest way
where the branches are cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.causes import Found, Told, frame_place, one_by_one
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.subjects import located, subject
from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation, Region
from pytest_jaxcost.report.records import Findings

TITLE = "{subject} runs all of its branches, because its predicate is batched"
HINT = (
    "vmap of cond runs every branch for the whole batch: {costs}; leave the predicate unbatched "
    "(in_axes=None), or use jax.lax.map, where one branch is much cheaper"
)


@analysis("vmapped_conds", "JC204")
def vmapped_conds(facts: Facts) -> Findings:
    """One finding per ``cond`` that runs all of its branches, with what each of them costs."""
    found = (
        _found(facts, region, selects)
        for region in facts.program.regions()
        for selects in _groups(facts, region)
    )
    return Findings(one_by_one(facts, found, partial(_told, facts)))


def _groups(facts: Facts, region: Region) -> Iterable[list[Equation]]:
    """The selections of a region that stand for one ``cond`` each."""
    groups: dict[object, list[Equation]] = {}
    for equation in region.equations:
        if equation.primitive != "select_n" or not _compat.selects_branches(equation.eqn):
            continue
        if facts.phases.of(equation) != where.TRANSPOSE and is_live(equation, facts.live):
            predicate = facts.numbers[_unbroadcast(region, equation.inputs[0])]
            groups.setdefault((where.users_path(equation), predicate), []).append(equation)
    return groups.values()


def _unbroadcast(region: Region, value: int) -> int:
    """The predicate before it was given the shape of a result."""
    for equation in reversed(region.equations):
        if equation.outputs == (value,) and equation.primitive in ("broadcast_in_dim", "reshape"):
            value = equation.inputs[0]
    return value


def _found(facts: Facts, region: Region, selects: list[Equation]) -> Found:
    cases = range(1, len(selects[0].inputs))
    costs = [_cost(facts, region, selects, case) for case in cases]
    words = ", ".join(f"branch {k} {_words(cost)}" for k, cost in enumerate(costs))
    selected = [Occurrence(region, each) for each in selects]
    hint = HINT.format(costs=words)
    made = facts.finding("vmapped_conds", selected, hint=hint, bookkeeping=False)
    return Found(facts.costing(made, sum(costs, NOTHING)), selected)


def _told(facts: Facts, found: Found) -> Told:
    frames = facts.evaluations.frames(found.work[0].equation)[-1:]
    places = [frame_place(frame, found.finding.phase) for frame in frames]
    return Told(TITLE.format(subject=located([subject(frames)])), places)


def _words(cost: Cost) -> str:
    return f"{cost.flops:,} flops and {cost.transcendentals:,} transcendentals"


def _cost(facts: Facts, region: Region, selects: list[Equation], case: int) -> Cost:
    """What the equations of one branch cost."""
    made = _made_for(region, selects, case)
    return sum((_whole_cost(facts, each).times(region.weight) for each in made), NOTHING)


def _made_for(region: Region, selects: list[Equation], case: int) -> Iterator[Equation]:
    """What the results of one branch need, down to its operands."""
    needed = {select.inputs[case] for select in selects}
    for equation in reversed(region.equations):
        if needed.isdisjoint(equation.outputs):
            continue
        if equation.primitive == "select_n" and _compat.guards_branch(equation.eqn):
            continue
        needed.update(equation.inputs)
        yield equation


def _whole_cost(facts: Facts, equation: Equation) -> Cost:
    if equation.control is None:
        return facts.cost(equation) or NOTHING
    parts = (facts.tallies[id(r)].cost.times(r.trips) for r in equation.control.regions)
    return sum(parts, NOTHING)
