"""Recomputed: work that a differentiated ``jax.checkpoint`` runs again in the backward pass.

It was asked for, to save memory, so it is never a duplicate; this says what it costs. Not all that
a checkpoint runs in the backward pass has run before: what only the derivative reads has not, and
neither has anything of a checkpoint whose result nobody reads, like the last one before a sum. Its
first evaluation is dead, so the one in the backward pass is the only one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import takewhile
from typing import Any

from pytest_jaxcost.analyses.causes import Found
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.merging import merges
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.subjects import Subject, located
from pytest_jaxcost.analyses.wasted_calls import wasted_calls
from pytest_jaxcost.flow.dependence import dependents
from pytest_jaxcost.flow.repeats import Occurrence, Repetition, occurrences
from pytest_jaxcost.ir import keys, where
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Loop
from pytest_jaxcost.report.records import Findings

TITLE = "{subject} runs again in the backward pass, under jax.checkpoint"
HINT = "jax.checkpoint trades this for memory; a policy such as dots_saveable keeps costly values"


@analysis("recomputed", "JC104")
def recomputed(facts: Facts) -> Findings:
    """One finding for each call that a checkpoint evaluates a second time."""
    found = list(_found(facts, _Evaluations(facts)))
    worked = [each for each in found if not each.finding.bookkeeping]
    return Findings(
        wasted_calls(
            facts,
            worked,
            _sentence,
            known=lambda each: facts.evaluations.checkpoint_call(each.equation),
            has_floor=False,
        ),
        bookkeeping=(each.finding for each in found if each.finding.bookkeeping),
    )


def _found(facts: Facts, evaluations: _Evaluations) -> Iterator[Found]:
    for again in evaluations.rematted:
        first = evaluations.first_of(again)
        if first is not again:
            edits = merges(facts, Repetition(first, (again,)))
            yield Found(facts.finding("recomputed", [again], hint=HINT, edits=edits), (again,))
        elif evaluations.may_be_second(again):
            yield Found(facts.finding("recomputed", [again], hint=HINT), (again,))


def _sentence(subjects: Sequence[Subject], _: Found) -> str:
    return TITLE.format(subject=located(subjects))


class _Evaluations:
    """What runs first of the evaluations of each value."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        live = [each for each in occurrences(facts.program) if facts.is_live(each.equation)]
        again = [where.is_recomputed(each.equation) for each in live]
        self.rematted = [each for each, is_again in zip(live, again, strict=True) if is_again]
        """The live equations that checkpoints compute in the backward pass."""
        self._live = live if self.rematted else []

    def first_of(self, again: Occurrence) -> Occurrence:
        """The live evaluation of the same value that the others repeat; itself if there is none."""
        outputs = again.equation.outputs
        return self._firsts[self._facts.numbers[outputs[0]]] if outputs else again

    @cached_property
    def _firsts(self) -> dict[int, Occurrence]:
        """By value number: of the forward pass if one is live there, for that runs first."""
        firsts: dict[int, Occurrence] = {}
        for each in (*filter(_is_forward, self._live), *self.rematted):
            if each.equation.outputs:
                firsts.setdefault(self._facts.numbers[each.equation.outputs[0]], each)
        return firsts

    def may_be_second(self, again: Occurrence) -> bool:
        """Whether a value has an evaluation before that cannot be seen to be equal.

        That is so where values pass through loops, branches or barriers on their way to the
        backward pass. Then the same expression has to run in the forward pass.
        """
        if not any(self._unseen[value] for value in again.equation.outputs):
            return False
        return any(self._facts.is_live(each) for each in self._written_as(again))

    @cached_property
    def _unseen(self) -> bytearray:
        """One byte per value: 1 if values that it equals may have other numbers."""
        program = self._facts.program
        return dependents(program, _unnumbered(program))

    def _written_as(self, again: Occurrence) -> Sequence[Equation]:
        """The equations of the forward pass that one expression made, on the same way to it.

        Both passes of a call stand in as many loops and branches. The frames of the calls around
        a checkpoint may be missing in one of them: those that agree furthest are of one call.
        """
        path, around = where.users_path(again.equation), self._around(again)
        agreeing: dict[int, list[Equation]] = {}
        for _, each in self._facts.by_source[where.source(again.equation)]:
            if not _is_forward(each) or not _computes_like(each.equation, again.equation):
                continue
            if self._around(each) == around:
                depth = _in_common(path, where.users_path(each.equation))
                agreeing.setdefault(depth, []).append(each.equation)
        return agreeing[max(agreeing)] if agreeing else ()

    def _around(self, occurrence: Occurrence) -> list[type]:
        holders = self._facts.holders_of(occurrence.region)
        return [type(holder.control) for holder in holders]


def _is_forward(occurrence: Occurrence) -> bool:
    return not where.is_recomputed(occurrence.equation)


def _unnumbered(program: Inlined) -> Iterator[int]:
    """The values whose numbers do not say all that they are equal to."""
    for _, equation in program.walk():
        control = equation.control
        if control is not None or equation.primitive == "optimization_barrier":
            yield from equation.outputs
        if isinstance(control, Loop):
            yield from (carry.param for carry in control.carries)
            yield from (slice_.param for slice_ in control.slices)
        elif isinstance(control, Block):
            yield from control.params


def _computes_like(one: Equation, other: Equation) -> bool:
    """Whether two equations do the same to values of the same types."""
    if one.primitive != other.primitive or _types(one) != _types(other):
        return False
    return keys.param_key(one.eqn) == keys.param_key(other.eqn)


def _types(equation: Equation) -> list[str]:
    return [str(var.aval) for var in (*equation.eqn.invars, *equation.eqn.outvars)]


def _in_common(one: Iterable[Any], other: Iterable[Any]) -> int:
    """How many of the first items of two sequences are equal."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
