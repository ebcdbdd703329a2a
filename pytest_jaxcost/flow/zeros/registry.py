"""Which rule says what an equation makes of the zeros in its operands.

A primitive without a rule makes values of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.flow.zeros.pattern import Index, Known, Pattern
from pytest_jaxcost.flow.zeros.slices import Slices
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.tables import into


class ZeroStep(NamedTuple):
    """An equation and what is known of its operands."""

    equation: Equation
    known: tuple[Known, ...]
    constants: Mapping[int, Any]
    results: tuple[Known, ...] = ()
    """What is known of the results, once the rule has said it."""
    slices: Slices | None = None

    @property
    def eqn(self) -> Any:
        """JAX's own equation."""
        return self.equation.eqn

    def shape(self, k: int) -> tuple[int, ...]:
        """The shape of operand `k`."""
        shape: tuple[int, ...] = self.equation.eqn.invars[k].aval.shape
        return shape

    @property
    def out_shape(self) -> tuple[int, ...]:
        """The shape of the first result."""
        shape: tuple[int, ...] = self.equation.eqn.outvars[0].aval.shape
        return shape

    def pattern(self, k: int) -> Pattern | None:
        """The pattern of operand `k`, if it has one."""
        known = self.known[k]
        return known if isinstance(known, Pattern) else None

    def integer(self, k: int) -> int | None:
        """The value of operand `k`, if it is one integer that follows from literals."""
        known = self.known[k]
        if isinstance(known, Index):
            return None if any(known.coefs) else known.offset
        content: Any = self.constants.get(self.equation.inputs[k])
        is_zero = known is not None and isinstance(content, _compat.Literal)
        return 0 if is_zero and content.aval.dtype.kind in "iu" else None


Rule = Callable[[ZeroStep], Sequence[Known]]

RULES: dict[str, Rule] = {}

SOURCES = frozenset({"iota"})
"""Primitives of whose results something may be known when nothing is known of the operands."""


zero_rule = into(RULES, "rules")
"""A decorator: the function says what is known of the results of these primitives."""
