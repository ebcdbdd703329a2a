"""Along which axes a value is constant: all its slices along them are equal.

One pass over the inlined program, from broadcasts through what is computed of them. A loop carry
is constant along an axis if it starts so and each iteration leaves it so.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_jaxcost.flow.axis_rules import RULES, SOURCES
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Loop, Region, Switch

MOST_PASSES = 3
"""A carry that is not settled after so many passes over its loop is constant along no axis."""

DEEPEST_LOOP = 4
"""Carries of loops nested deeper are constant along no axis: each level multiplies the passes."""


def constant_axes(program: Inlined) -> Sequence[int]:
    """The axes that each value is constant along, as a bit mask."""
    return _ConstantAxes(program).run()


class _ConstantAxes:
    """The masks of all values, filled in program order."""

    def __init__(self, program: Inlined) -> None:
        self.program = program
        self.masks = [0] * len(program.avals)
        self.depth = 0

    def run(self) -> Sequence[int]:
        self.region(self.program.main)
        return self.masks

    def region(self, region: Region) -> None:
        masks, rules = self.masks, RULES
        for equation in region.equations:
            if equation.control is not None:
                self.control(equation)
                continue
            name = equation.eqn.primitive.name
            operands = [masks[value] for value in equation.inputs]
            if name in SOURCES or any(operands):
                rule = rules.get(name)
                mask = 0 if rule is None else rule(equation.eqn, operands)
            else:
                mask = 0
            for value in equation.outputs:
                masks[value] = mask

    def control(self, equation: Equation) -> None:
        control = equation.control
        if isinstance(control, Loop):
            self.loop(control)
        elif isinstance(control, Switch):
            self.switch(equation, control)
        elif isinstance(control, Block):
            for region in control.regions:
                self.region(region)

    def switch(self, equation: Equation, switch: Switch) -> None:
        for region in switch.regions:
            self.region(region)
        for k, value in enumerate(equation.outputs):
            mask = -1
            for region in switch.regions:
                mask &= self.masks[region.results[k]]
            self.masks[value] = max(mask, 0)

    def loop(self, loop: Loop) -> None:
        masks = self.masks
        for slice_ in loop.slices:
            masks[slice_.param] = masks[slice_.operand] >> 1
        self.depth += 1
        starts = [masks[carry.init] if self.depth <= DEEPEST_LOOP else 0 for carry in loop.carries]
        for _ in range(MOST_PASSES):
            ends = self.iteration(loop, starts)
            if ends == starts:
                break
            starts = ends
        else:
            starts = [0] * len(loop.carries)
            self.iteration(loop, starts)
        self.depth -= 1
        for carry, mask in zip(loop.carries, starts, strict=True):
            masks[carry.out] = mask
        for stack in loop.stacks:
            masks[stack.out] = masks[stack.result] << 1

    def iteration(self, loop: Loop, starts: list[int]) -> list[int]:
        """The carries' masks that hold before and after an iteration."""
        masks = self.masks
        for carry, mask in zip(loop.carries, starts, strict=True):
            masks[carry.param] = mask
        for region in loop.regions:
            self.region(region)
        pairs = zip(loop.carries, starts, strict=True)
        return [mask & masks[carry.update] for carry, mask in pairs]
