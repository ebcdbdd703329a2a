"""The forward pass's own evaluations of what a checkpoint computes again."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from functools import cached_property

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation


class Twins:
    """The equations of a program that compute something a first time."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def of(self, recomputed: Occurrence) -> list[Occurrence]:
        """The live ones that compute the same value or, where no equation does, its expression.

        A loop hands on what it computed, so that its values have other numbers in the loop that
        computes them again.
        """
        same = self._by_value.get(self._facts.numbers[recomputed.equation.outputs[0]])
        found = self._by_source.get(_source(recomputed.equation), []) if same is None else same
        return [each for each in found if is_live(each.equation, self._facts.live)]

    @cached_property
    def _by_value(self) -> Mapping[int, list[Occurrence]]:
        found: dict[int, list[Occurrence]] = {}
        for each in self._first():
            found.setdefault(self._facts.numbers[each.equation.outputs[0]], []).append(each)
        return found

    @cached_property
    def _by_source(self) -> Mapping[Hashable, list[Occurrence]]:
        found: dict[Hashable, list[Occurrence]] = {}
        for each in self._first():
            found.setdefault(_source(each.equation), []).append(each)
        return found

    def _first(self) -> Iterator[Occurrence]:
        for each in occurrences(self._facts.program):
            equation = each.equation
            is_first = not where.is_recomputed(equation) and equation.outputs
            if is_first and self._facts.phases.of(equation) != where.TRANSPOSE:
                yield each


def _source(equation: Equation) -> Hashable:
    frames, _ = next(where.made_in(equation))
    types = tuple(str(var.aval) for var in equation.eqn.outvars)
    return (equation.primitive, (frames.users or frames.every)[:1], types)
