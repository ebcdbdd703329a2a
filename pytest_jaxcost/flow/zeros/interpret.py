"""What is known of every value of a program: one pass, and fixed points of loops.

Abstract interpretation (Cousot and Cousot 1977). A loop carry starts as what is known before the
loop, and what one iteration makes of it is joined to that until nothing changes. Almost nothing
costs more than a look at its operands: of most values nothing is known, and then no rule runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_jaxcost import _compat
from pytest_jaxcost.flow.zeros import rules  # noqa: F401  # each registers its rules
from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.constants import captured, literal
from pytest_jaxcost.flow.zeros.contexts import Call, Contexts
from pytest_jaxcost.flow.zeros.pattern import (
    Index,
    Known,
    Pattern,
    Tie,
    fits,
    join,
    pattern,
)
from pytest_jaxcost.flow.zeros.registry import RULES, SOURCES, ZeroStep
from pytest_jaxcost.flow.zeros.rules.parts import uncut, without_axes
from pytest_jaxcost.flow.zeros.slices import Slices
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Loop, Region, Stack, Switch

ROUNDS = 3
"""Iterations of a loop that are looked at; carries that still change are given up then."""

DEEPEST_LOOP = 3
"""Loops nested deeper give up their carries at once: bodies are read several times per level."""


def known_values(program: Inlined, given: Mapping[int, Known] | None = None) -> list[Known]:
    """What is known of each value, by value; None for nothing.

    `given` replaces what follows of some values: what would be known if they were something else.
    """
    return _Interpreter(program, given or {}).run()


class _Interpreter:
    def __init__(self, program: Inlined, given: Mapping[int, Known]) -> None:
        self.program = program
        self.given = given
        self.known: list[Known] = [None] * len(program.avals)
        self.depth = 0
        self.calls = 0
        self.contexts = Contexts()
        self.settled = False
        self.slices = Slices(program)

    def run(self) -> list[Known]:
        known = self.known
        for value, content in self.program.constants.items():
            if content.__class__ is not _compat.Literal:
                known[value] = captured(content)
            elif content.val.__class__ is not float or not content.val:  # most are floats
                known[value] = literal(content)
        self.region(self.program.main)
        self.settle()
        return self.known

    def region(self, region: Region) -> None:
        known = self.known
        for equation in region.equations:
            eqn, inputs, outputs, _, control = equation
            if control is not None:
                self.control(equation)
                continue
            for value in inputs:
                if known[value] is not None:
                    self.leaf(equation)
                    break
            else:
                if eqn.primitive.name in SOURCES:
                    self.leaf(equation)
                elif self.depth or self.calls:  # an earlier round may have known more
                    for value in outputs:
                        known[value] = None

    def leaf(self, equation: Equation) -> None:
        rule = RULES.get(equation.eqn.primitive.name)
        operands = tuple([self.known[value] for value in equation.inputs])
        found: Sequence[Known] = (None,) * len(equation.outputs)
        if rule is not None and _is_static(equation.eqn):
            found = rule(ZeroStep(equation, operands, self.program.constants, slices=self.slices))
        for value, known in zip(equation.outputs, found, strict=True):
            is_exact = not isinstance(known, Index) or fits(known, self.program.avals[value])
            self.known[value] = self.given.get(value, known if is_exact else None)

    def control(self, equation: Equation) -> None:
        control = equation.control
        if isinstance(control, Loop):
            self.loop(control)
        elif isinstance(control, Switch):
            self.switch(equation, control)
        elif isinstance(control, Block):
            self.block(equation, control)

    def switch(self, equation: Equation, switch: Switch) -> None:
        for region in switch.regions:
            self.region(region)
        for k, value in enumerate(equation.outputs):
            results = [self.known[region.results[k]] for region in switch.regions]
            self.known[value] = self.joined(value, results)

    def block(self, equation: Equation, block: Block) -> None:
        if block.shared:
            self.call(equation, block)
        elif equation.primitive == "shard_map" and len(block.params) == len(equation.inputs):
            self.shards(equation, block)
        else:
            self.forget(equation.outputs)
            self.forget(block.params)
            for region in block.regions:
                self.region(region)

    def shards(self, equation: Equation, block: Block) -> None:
        """A body that sees a part of each axis that is sharded, and all of the others."""
        (body,) = block.regions
        for value, param in zip(equation.inputs, block.params, strict=True):
            self.known[param] = self.resized(value, param)
        self.region(body)
        for result, value in zip(body.results, equation.outputs, strict=True):
            self.known[value] = self.resized(result, value)

    def resized(self, value: int, other: int) -> Known:
        known = self.known[value]
        return known and uncut(known, self.shape(value), self.shape(other))

    # calls that share a body

    def call(self, equation: Equation, block: Block) -> None:
        known = self.known
        operands = self.contexts.operands(block, [known[value] for value in equation.inputs])
        found = self.contexts.find(block, operands)
        if found is None and not self.settled:
            found = Call(operands, self.body(block, operands))
            self.contexts.keep(block, found)
        for k, value in enumerate(equation.outputs):
            known[value] = None if found is None else found.results[k]

    def body(self, block: Block, operands: Sequence[Known]) -> tuple[Known, ...]:
        """What is known of the results of a body; whatever it was read with before is forgotten."""
        (body,) = block.regions
        for param, known in zip(block.params, operands, strict=True):
            self.known[param] = known
        self.calls += 1
        self.region(body)
        self.calls -= 1
        return tuple([self.known[value] for value in body.results])

    def settle(self) -> None:
        """Leave in each shared body what holds in all of its calls."""
        self.settled = True
        for block, calls in self.contexts.bodies():
            operands = zip(*(call.operands for call in calls), strict=True)
            self.body(
                block,
                [self.joined(p, each) for p, each in zip(block.params, operands, strict=True)],
            )

    def forget(self, values: Sequence[int]) -> None:
        for value in values:
            self.known[value] = None

    # loops

    def loop(self, loop: Loop) -> None:
        known = self.known
        self.depth += 1
        for each in loop.slices:
            known[each.param] = _sliced(known[each.operand], self.shape(each.operand))
        for carry in loop.carries:
            known[carry.param] = known[carry.init]
        if self.depth > DEEPEST_LOOP:
            self.give_up(loop)
        self.iterate(loop)
        self.depth -= 1
        for carry in loop.carries:
            known[carry.out] = known[carry.param]
        for stack in loop.stacks:
            known[stack.out] = self.stacked(stack)

    def iterate(self, loop: Loop) -> None:
        known, rounds = self.known, 0
        while True:
            rounds += 1
            for region in loop.regions:
                self.region(region)
            changed = False
            for carry in loop.carries:
                before = known[carry.param]
                if before is None or carry.update == carry.param:
                    continue
                after = self.joined(carry.param, [before, known[carry.update]])
                if not _is_same(before, after):
                    known[carry.param] = after
                    changed = True
            if not changed:
                return
            if rounds >= ROUNDS:
                self.give_up(loop)

    def give_up(self, loop: Loop) -> None:
        for carry in loop.carries:
            if carry.update != carry.param:
                self.known[carry.param] = None

    def stacked(self, stack: Stack) -> Known:
        known, shape = self.known[stack.result], self.shape(stack.out)
        if not isinstance(known, Pattern) or known.zero:
            return known if isinstance(known, Pattern) else None
        ties = [Tie((0, *tie.coefs), tie.offset) for tie in known.ties]
        spans = (sets.whole(shape[0]), *known.spans)
        return pattern(shape, spans, ties, known.origin, ones=known.ones)

    def shape(self, value: int) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.program.avals[value].shape
        return shape

    def joined(self, value: int, results: Sequence[Known]) -> Known:
        first = results[0]
        if isinstance(first, Index):
            return first if all(each == first for each in results) else None
        if any(each is None for each in results):
            return None
        return join(self.shape(value), results)


def _is_same(before: Known, after: Known) -> bool:
    """Whether two patterns claim the same, whatever their zeros come from."""
    if isinstance(before, Pattern) and isinstance(after, Pattern):
        return before._replace(origin=after.origin) == after
    return before == after


def _sliced(known: Known, shape: tuple[int, ...]) -> Known:
    """A slice along the first axis, the same claim for each of them."""
    if known is None or (isinstance(known, Pattern) and known.zero):
        return known
    if isinstance(known, Index):
        return None if known.coefs[0] else Index(known.coefs[1:], known.offset)
    free = [tie for tie in known.ties if not tie.coefs[0]]
    whole = pattern(shape, (sets.whole(shape[0]), *known.spans[1:]), free, known.origin)
    return without_axes(whole, {0}, shape)


def _is_static(eqn: Any) -> bool:
    """Whether all shapes are numbers, which they need not be in an exported program."""
    return all(type(n) is int for v in (*eqn.invars, *eqn.outvars) for n in _shape(v.aval))


def _shape(aval: Any) -> tuple[Any, ...]:
    return getattr(aval, "shape", ())
