"""The edits that let one evaluation of a value do for two."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.repeats import Occurrence, Repetition
from pytest_jaxcost.ir.equation import Equation, Loop
from pytest_jaxcost.rewrite.edits import Edit, Fuse, Merge


def merges(facts: Facts, repetition: Repetition) -> Iterator[Edit]:
    """What lets the first evaluation stand for the others."""
    for again in repetition.again:
        yield from _merges(facts, repetition.first, again)


def _merges(facts: Facts, first: Occurrence, again: Occurrence) -> Iterator[Edit]:
    """The loops and branches around two evaluations are merged before they are."""
    for one, other in _around_both(facts, first, again):
        yield from _of_results(facts, one, other)
        if _run_equally_often(facts, one, other):
            assert one.control is not None
            assert other.control is not None
            yield Fuse(one.control.regions[-1], other.control.regions[-1])
    yield Merge(first.equation.outputs, again.equation.outputs)


def _around_both(
    facts: Facts, first: Occurrence, again: Occurrence
) -> Iterator[tuple[Equation, Equation]]:
    """The different loops and branches around two equations, outermost first."""
    ones, others = (facts.holders_of(each.region) for each in (first, again))
    for one in ones:
        for other in others:
            if one is not other and type(one.control) is type(other.control):
                yield one, other


def _of_results(facts: Facts, one: Equation, other: Equation) -> Iterator[Merge]:
    """The results that two loops have in common."""
    known = {facts.numbers[value]: value for value in one.outputs}
    for value in other.outputs:
        same = known.get(facts.numbers[value])
        if same is not None:
            yield Merge((same,), (value,))


def _run_equally_often(facts: Facts, one: Equation, other: Equation) -> bool:
    loop, again = one.control, other.control
    if not isinstance(loop, Loop) or not isinstance(again, Loop):
        return False
    if loop.predicate is None or again.predicate is None:
        return False
    return facts.numbers[loop.predicate] == facts.numbers[again.predicate]
