"""The forward pass's own evaluations of what a checkpoint computes again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation


class Twins:
    """The live equations of a program that compute something a first time."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def of(self, recomputed: Occurrence) -> list[Occurrence]:
        """Those that compute the same expression in arrays of the same type."""
        return self._by_source.get(_source(recomputed.equation), [])

    @cached_property
    def _by_source(self) -> Mapping[Hashable, list[Occurrence]]:
        found: dict[Hashable, list[Occurrence]] = {}
        for each in occurrences(self._facts.program):
            equation = each.equation
            is_first = is_live(equation, self._facts.live) and not where.is_recomputed(equation)
            if is_first and self._facts.phases.of(equation) != where.TRANSPOSE:
                found.setdefault(_source(equation), []).append(each)
        return found


def _source(equation: Equation) -> Hashable:
    frames, _ = next(where.made_in(equation))
    types = tuple(str(var.aval) for var in equation.eqn.outvars)
    return (equation.primitive, (frames.users or frames.every)[:1], types)
