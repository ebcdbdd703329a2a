"""Which values are linear images of a standard basis: a batch of tangents or cotangents.

``jax.jacfwd`` pushes the rows of an identity matrix through ``jvp`` all at once, and
``jax.jacrev`` pulls them through ``vjp``. An image of such a basis has an axis of the basis's
length along which it says what became of each row. What is summed along that axis could have been
summed before it was pushed.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from pytest_jaxcost.ir.derivatives import derivatives
from pytest_jaxcost.ir.equation import Equation, Region


class Of(Enum):
    """What slice ``b`` of an image is linear in."""

    ROWS = auto()
    """Row ``b`` of the basis."""
    VECTORS = auto()
    """Element ``b`` of the vectors that the basis's image is summed with."""
    BOTH = auto()
    """Both: what a derivative of such a sum multiplies before it sums once more."""


class Image(NamedTuple):
    """How a value depends on a basis: row ``b`` of the basis gives slice ``b`` along ``axis``."""

    axis: int
    diagonal: int | None = None
    """An axis along which slice ``b`` is zero everywhere but at ``b``."""
    around: tuple[int, int] = (1, 1)
    """What a reshape merged into the axis: how many slices outside and inside of each row."""

    of: Of = Of.ROWS

    @property
    def is_merged(self) -> bool:
        """Whether the axis is not the basis's alone."""
        return self.around != (1, 1)

    def length(self, size: int) -> int:
        """The length of the axis, for a basis of `size` rows."""
        return self.around[0] * size * self.around[1]


class Contraction(NamedTuple):
    """An equation that sums an image: how many vectors would have done where a basis went."""

    region: Region
    equation: Equation
    operands: tuple[int, ...]
    """What it does not need when the vectors have been pushed: the image."""
    vectors: int
    over: str
    """``basis``, ``outputs``, ``diagonal``, or ``again``: a derivative sums with the vectors."""
    seed: int | None = None
    """The vectors, if they are a value of the program."""
    remains: int = 0
    """The additions that are left to do when the vectors have been pushed."""


class Basis:
    """One identity matrix and all that is linear in it."""

    def __init__(self, region: Region, equation: Equation) -> None:
        self.region, self.equation = region, equation
        self.size: int = equation.eqn.outvars[0].aval.shape[0]
        self.level = level(equation)
        self.images: dict[int, Image] = {equation.outputs[0]: Image(0, 1)}
        self.contractions: dict[int, Contraction] = {}
        self.seeds: dict[int, Image] = {}
        """The vectors that images are summed with."""
        self.identities: frozenset[int] = frozenset()
        """Identity matrices of the program, which may serve as masks of a diagonal."""

    def start_again(self) -> None:
        """Forget all but the vectors, so that what is made of these is followed too."""
        self.images = {**self.seeds, self.equation.outputs[0]: Image(0, 1)}
        self.contractions = {}

    @property
    def rows(self) -> dict[int, Image]:
        """The images of the basis itself."""
        return {value: image for value, image in self.images.items() if image.of is Of.ROWS}


def level(equation: Equation) -> int:
    """How many derivatives the equation is part of."""
    return len(derivatives(equation))
