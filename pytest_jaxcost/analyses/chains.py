"""What reads what: equations whose results are only moved or shaped in between belong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.ir.equation import Equation


class Chains:
    """Which of some values an equation reads."""

    def __init__(self, facts: Facts, values: Iterable[int]) -> None:
        self._facts, self._values = facts, set(values)

    def read(self, equation: Equation) -> Iterator[int]:
        """Those of the values that an equation reads, moved or shaped in between or not."""
        stack, seen = list(equation.inputs), set[int]()
        while stack:
            value = stack.pop()
            if value in self._values:
                yield value
            elif value not in seen:
                seen.add(value)
                maker = self._movers.get(value)
                stack += maker.inputs if maker else ()

    @cached_property
    def _movers(self) -> dict[int, Equation]:
        """The equations that move or shape, by what they make."""
        return {
            value: equation
            for _, equation in self._facts.program.walk()
            if equation.control is None and self._facts.is_bookkeeping(equation)
            for value in equation.outputs
        }
