"""How many derivatives an equation is inside of."""

from __future__ import annotations

from itertools import pairwise

from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation

DERIVATIVES = frozenset({where.JVP, where.TRANSPOSE})
REVERSE = (where.TRANSPOSE, where.JVP)
"""Reverse mode transposes a forward derivative: two records, one derivative."""


def depth(equation: Equation) -> int:
    """The number of derivatives around an equation: 0 for what sets up the first one's seeds."""
    around = derivatives(equation)
    return len(around) - sum(1 for pair in pairwise(around) if pair == REVERSE)


def derivatives(equation: Equation) -> list[str]:
    """The transform records of derivatives around an equation, outermost first."""
    records = where.name_stack(equation)
    return [name for name, transform in records if transform and name in DERIVATIVES]
