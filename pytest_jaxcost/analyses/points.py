"""Whether zeros are the point that something is differentiated at, and no tangent or cotangent.

A derivative is linear in its tangents, and seldom in the point.
"""

from __future__ import annotations

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.basis_rules import RULES as LINEAR
from pytest_jaxcost.flow.dependence import dependents
from pytest_jaxcost.flow.zeros.depth import depth
from pytest_jaxcost.flow.zeros.pattern import ZeroOrigin
from pytest_jaxcost.ir.equation import Equation

PRODUCTS = frozenset({"mul", "dot_general", "conv_general_dilated"})
"""What is linear in each of two operands."""


class Points:
    """Which equations make zeros that are a point, looked up when a question comes up."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[int, bool] = {}

    def has(self, origin: ZeroOrigin) -> bool:
        """Whether a derivative does something with the zeros that it does not do with a tangent."""
        maker = origin.equation
        if maker is None:
            return False
        if id(maker) not in self._known:
            self._known[id(maker)] = self._is_one(maker)
        return self._known[id(maker)]

    def _is_one(self, maker: Equation) -> bool:
        program, outside = self._facts.program, depth(maker)
        reached = dependents(program, maker.outputs)
        return any(
            equation.control is None
            and any(reached[value] for value in equation.inputs)
            and not self._facts.is_bookkeeping(equation)
            and depth(equation) > outside
            and _is_not_linear(equation, reached)
            for _, equation in program.walk()
        )


def _is_not_linear(equation: Equation, reached: bytearray) -> bool:
    operands = sum(1 for value in equation.inputs if reached[value])
    if equation.primitive in PRODUCTS:
        return operands > 1
    if equation.primitive == "div":
        return bool(reached[equation.inputs[1]])
    return equation.primitive not in LINEAR
