"""Following one basis through a program, to its images and the sums of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pytest_jaxcost import _compat
from pytest_jaxcost.flow import basis_sums, basis_windows  # noqa: F401  # register their rules
from pytest_jaxcost.flow.basis import Basis, Contraction, Image, Of, level
from pytest_jaxcost.flow.basis_rules import RULES
from pytest_jaxcost.ir.equation import Carry, Equation, Inlined, Loop, Region, Switch

DEEPEST_LOOP = 4
"""Loops nested deeper are not followed: a body is read again for each of those around it."""

PASSES = 4
"""How often a loop's body is read at most before nothing is claimed about its carries."""


class Tracing:
    """Follows one basis through the program."""

    def __init__(
        self,
        program: Inlined,
        makers: Mapping[int, Equation],
        basis: Basis,
        identities: Sequence[Basis],
    ) -> None:
        self.program, self.makers, self.basis = program, makers, basis
        self.images, self.size = basis.images, basis.size
        self.identities = {each.equation.outputs[0] for each in identities}
        self.depth = 0

    def region(self, region: Region) -> None:
        for equation in region.equations:
            control = equation.control
            if control is None:
                self.leaf(region, equation)
            elif isinstance(control, Loop):
                self.loop(equation, control)
            elif isinstance(control, Switch):
                self.switch(equation, control)

    def leaf(self, region: Region, equation: Equation) -> None:
        if not any(value in self.images for value in equation.inputs):
            return
        use = Use(self, region, equation)
        rule = RULES.get(equation.primitive)
        if rule is None:
            return
        for value, image in zip(equation.outputs, rule(use), strict=False):
            if image is not None and self.shape(value)[image.axis] == image.length(self.size):
                self.images[value] = image

    def loop(self, equation: Equation, loop: Loop) -> None:
        if self.depth == DEEPEST_LOOP:
            return
        self.depth += 1
        for slice_ in loop.slices:
            self.bind(slice_.param, self.moved(slice_.operand, -1))
        for carry in loop.carries:
            self.bind(carry.param, self.images.get(carry.init))
        if any(value in self.images for value in equation.inputs):
            self.guess(loop)
        self.settle(loop)
        for carry in loop.carries:
            self.bind(carry.out, self.images.get(carry.param))
        for stack in loop.stacks:
            self.bind(stack.out, self.moved(stack.result, 1))
        self.depth -= 1

    def guess(self, loop: Loop) -> None:
        """Take carries that start as zeros for images; reading the body shows which are none."""
        for carry in loop.carries:
            shape = self.shape(carry.param)
            if self.size in shape and self.is_zero(carry.init):
                self.bind(carry.param, Image(shape.index(self.size)))

    def settle(self, loop: Loop) -> None:
        """Read the body until each carry is after an iteration what it was before."""
        for _ in range(PASSES):
            self.regions(loop)
            changed = [carry for carry in loop.carries if self.changes(carry)]
            if not changed:
                return
            for carry in changed:
                if not self.widened(carry):
                    self.images.pop(carry.param, None)
        for carry in loop.carries:
            self.images.pop(carry.param, None)
        self.regions(loop)

    def changes(self, carry: Carry) -> bool:
        """Whether an iteration makes something else of a carry; zeros may become an image."""
        before, after = self.images.get(carry.param), self.images.get(carry.update)
        return before != after and (before is not None or self.is_zero(carry.init))

    def widened(self, carry: Carry) -> bool:
        """Whether less can be said about a carry, so that it holds for every iteration."""
        before, after = self.images.get(carry.param), self.images.get(carry.update)
        if after is None:
            return False
        if before is None or self.is_zero(carry.init):
            self.images[carry.param] = after
            return True
        if before.axis != after.axis or before.diagonal is None:
            return False
        self.images[carry.param] = before._replace(diagonal=None)
        return True

    def regions(self, loop: Loop) -> None:
        for region in loop.regions:
            for equation in region.equations:
                self.basis.contractions.pop(id(equation), None)
                if equation is not self.basis.equation:
                    for value in equation.outputs:
                        if value not in self.basis.seeds:
                            self.images.pop(value, None)
            self.region(region)

    def moved(self, value: int, by: int) -> Image | None:
        """The image of a slice (-1) or a stack (1) of what a value is."""
        image = self.images.get(value)
        if image is None or image.axis + by < 0:
            return None
        diagonal = image.diagonal
        diagonal = None if diagonal is None or diagonal + by < 0 else diagonal + by
        return image._replace(axis=image.axis + by, diagonal=diagonal)

    def switch(self, equation: Equation, switch: Switch) -> None:
        for region in switch.regions:
            self.region(region)
        for k, value in enumerate(equation.outputs):
            results = [region.results[k] for region in switch.regions]
            images = {self.images.get(each) for each in results if not self.is_zero(each)}
            if len(images) == 1:
                self.bind(value, images.pop())

    def bind(self, value: int, image: Image | None) -> None:
        if image is not None:
            self.images[value] = image
        else:  # of a loop that is read again
            self.images.pop(value, None)

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

    def __init__(self, tracing: Tracing, region: Region, equation: Equation) -> None:
        self.tracing, self.region, self.equation = tracing, region, equation
        self.params: Mapping[str, Any] = equation.eqn.params
        images = [tracing.images.get(value) for value in equation.inputs]
        self.images = images
        if any(image is not None and image.of is Of.ROWS for image in images):
            # what an image is summed with is no image to it
            self.images = [None if self.is_seed(k) else image for k, image in enumerate(images)]
        self.shapes = [tracing.shape(value) for value in equation.inputs]

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.tracing.shape(self.equation.outputs[0])

    @property
    def is_outside(self) -> bool:
        """Whether the equation is no part of the derivative that pushes the basis."""
        return level(self.equation) <= self.tracing.basis.level

    def contract(
        self, position: int, vectors: int, over: str, *, seed: int | None = None, remains: int = 0
    ) -> None:
        """Note that the equation sums an image of the basis outside of the derivative."""
        image, inputs = self.images[position], self.equation.inputs
        assert image is not None
        if image.of is not Of.ROWS or vectors >= self.tracing.size or not self.is_outside:
            return
        operands = inputs if over == "diagonal" else (inputs[position],)
        self._note(Contraction(self.region, self.equation, operands, vectors, over, seed, remains))

    def contract_again(self, remains: int = 0) -> None:
        """Note that the equation sums products of the image and the vectors it is summed with."""
        operands = tuple(v for v in self.equation.inputs if v in self.tracing.images)
        found = Contraction(self.region, self.equation, operands, 0, "again", None, remains)
        self._note(found)

    def scale_rows(self, position: int, axis: int) -> None:
        """Note that an operand has a number for each row, which the rows may be summed with."""
        if self.is_outside:
            self._seed(position, axis)

    def _seed(self, position: int, axis: int) -> None:
        self.tracing.basis.seeds[self.equation.inputs[position]] = Image(axis, of=Of.VECTORS)

    def _note(self, found: Contraction) -> None:
        self.tracing.basis.contractions[id(self.equation)] = found

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
        return self.tracing.is_zero(self.equation.inputs[position])

    def is_identity(self, position: int) -> bool:
        return self.tracing.is_identity(self.equation.inputs[position])

    def is_seed(self, position: int) -> bool:
        """Whether an operand is what the basis's image is summed with, as it stands."""
        return self.equation.inputs[position] in self.tracing.basis.seeds

    def varies(self, position: int, axis: int) -> bool:
        """Whether an operand varies along an axis."""
        return axis in self.axes_of(position)

    def axes_of(self, position: int) -> set[int]:
        return self.tracing.axes_of(self.equation.inputs[position])


def is_literal_zero(atom: Any) -> bool:
    """Whether an operand is zeros that were written down."""
    return isinstance(atom, _compat.Literal) and not np.any(np.asarray(atom.val))
