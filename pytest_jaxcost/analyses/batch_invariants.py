"""Batch invariants: work on operands that are the same along an axis, so that its result is too.

A broadcast before the work repeats the work; after it, it repeats only the result. XLA moves some
broadcasts behind elementwise work when it compiles, and leaves those before a dot product, a sort
or a factorization where they are.

Not counted: arithmetic on an array that is filled with one value, which is how such arrays are
made; what JAX does inside an expression that needs the axis; cotangents, which are constant where
a loss is a sum; duplicates, work on zeros, constant work and the runs that a loop repeats
unchanged, which count under those names.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from math import prod
from typing import NamedTuple

from pytest_jaxcost.analyses.causes import Found
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.subjects import Subject, located, verb
from pytest_jaxcost.analyses.wasted import counted_elsewhere, needed_runs, wasted_finding
from pytest_jaxcost.analyses.wasted_calls import wasted_calls
from pytest_jaxcost.analyses.whose import is_users
from pytest_jaxcost.analyses.written import written
from pytest_jaxcost.analyses.zero_edits import placed
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.flow.axis_rules import ELEMENTWISE, axes_of
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.report.records import Finding, Findings
from pytest_jaxcost.rewrite.edits import Replace
from pytest_jaxcost.rewrite.narrow_equal import once

TITLE = "{subject} {do} {n:,} equal slices, where one would do"
HINT = "its operands are the same along {axes}; compute it before the broadcast, not after it"


class Repeated(NamedTuple):
    """An equation whose result is constant along axes of more than one element."""

    occurrence: Occurrence
    sizes: tuple[tuple[int, int], ...]
    """The axes of the first result, with their sizes."""

    @property
    def factor(self) -> int:
        """How much larger the result is than one that stands for all slices."""
        return prod(size for _, size in self.sizes)


@analysis("batch_invariants", "JC202")
def batch_invariants(facts: Facts) -> Findings:
    """One finding for each call that computes equal slices: all but one, and what they cost."""
    repeated = [
        Repeated(o, sizes)
        for o in occurrences(facts.program)
        if (sizes := _constant_sizes(facts, o, facts.constant_axes))
    ]
    worked = [each for each in repeated if not facts.is_bookkeeping(each.occurrence.equation)]
    chosen = [each.occurrence for each in worked]
    same, again = {id(o.equation) for o in chosen}, counted_elsewhere(facts, chosen)
    counted: list[Repeated] = []
    filled: list[Repeated] = []
    jaxs: list[Repeated] = []
    for each in worked:
        equation = each.occurrence.equation
        if id(equation) in again or not is_live(equation, facts.live):
            continue
        if _is_jaxs(facts, same, each.occurrence):
            jaxs.append(each)
        else:
            (filled if _is_fill(facts, each) else counted).append(each)
    return Findings(
        _causes(facts, counted, [each.occurrence for each in repeated]),
        bookkeeping=lambda: [_finding(facts, each, bookkeeping=True) for each in filled],
        from_jax=lambda: [_finding(facts, each) for each in jaxs],
    )


def _causes(facts: Facts, counted: Sequence[Repeated], also: Sequence[Occurrence]) -> list[Finding]:
    """One finding for each call or expression that computes equal slices."""
    factors = {id(each.occurrence.equation): each.factor for each in counted}

    def sentence(subjects: Sequence[Subject], found: Found) -> str:
        n = factors[found.finding.members[0]]
        return TITLE.format(
            subject=located(subjects), do=verb(subjects, "compute", "computes"), n=n
        )

    found = (Found(_finding(facts, each), (each.occurrence,)) for each in counted)
    return wasted_calls(facts, found, sentence, also=also)


def _constant_sizes(
    facts: Facts, occurrence: Occurrence, constant: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    equation = occurrence.equation
    if not equation.outputs or not (mask := constant[equation.outputs[0]]):
        return ()
    if not facts.given[equation.outputs[0]]:
        return ()
    shape = equation.eqn.outvars[0].aval.shape
    return tuple((axis, shape[axis]) for axis in axes_of(mask) if shape[axis] > 1)


def _is_jaxs(facts: Facts, same: Container[int], occurrence: Occurrence) -> bool:
    """Whether no line of the user's says so: a cotangent, or a step of a larger expression."""
    if facts.phases.of(occurrence.equation) == where.TRANSPOSE:
        return True
    return not is_users(facts, occurrence.equation, lambda other: id(other.equation) in same)


def _is_fill(facts: Facts, repeated: Repeated) -> bool:
    equation = repeated.occurrence.equation
    if equation.primitive not in ELEMENTWISE:
        return False
    cost = facts.cost(equation)
    is_one_value = repeated.factor == prod(equation.eqn.outvars[0].aval.shape)
    return is_one_value and cost is not None and not cost.transcendentals


def _finding(facts: Facts, repeated: Repeated, *, bookkeeping: bool = False) -> Finding:
    occurrence, sizes = repeated
    runs = needed_runs(facts, occurrence)
    cost = facts.cost(occurrence.equation)
    axes = " and ".join(f"axis {axis} (x{size:,})" for axis, size in sizes)
    made = wasted_finding(
        facts,
        "batch_invariants",
        occurrence,
        None if cost is None else _beyond_one(cost, repeated.factor).times(runs),
        runs=runs,
        hint=HINT.format(axes=axes),
        bookkeeping=bookkeeping,
    )
    instead = written(lambda: [edit_of(repeated)])
    return replace(made, edits=instead.edits, no_edit=instead.no_edit)


def edit_of(repeated: Repeated) -> Replace:
    """What computes one slice of an equation.

    Raises:
        RewriteError: it does not compute its slices one by one.
    """
    occurrence, sizes = repeated
    return placed(occurrence, once(occurrence.equation, [axis for axis, _ in sizes]))


def _beyond_one(cost: Cost, factor: int) -> Cost:
    """The cost of all slices but one of `factor` equal ones."""
    return Cost(
        flops=cost.flops - cost.flops // factor,
        transcendentals=cost.transcendentals - cost.transcendentals // factor,
        bytes_accessed=cost.bytes_accessed - cost.bytes_accessed // factor,
    )
