"""The derivatives that an equation is inside of, as its transform records tell."""

from __future__ import annotations

from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation


def derivatives(equation: Equation) -> tuple[str, ...]:
    """``jvp`` or ``transpose`` for each derivative around the equation, outermost first.

    Reverse mode transposes a forward derivative: two records of the name stack, one derivative.
    """
    kinds: list[str] = []
    for name, is_transform in where.name_stack(equation):
        if not is_transform or name not in (where.JVP, where.TRANSPOSE):
            continue
        if kinds and kinds[-1] == _TRANSPOSES and name == where.JVP:
            kinds[-1] = where.TRANSPOSE
        else:
            kinds.append(_TRANSPOSES if name == where.TRANSPOSE else name)
    return tuple(where.TRANSPOSE if kind == _TRANSPOSES else kind for kind in kinds)


_TRANSPOSES = "transpose of"
"""A transpose whose forward derivative has not been read."""
