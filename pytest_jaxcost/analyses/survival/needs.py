"""What one run of the program needs of the work that a finding is about, kind by kind.

A value that is computed again is needed once, see `verdicts`. All other kinds of findings name the
equations whose work is too much, what of each is needed, and how work is measured on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import starmap
from math import prod
from typing import NamedTuple

from pytest_jaxcost.analyses.contracted_jacobians import replaced_by_products
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.refactorisations import kept
from pytest_jaxcost.analyses.selected_branches import work_of_branches
from pytest_jaxcost.analyses.survival.measures import NUMBER, RUNS, WORK, Amounts, Measure
from pytest_jaxcost.analyses.survival.twins import Twins
from pytest_jaxcost.analyses.wrong_modes import replaced_by_other_mode
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Finding


class Need(NamedTuple):
    """The part of an equation's work that is needed; of runs, the number of them."""

    occurrence: Occurrence
    part: Fraction = Fraction(0)


class Question(NamedTuple):
    """What is needed for a finding: its equations, and how work is measured in this program."""

    facts: Facts
    finding: Finding
    equations: list[Occurrence]
    amounts: Amounts
    twins: Twins


Needs = Callable[[Question], Iterable[Need]]


class Kind(NamedTuple):
    """How the work of one kind of finding is measured, and what of it is needed."""

    measure: Measure
    needs: Needs


KINDS: dict[str, Kind] = {}
"""The kinds of findings whose verdict compares the work that is done with the work needed."""


def _kind(name: str, measure: Measure) -> Callable[[Needs], Needs]:
    def add(needs: Needs) -> Needs:
        KINDS[name] = Kind(measure, needs)
        return needs

    return add


@_kind("constant_work", NUMBER)
@_kind("dead", NUMBER)
def _nothing(asked: Question) -> Iterable[Need]:
    """Constants need no work at run time, dead results none."""
    return map(Need, asked.equations)


@_kind("refactorisations", NUMBER)
def _one_factorisation(asked: Question) -> Iterable[Need]:
    """The factorisation that would do for all."""
    yield Need(kept(asked.facts, asked.finding), Fraction(1))
    yield from map(Need, asked.equations)


@_kind("loop_invariants", RUNS)
def _outside_of_loops(asked: Question) -> Iterable[Need]:
    """The runs that are left when the loops that only repeat it are left out."""
    found = asked.facts.invariance
    for each in asked.equations:
        loops = () if found is None else found.unchanged(*each)
        yield Need(each, Fraction(1, prod(map(asked.amounts.times, loops))))


@_kind("batch_invariants", WORK)
@_kind("zeros", WORK)
def _what_is_not_wasted(asked: Question) -> Iterable[Need]:
    """One of the equal slices; what is not zero."""
    (each,), finding = asked.equations, asked.finding
    cost = asked.facts.cost(each.equation)
    whole = 0 if cost is None else (cost.flops + cost.transcendentals) * (finding.executions or 1)
    wasted = finding.flops + finding.transcendentals
    yield Need(each, 1 - Fraction(wasted, whole) if whole else Fraction(0))


@_kind("contracted_jacobians", WORK)
def _products(asked: Question) -> Iterable[Need]:
    """As many vectors as the products are made with; nothing of what makes the Jacobian."""
    return starmap(Need, replaced_by_products(asked.facts, asked.finding))


@_kind("wrong_modes", WORK)
def _other_mode(asked: Question) -> Iterable[Need]:
    """As many vectors as the other mode takes."""
    return starmap(Need, replaced_by_other_mode(asked.facts, asked.finding))


@_kind("selected_branches", NUMBER)
def _one_branch(asked: Question) -> Iterable[Need]:
    """The work of one branch; of the only one that does any, none where nothing is selected."""
    branches = work_of_branches(asked.facts, asked.equations)
    for k, each in enumerate(branches):
        yield Need(each, Fraction(k == 0 and len(branches) > 1))


@_kind("recomputed", RUNS)
def _first_time(asked: Question) -> Iterable[Need]:
    """The forward pass's own evaluations; all of them if it has none."""
    for each in asked.equations:
        first = asked.twins.of(each)
        yield Need(each, Fraction(0 if first else 1))
        yield from (Need(twin, Fraction(1)) for twin in first)
