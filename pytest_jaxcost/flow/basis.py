"""Which values are linear images of a standard basis: a batch of tangents or cotangents.

``jax.jacfwd`` pushes the rows of an identity matrix through ``jvp`` all at once, and
``jax.jacrev`` pulls them through ``vjp``. An image of such a basis has an axis of the basis's
length along which it says what became of each row. What is summed along that axis could have been
summed before it was pushed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pytest_jaxcost import _compat
from pytest_jaxcost.flow.basis_rules import RULES
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Carry, Equation, Inlined, Loop, Region, Switch

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


def bases(program: Inlined) -> list[Basis]:
    """The identity matrices that the program makes, with their images."""
    found = [
        Basis(region, equation)
        for region, equation in program.walk()
        if equation.primitive == "eq" and _is_square(equation)
    ]
    if not found:
        return []
    makers = {value: equation for _, equation in program.walk() for value in equation.outputs}
    found = [basis for basis in found if _is_identity(basis.equation, makers)]
    for basis in found:
        _Tracing(program, makers, basis, found).region(program.main)
    return found


def _is_square(equation: Equation) -> bool:
    shape = equation.eqn.outvars[0].aval.shape
    return len(shape) == 2 and shape[0] == shape[1] and shape[0] > 1


def _is_identity(equation: Equation, makers: Mapping[int, Equation]) -> bool:
    dimensions = {_iota_dimension(value, makers) for value in equation.inputs}
    return dimensions == {0, 1}


def _iota_dimension(value: int, makers: Mapping[int, Equation]) -> int | None:
    """The axis that a value counts along, from 0; None if it does not."""
    while (maker := makers.get(value)) is not None:
        name = maker.primitive
        if name == "iota":
            return int(maker.eqn.params["dimension"])
        if (name == "add" and _adds_nothing(maker)) or name == "convert_element_type":
            value = maker.inputs[0]
        else:
            return None
    return None


def _adds_nothing(maker: Equation) -> bool:
    return _is_literal_zero(maker.eqn.invars[1])


def _is_literal_zero(atom: Any) -> bool:
    return isinstance(atom, _compat.Literal) and not np.any(np.asarray(atom.val))


class _Tracing:
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

    def region(self, region: Region) -> None:
        for equation in region.equations:
            control = equation.control
            if control is None:
                self.leaf(region, equation)
            elif isinstance(control, Loop):
                self.loop(control)
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
            if image is not None and self.shape(value)[image.axis] == self.size:
                self.images[value] = image

    def loop(self, loop: Loop) -> None:
        for slice_ in loop.slices:
            self.bind(slice_.param, self.moved(slice_.operand, -1))
        for carry in loop.carries:
            self.bind(carry.param, self.images.get(carry.init))
        self.settle(loop)
        for carry in loop.carries:
            self.bind(carry.out, self.images.get(carry.param))
        for stack in loop.stacks:
            self.bind(stack.out, self.moved(stack.result, 1))

    def settle(self, loop: Loop) -> None:
        """Read the body until its carries are known, at most three times, and once for good."""
        for _ in range(3):  # to find what starts as zeros, and to forget what is no diagonal
            self.regions(loop)
            changed = [self.widened(carry) for carry in loop.carries]
            if not any(changed):
                break
        for carry in loop.carries:
            if self.images.get(carry.param) != self.images.get(carry.update):
                self.images.pop(carry.param, None)
        self.regions(loop)

    def widened(self, carry: Carry) -> bool:
        """Whether an iteration showed more about a carry than was known before the loop."""
        before, after = self.images.get(carry.param), self.images.get(carry.update)
        if after is None or before == after:
            return False
        if before is None:
            self.bind(carry.param, after if self.is_zero(carry.init) else None)
            return self.is_zero(carry.init)
        if before.axis != after.axis or before.diagonal is None:
            return False
        self.images[carry.param] = before._replace(diagonal=None)
        return True

    def regions(self, loop: Loop) -> None:
        for region in loop.regions:
            for value in _made(region):
                self.images.pop(value, None)
            self.region(region)

    def moved(self, value: int, by: int) -> Image | None:
        """The image of a slice (-1) or a stack (1) of what a value is."""
        image = self.images.get(value)
        if image is None or image.axis + by < 0:
            return None
        diagonal = image.diagonal
        diagonal = None if diagonal is None or diagonal + by < 0 else diagonal + by
        return Image(image.axis + by, diagonal)

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

    def shape(self, value: int) -> tuple[int, ...]:
        return tuple(getattr(self.program.avals[value], "shape", ()))

    def is_zero(self, value: int) -> bool:
        """Whether a value is a zero that was written down."""
        while (maker := self.makers.get(value)) is not None:
            if maker.primitive not in ("broadcast_in_dim", "convert_element_type", "copy"):
                return False
            value = maker.inputs[0]
        content = self.program.constants.get(value)
        return isinstance(content, _compat.Literal) and _is_literal_zero(content)

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

    def __init__(self, tracing: _Tracing, region: Region, equation: Equation) -> None:
        self.tracing, self.region, self.equation = tracing, region, equation
        self.params: Mapping[str, Any] = equation.eqn.params
        self.images = [tracing.images.get(value) for value in equation.inputs]
        self.shapes = [tracing.shape(value) for value in equation.inputs]

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.tracing.shape(self.equation.outputs[0])

    @property
    def is_outside(self) -> bool:
        """Whether the equation is no part of the derivative that pushes the basis."""
        return level(self.equation) <= self.tracing.basis.level

    def contract(self, position: int, vectors: int, over: str) -> None:
        """Note that the equation sums an image outside of the derivative."""
        if self.is_outside and vectors < self.tracing.size:
            found = Contraction(
                self.region, self.equation, self.equation.inputs[position], vectors, over
            )
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

    def axes_of(self, position: int) -> set[int]:
        return self.tracing.axes_of(self.equation.inputs[position])


def _made(region: Region) -> Iterator[int]:
    for equation in region.equations:
        yield from equation.outputs
