"""Value numbers: values with equal numbers are provably equal, whenever both are computed.

Global value numbering over the inlined program (Alpern, Wegman and Zadeck 1988). A loop is
numbered by its recurrences: a carry's number is made of where it starts and how it is updated, so
two loops that run one recurrence equally often give its values the same numbers, whatever else
they carry. Inside a loop, a number stands for the sequence of values, one an iteration; each loop
is told from those around it by its height, the number of loops nested in it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from pytest_jaxcost import _compat
from pytest_jaxcost.flow.carries import Recurrences
from pytest_jaxcost.ir import keys
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Loop, Region, Switch

COMMUTATIVE = frozenset({"add", "add_any", "and", "eq", "max", "min", "mul", "ne", "or", "xor"})
"""Of these the operands may stand in any order; floating-point addition commutes exactly."""

DEEPEST_LOOP = 6
"""Loops nested deeper keep numbers of their own: recurrences are read twice per level."""


def value_numbers(program: Inlined) -> Sequence[int]:
    """The number of each value of the program."""
    return _Numbering(program).run()


class _Numbering:
    """Hash-consing: every key gets one number, the first time it is seen."""

    def __init__(self, program: Inlined) -> None:
        self.program = program
        self.numbers = [-1] * len(program.avals)
        self.table: dict[Hashable, int] = {}
        self.param_keys: dict[int, int] = {}
        self.depth = 0
        self.heights = _heights(program)
        self.block: int | None = None
        self.shared: set[int] = set()
        self.unique = 0

    def run(self) -> Sequence[int]:
        numbers = self.numbers
        for value in self.program.inputs:
            numbers[value] = self.fresh()
        for value, content in self.program.constants.items():
            numbers[value] = self.of(_constant_key(content))
        self.region(self.program.main)
        return numbers

    def of(self, key: Hashable) -> int:
        return self.table.setdefault(key, len(self.table))

    def fresh(self) -> int:
        self.unique += 1
        return self.of(("unique", self.unique))

    def region(self, region: Region) -> None:
        for equation in region.equations:
            self.equation(equation)

    def equation(self, equation: Equation) -> None:
        control = equation.control
        if control is None:
            self.leaf(equation)
        elif isinstance(control, Loop):
            self.loop(control, equation.eqn)
        elif isinstance(control, Switch):
            self.switch(equation, control)
        else:
            self.block_equation(equation, control)

    # leaves

    def leaf(self, equation: Equation) -> None:
        eqn, numbers = equation.eqn, self.numbers
        name = eqn.primitive.name
        operands = [numbers[value] for value in equation.inputs]
        if name in _IDENTITIES and _IDENTITIES[name](eqn):
            for value, operand in zip(equation.outputs, operands, strict=True):
                numbers[value] = operand
            return
        if name == "optimization_barrier" or (eqn.effects and self.is_unique(eqn)):
            for value in equation.outputs:
                numbers[value] = self.fresh()
            return
        if name in COMMUTATIVE:
            operands.sort()
        key: tuple[Hashable, ...] = (self.params(eqn), *operands)
        if eqn.effects:
            key = (*key, "axes of", self.block)
        self.bind(equation.outputs, self.of(key))

    def is_unique(self, eqn: Any) -> bool:
        return _compat.side_effects(eqn)

    def bind(self, outputs: Sequence[int], number: int) -> None:
        if len(outputs) == 1:
            self.numbers[outputs[0]] = number
            return
        for k, value in enumerate(outputs):
            self.numbers[value] = self.of((number, "output", k))

    def params(self, eqn: Any) -> int:
        known = self.param_keys.get(id(eqn))
        if known is None:
            key = ("primitive", eqn.primitive.name, keys.param_key(eqn))
            known = self.param_keys[id(eqn)] = self.of(key)
        return known

    # branches and blocks

    def switch(self, equation: Equation, switch: Switch) -> None:
        for region in switch.regions:
            self.region(region)
        index = self.numbers[switch.selector]
        for k, value in enumerate(equation.outputs):
            results = tuple(self.numbers[region.results[k]] for region in switch.regions)
            same = len(set(results)) == 1
            self.numbers[value] = results[0] if same else self.of(("switch", index, *results))

    def block_equation(self, equation: Equation, block: Block) -> None:
        if block.shared:
            body: Hashable = ("shared", id(block.regions[0]))
            if id(block.regions[0]) not in self.shared:
                self.shared.add(id(block.regions[0]))
                self.block_bodies(block)
        else:
            body = self.params(equation.eqn)
            self.block_bodies(block)
        if equation.eqn.effects and self.is_unique(equation.eqn):
            self.bind(equation.outputs, self.fresh())
            return
        operands = tuple(self.numbers[value] for value in equation.inputs)
        self.bind(equation.outputs, self.of((body, *operands)))

    def block_bodies(self, block: Block) -> None:
        outer, self.block = self.block, self.fresh()
        for value in block.params:
            self.numbers[value] = self.fresh()
        for region in block.regions:
            self.region(region)
        self.block = outer

    # loops

    def loop(self, loop: Loop, eqn: Any) -> None:
        height = self.heights[id(loop.body)]
        if loop.predicate is None:
            self.iterate(loop, self.of(("times", height, eqn.params["length"], loop.reverse)))
            return
        # how often a while runs is what its predicate computes: number that first
        self.iterate(loop, self.of(("a while of any length", height)))
        self.iterate(loop, self.of(("while", height, self.numbers[loop.predicate])))

    def iterate(self, loop: Loop, domain: int) -> None:
        numbers = self.numbers
        for slice_ in loop.slices:
            numbers[slice_.param] = self.of(("slice", domain, numbers[slice_.operand]))
        self.depth += 1
        if self.depth > DEEPEST_LOOP:
            self.iterate_unread(loop)
        else:
            self.iterate_recurrences(loop, domain)
        self.depth -= 1
        for carry in loop.carries:
            unchanged = carry.update == carry.param
            final = ("last", domain, numbers[carry.param], numbers[carry.update])
            numbers[carry.out] = numbers[carry.init] if unchanged else self.of(final)
        for stack in loop.stacks:
            numbers[stack.out] = self.of(("stack", domain, numbers[stack.result]))

    def iterate_unread(self, loop: Loop) -> None:
        for carry in loop.carries:
            self.numbers[carry.param] = self.fresh()
        for region in loop.regions:
            self.region(region)

    def iterate_recurrences(self, loop: Loop, domain: int) -> None:
        recurrences = Recurrences(loop)
        stages: list[list[Equation]] = [[] for _ in range(len(recurrences.groups) + 1)]
        for region in loop.regions:
            for equation in region.equations:
                stages[recurrences.stage(equation) + 1].append(equation)
        self.equations(stages[0])
        for group, equations in zip(recurrences.groups, stages[1:], strict=True):
            self.recurrence(loop, group, equations, domain)
            self.equations(equations)

    def equations(self, equations: list[Equation]) -> None:
        for equation in equations:
            self.equation(equation)

    def recurrence(
        self, loop: Loop, group: tuple[int, ...], equations: list[Equation], domain: int
    ) -> None:
        """Number the carries of one group by where they start and how they are updated."""
        numbers, carries = self.numbers, [loop.carries[k] for k in group]
        inits = tuple(numbers[carry.init] for carry in carries)
        if len(carries) == 1 and carries[0].update == carries[0].param:
            numbers[carries[0].param] = inits[0]
            return
        height = self.heights[id(loop.body)]
        for k, carry in enumerate(carries):
            numbers[carry.param] = self.of(("carry", height, k))
        self.equations(equations)
        updates = tuple(numbers[carry.update] for carry in carries)
        recurrence = self.of(("recurrence", domain, inits, updates))
        for k, carry in enumerate(carries):
            numbers[carry.param] = self.of(("carried", recurrence, k))


def _heights(program: Inlined) -> dict[int, int]:
    """How many loops are nested in each loop, itself included, by the ``id`` of its body."""
    nested: dict[int, int] = {}
    heights: dict[int, int] = {}
    stack = [program.main]
    while stack:
        region = stack[-1]
        controls = [e.control for e in region.equations if e.control is not None]
        missing = [r for c in controls for r in c.regions if id(r) not in nested]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        inside = [0]
        for control in controls:
            height = max((nested[id(r)] for r in control.regions), default=0)
            if isinstance(control, Loop):
                height = heights[id(control.body)] = height + 1
            inside.append(height)
        nested[id(region)] = max(inside)
    return heights


def _constant_key(content: Any) -> Hashable:
    if isinstance(content, _compat.Literal):
        return keys.literal_key(content)
    return keys.key_of(content)


def _keeps_dtype(eqn: Any) -> bool:
    new_dtype, sharding = eqn.params["new_dtype"], eqn.params.get("sharding")
    return bool(eqn.invars[0].aval.dtype == new_dtype) and sharding is None


_IDENTITIES: dict[str, Callable[[Any], bool]] = {
    "convert_element_type": _keeps_dtype,
    "copy": lambda eqn: True,
    "device_put": _compat.stays_in_memory,
    "name": lambda eqn: True,
    "sharding_constraint": lambda eqn: True,
    "stop_gradient": lambda eqn: True,
}
"""Equations whose results are their operands, bit by bit. What keeps values apart is none:
``optimization_barrier`` is there for that."""
