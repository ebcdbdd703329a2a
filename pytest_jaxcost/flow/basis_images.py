"""Following one basis through a program, to its images and the sums of these."""

from __future__ import annotations

from pytest_jaxcost.flow import basis_sums, basis_windows  # noqa: F401  # register their rules
from pytest_jaxcost.flow.basis import Image
from pytest_jaxcost.flow.basis_rules import RULES
from pytest_jaxcost.flow.basis_use import Use, Values
from pytest_jaxcost.ir.equation import Carry, Equation, Loop, Region, Switch

DEEPEST_LOOP = 4
"""Loops nested deeper are not followed: a body is read again for each of those around it."""

PASSES = 4
"""How often a loop's body is read at most before nothing is claimed about its carries."""


class Tracing:
    """Follows one basis through the program."""

    def __init__(self, values: Values) -> None:
        self.values, self.basis = values, values.basis
        self.images, self.size = values.basis.images, values.basis.size
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
        use = Use(self.values, region, equation)
        rule = RULES.get(equation.primitive)
        if rule is None:
            return
        for value, image in zip(equation.outputs, rule(use), strict=False):
            if image is not None and self.values.shape(value)[image.axis] == image.length(
                self.size
            ):
                self.images[value] = image

    def fits(self, value: int, image: Image) -> bool:
        return self.values.shape(value)[image.axis] == image.length(self.size)

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
            shape = self.values.shape(carry.param)
            if self.size in shape and self.values.is_zero(carry.init):
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
        return before != after and (before is not None or self.values.is_zero(carry.init))

    def widened(self, carry: Carry) -> bool:
        """Whether less can be said about a carry, so that it holds for every iteration."""
        before, after = self.images.get(carry.param), self.images.get(carry.update)
        if after is None:
            return False
        if before is None or self.values.is_zero(carry.init):
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
            images = {self.images.get(each) for each in results if not self.values.is_zero(each)}
            if len(images) == 1:
                self.bind(value, images.pop())

    def bind(self, value: int, image: Image | None) -> None:
        if image is not None:
            self.images[value] = image
        else:  # of a loop that is read again
            self.images.pop(value, None)
