"""How many derivatives an equation is inside of."""

from __future__ import annotations

from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation

DERIVATIVES = frozenset({where.JVP, where.TRANSPOSE})


def depth(equation: Equation) -> int:
    """The number of derivatives around an equation: 0 for what sets up the first one's seeds."""
    return sum(
        1 for name, transform in where.name_stack(equation) if transform and name in DERIVATIVES
    )
