"""Which loops a value changes in: the loops around it whose carries or slices reach it.

The loops around a region are numbered from the outside, and each value has one bit for each loop
around it: 1 if the value may differ between iterations of that loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Loop, Region, Switch

Nest = tuple[Region, ...]
"""The bodies and tests of loops around a region, outermost first, itself included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariance:
    """What changes in which loop; regions are known by their ``id``."""

    changes: Sequence[int]
    """The loops that each value changes in, as a bit mask."""
    nests: Mapping[int, Nest]
    guards: Mapping[int, int]
    """The loops in which it changes whether the region runs at all."""

    def unchanged(self, region: Region, equation: Equation) -> Nest:
        """The loops around an equation that would compute the same in all their iterations."""
        nest = self.nests[id(region)]
        mask = self.guards[id(region)]
        for value in (*equation.inputs, *equation.outputs):
            mask |= self.changes[value]
        return tuple([loop for k, loop in enumerate(nest) if not mask >> k & 1])

    def needed_runs(self, region: Region, equation: Equation) -> int:
        """How often the equation would run if it stood outside of the loops it is unchanged in."""
        runs = region.weight
        for loop in self.unchanged(region, equation):
            runs = runs // loop.trips if loop.trips else 0
        return runs


def invariance(program: Inlined) -> Invariance | None:
    """What changes in the loops of a program, or None if it has none."""
    surveyed = _Survey(program)
    if not surveyed.has_loops:
        return None
    changes = surveyed.changes()
    guards: dict[int, int] = {}
    for region in program.regions():
        above = region.parent
        mask = 0
        if above is not None and id(region) not in surveyed.roots:
            mask = guards[id(above)]
        if region.guard is not None and id(region) in surveyed.branches:
            mask |= changes[region.guard[0]]
        guards[id(region)] = mask
    return Invariance(changes=changes, nests=surveyed.nests, guards=guards)


class _Survey:
    """The loops of a program, where their values start to change, and where they stop."""

    def __init__(self, program: Inlined) -> None:
        self.program = program
        self.nests: dict[int, Nest] = {id(program.main): ()}
        self.roots = {id(program.main)}
        self.branches: set[int] = set()
        self.sources: dict[int, int] = {}
        self.kept: dict[int, int] = {}
        self.depends: dict[int, tuple[int, ...]] = {}
        self.has_loops = False
        loops: list[Loop] = []
        for region, equation in program.walk():
            control = equation.control
            if control is None:
                self.leaf(region, equation)
            elif isinstance(control, Block):
                self.block(control)
            else:
                self.inside(region, control)
                loops += [control] if isinstance(control, Loop) else []
        self.pass_through(loops)

    def leaf(self, region: Region, equation: Equation) -> None:
        eqn = equation.eqn
        is_barrier = eqn.primitive.name == "optimization_barrier"
        if is_barrier or (eqn.effects and _compat.side_effects(eqn)):
            everywhere = (1 << len(self.nests[id(region)])) - 1
            self.sources.update(dict.fromkeys(equation.outputs, everywhere))

    def block(self, block: Block) -> None:
        # its bodies see its operands together, so loops around it are those around the block
        for inner in block.regions:
            self.nests[id(inner)] = ()
            self.roots.add(id(inner))
        self.kept.update(dict.fromkeys(block.params, 0))

    def inside(self, region: Region, control: Loop | Switch) -> None:
        nest = self.nests[id(region)]
        if isinstance(control, Switch):
            self.branches.update(map(id, control.regions))
            self.nests.update((id(inner), nest) for inner in control.regions)
            return
        self.has_loops = True
        self.nests.update((id(inner), (*nest, inner)) for inner in control.regions)
        here = 1 << len(nest)
        self.sources.update((carry.param, here) for carry in control.carries)
        self.sources.update((slice_.param, here) for slice_ in control.slices)
        self.kept.update((carry.out, here - 1) for carry in control.carries)
        self.kept.update((stack.out, here - 1) for stack in control.stacks)

    def pass_through(self, loops: list[Loop]) -> None:
        """Carries that a loop hands on as they are, through the loops and branches inside too."""
        same: dict[int, int] = {}

        def origin(value: int) -> int:
            while value in same:
                value = same[value]
            return value

        for loop in reversed(loops):
            for carry in loop.carries:
                if origin(carry.update) == carry.param:
                    same[carry.out] = carry.init
                    del self.sources[carry.param]
                    self.depends[carry.param] = self.depends[carry.out] = (carry.init,)

    def changes(self) -> Sequence[int]:
        """Spread the bits from the sources to all that is computed from them."""
        readers: list[list[int]] = [[] for _ in self.program.avals]
        for value, inputs in enumerate(self.program.depends):
            for operand in self.depends.get(value, inputs):
                readers[operand].append(value)
        changes = [0] * len(readers)
        kept = self.kept
        stack = list(self.sources.items())
        while stack:
            value, bits = stack.pop()
            bits &= kept.get(value, bits) & ~changes[value]
            if bits:
                changes[value] |= bits
                stack.extend([(reader, bits) for reader in readers[value]])
        return changes
