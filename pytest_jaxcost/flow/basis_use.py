"""One equation that reads an image of a basis, as a rule sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pytest_jaxcost import _compat
from pytest_jaxcost.flow.basis import Basis, Contraction, Image, Of, level
from pytest_jaxcost.ir.equation import Equation, Inlined, Region


class Values:
    """What is known of a program's values while one basis is followed."""

    def __init__(
        self,
        program: Inlined,
        makers: Mapping[int, Equation],
        basis: Basis,
        identities: Sequence[Basis],
    ) -> None:
        self.program, self.makers, self.basis = program, makers, basis
        self.identities = {each.equation.outputs[0] for each in identities}

    def shape(self, value: int) -> tuple[int, ...]:
        return tuple(getattr(self.program.avals[value], "shape", ()))

    def is_zero(self, value: int) -> bool:
        """Whether a value is a zero that was written down."""
        while (maker := self.makers.get(value)) is not None:
            if maker.primitive not in ("broadcast_in_dim", "convert_element_type", "copy"):
                return False
            value = maker.inputs[0]
        content = self.program.constants.get(value)
        return isinstance(content, _compat.Literal) and is_literal_zero(content)

    def is_identity(self, value: int) -> bool:
        """Whether a value is an identity matrix, as booleans or as numbers."""
        while value not in self.identities:
            maker = self.makers.get(value)
            if maker is None or maker.primitive not in ("convert_element_type", "copy"):
                return False
            value = maker.inputs[0]
        return True

    def axes_of(self, value: int) -> set[int]:
        """The axes that a value varies along, as far as its last broadcast tells."""
        shape = self.shape(value)
        axes = {axis for axis, size in enumerate(shape) if size > 1}
        maker = self.makers.get(value)
        if maker is not None and maker.primitive == "broadcast_in_dim":
            dims = maker.eqn.params["broadcast_dimensions"]
            operand = self.shape(maker.inputs[0])
            axes &= {int(dim) for dim, size in zip(dims, operand, strict=False) if size > 1}
        return axes


class Use:
    """One equation that reads an image, as a rule sees it."""

    def __init__(self, values: Values, region: Region, equation: Equation) -> None:
        self.values, self.region, self.equation = values, region, equation
        self.params: Mapping[str, Any] = equation.eqn.params
        images = [values.basis.images.get(value) for value in equation.inputs]
        self.images = images
        if any(image is not None and image.of is Of.ROWS for image in images):
            # what an image is summed with is no image to it
            self.images = [None if self.is_seed(k) else image for k, image in enumerate(images)]
        self.shapes = [values.shape(value) for value in equation.inputs]

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.values.shape(self.equation.outputs[0])

    @property
    def is_outside(self) -> bool:
        """Whether the equation is no part of the derivative that pushes the basis."""
        return level(self.equation) <= self.values.basis.level

    def contract(
        self, position: int, vectors: int, over: str, *, seed: int | None = None, remains: int = 0
    ) -> None:
        """Note that the equation sums an image of the basis outside of the derivative."""
        image, inputs = self.images[position], self.equation.inputs
        assert image is not None
        if image.of is not Of.ROWS or vectors >= self.values.basis.size or not self.is_outside:
            return
        operands = inputs if over == "diagonal" else (inputs[position],)
        self._note(Contraction(self.region, self.equation, operands, vectors, over, seed, remains))

    def contract_again(self, remains: int = 0) -> None:
        """Note that the equation sums products of the image and the vectors it is summed with."""
        operands = tuple(v for v in self.equation.inputs if v in self.values.basis.images)
        found = Contraction(self.region, self.equation, operands, 0, "again", None, remains)
        self._note(found)

    def scale_rows(self, position: int, axis: int) -> None:
        """Note that an operand has a number for each row, which the rows may be summed with."""
        if self.is_outside:
            self._seed(position, axis)

    def _seed(self, position: int, axis: int) -> None:
        self.values.basis.seeds[self.equation.inputs[position]] = Image(axis, of=Of.VECTORS)

    def _note(self, found: Contraction) -> None:
        self.values.basis.contractions[id(self.equation)] = found

    def rest(self, position: int, *, without: Sequence[int]) -> int:
        """How many numbers an operand has for each row of the basis, some axes summed over."""
        image = self.images[position]
        assert image is not None
        sizes = [
            size
            for axis, size in enumerate(self.shapes[position])
            if axis != image.axis and axis not in without
        ]
        return int(np.prod(sizes)) if sizes else 1

    def is_zero(self, position: int) -> bool:
        return self.values.is_zero(self.equation.inputs[position])

    def is_identity(self, position: int) -> bool:
        return self.values.is_identity(self.equation.inputs[position])

    def is_seed(self, position: int) -> bool:
        """Whether an operand is what the basis's image is summed with, as it stands."""
        return self.equation.inputs[position] in self.values.basis.seeds

    def varies(self, position: int, axis: int) -> bool:
        """Whether an operand varies along an axis."""
        return axis in self.axes_of(position)

    def axes_of(self, position: int) -> set[int]:
        return self.values.axes_of(self.equation.inputs[position])


def is_literal_zero(atom: Any) -> bool:
    """Whether an operand is zeros that were written down."""
    return isinstance(atom, _compat.Literal) and not np.any(np.asarray(atom.val))
