"""What JAX computes inside one expression of the user's, beside what the user asked for.

The density of a normal distribution takes the logarithm of its scale; differentiating ``x / y``
raises ``y`` to a power. Where the same expression computes other things that are needed as they
are, a cheap step of it is JAX's own: nothing that the author of the expression can move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.axis_rules import ELEMENTWISE
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir import where

Expression = tuple[int, _compat.Frame | None, str]
"""The region, the innermost frame of the user's, and the phase."""

REDUCTIONS = ("reduce_", "arg", "cum")
"""Beginnings of the names of primitives that cost about a flop an element of their operand."""


class Expressions:
    """The expressions that some equations come from, and what else comes from them.

    What is dead comes from them too: differentiation needs the steps of a quotient, not the value.
    """

    def __init__(self, facts: Facts, chosen: Sequence[Occurrence]) -> None:
        self.facts = facts
        self._ids = {id(each.equation) for each in chosen}
        self._others = self._made_by_others({self.of(each) for each in chosen})

    def of(self, occurrence: Occurrence) -> Expression:
        """The expression that made an equation."""
        equation = occurrence.equation
        phase = self.facts.phases.of(equation)
        return id(occurrence.region), where.source(equation), phase

    def is_jaxs_own(self, occurrence: Occurrence) -> bool:
        """Whether an equation is a cheap step of an expression that does other work too."""
        return is_cheap(occurrence.equation.primitive) and self.of(occurrence) in self._others

    def _made_by_others(self, asked: set[Expression]) -> set[Expression]:
        """Those of the expressions that do work in equations which are not among the chosen."""
        regions = {region for region, _, _ in asked}
        return {
            expression
            for other in self._work(regions)
            if id(other.equation) not in self._ids and (expression := self.of(other)) in asked
        }

    def _work(self, regions: set[int]) -> Iterable[Occurrence]:
        facts = self.facts
        for region in facts.program.regions():
            if id(region) in regions:
                for equation in region.equations:
                    if equation.control is not None or not facts.is_bookkeeping(equation):
                        yield Occurrence(region, equation)


def is_cheap(primitive: str) -> bool:
    """Whether an equation costs about as much as reading its operands."""
    return primitive in ELEMENTWISE or primitive.startswith(REDUCTIONS)
