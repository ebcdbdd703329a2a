"""Which values are linear images of a standard basis: a batch of tangents or cotangents.

``jax.jacfwd`` pushes the rows of an identity matrix through ``jvp`` all at once, and
``jax.jacrev`` pulls them through ``vjp``. An image of such a basis has an axis of the basis's
length along which it says what became of each row. What is summed along that axis could have been
summed before it was pushed.
"""

from __future__ import annotations

from typing import NamedTuple

from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation, Region

DERIVATIVES = (where.JVP, where.TRANSPOSE)


class Image(NamedTuple):
    """How a value depends on a basis: row ``b`` of the basis gives slice ``b`` along ``axis``."""

    axis: int
    diagonal: int | None = None
    """An axis along which slice ``b`` is zero everywhere but at ``b``."""


class Contraction(NamedTuple):
    """An equation that sums an image: how many vectors would have done where a basis went."""

    region: Region
    equation: Equation
    operand: int
    """The image, a value."""
    vectors: int
    over: str
    """``basis``, ``outputs`` or ``diagonal``."""


class Basis:
    """One identity matrix and all that is linear in it."""

    def __init__(self, region: Region, equation: Equation) -> None:
        self.region, self.equation = region, equation
        self.size: int = equation.eqn.outvars[0].aval.shape[0]
        self.level = level(equation)
        self.images: dict[int, Image] = {equation.outputs[0]: Image(0, 1)}
        self.contractions: dict[int, Contraction] = {}


def level(equation: Equation) -> int:
    """How many derivatives the equation is part of."""
    records = where.name_stack(equation)
    return sum(1 for name, transform in records if transform and name in DERIVATIVES)
