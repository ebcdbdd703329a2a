"""A program while it is edited: equations that can be moved, and values that stand for others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Loop, Region


@dataclass(slots=True, eq=False)
class Node:
    """An equation, the region that it stands in now, and its position in the original program."""

    equation: Equation
    home: Region
    position: int


class Draft:
    """A copy of an inlined program that edits change.

    Regions are those of the original, which stay as they are: the draft keeps lists of its own. A
    clone of a loop or branch has new regions.
    """

    def __init__(self, program: Inlined) -> None:
        self.program = program
        self.avals = list(program.avals)
        self.depends = list(program.depends)
        """What each value is computed from, as it was first: `find` tells what that is now."""
        self.constants = dict(program.constants)
        self.inputs = list(program.inputs)
        self.nodes: dict[int, dict[Node, None]] = {}
        """The equations of each region, by the region's ``id``, as they were put there."""
        self.results: dict[int, tuple[int, ...]] = {}
        self.makers: dict[int, Node] = {}
        """What makes a value: an equation, or the loop or body whose parameter it is."""
        self.binders: dict[int, Region] = {}
        """The body that a parameter belongs to."""
        self.holders: dict[int, Node] = {}
        """The equation that holds a region, by the region's ``id``."""
        self.replacements: set[int] = set()
        """The values that stand where others were replaced."""
        self.origins: dict[int, int] = {}
        """Of values that a loop or branch was handed: the value where it is computed."""
        self.clones: dict[tuple[Node, int], tuple[Node, dict[int, int]]] = {}
        """The copies of loops and branches before a loop around them, and of their values."""
        self.touched: set[int] = set()
        """The regions in which an edit changed something, by ``id``."""
        self._same: dict[int, int] = {}
        self.nodes[id(program.main)] = {}
        self.results[id(program.main)] = program.main.results
        for position, (region, equation) in enumerate(in_order(program.main)):
            self._enter(region, equation, position)

    @cached_property
    def is_wide(self) -> bool:
        """Whether the program has numbers of 64 bits."""
        return _compat.needs_x64(self.program.avals)

    # values

    def value(self, aval: object) -> int:
        """A new value."""
        self.avals.append(aval)
        self.depends.append(())
        return len(self.avals) - 1

    def find(self, value: int) -> int:
        """The value that stands for `value`."""
        same = self._same
        while (other := same.get(value)) is not None:
            value = other
        return value

    def substitute(self, value: int, by: int) -> None:
        """Let `by` stand for `value` from now on."""
        assert self.find(by) != value
        self._same[value] = by

    def home(self, value: int) -> Region:
        """The region from which on a value is visible."""
        bound = self.binders.get(value)
        if bound is not None:
            return bound
        maker = self.makers.get(value)
        return self.program.main if maker is None else maker.home

    def is_visible(self, value: int, region: Region) -> bool:
        """Whether equations of a region may read a value."""
        if self.is_within(region, self.home(value)):
            return True
        loop = self.makers[value].equation.control if value in self.binders else None
        test = loop.test if isinstance(loop, Loop) else None
        return test is not None and self.is_within(region, test)

    def changes_in(self, value: int, body: Region) -> bool:
        """Whether a value is made of what the loop with this body changes."""
        stack, seen = [value], set[int]()
        while stack:
            current = self.find(stack.pop())
            if self.binders.get(current) is body:
                return True
            if current not in seen and self.is_within(self.home(current), body):
                seen.add(current)
                stack.extend(self.depends[current])
        return False

    # regions

    def chain(self, region: Region) -> Iterator[Region]:
        """A region and those around it, innermost first."""
        current: Region | None = region
        while current is not None:
            yield current
            holder = self.holders.get(id(current))
            current = None if holder is None or is_shared(holder) else holder.home

    def is_within(self, region: Region, outer: Region) -> bool:
        """Whether a region is another one or inside of it."""
        return any(each is outer for each in self.chain(region))

    def common(self, one: Region, other: Region) -> Region | None:
        """The innermost region around both; None if each belongs to another shared body."""
        around = {id(region) for region in self.chain(other)}
        return next((region for region in self.chain(one) if id(region) in around), None)

    def touch(self, region: Region) -> None:
        """Note that something changed in a region."""
        self.touched.update(id(each) for each in self.chain(region))

    # equations

    def add(self, equation: Equation, home: Region, position: int) -> Node:
        """Put a new equation, with the bodies that it holds, into a region."""
        node = self._enter(home, equation, position)
        for region, inner in (
            () if equation.control is None else in_order(*equation.control.regions)
        ):
            self._enter(region, inner, position)
        self.touch(home)
        return node

    def move(self, node: Node, home: Region) -> None:
        """Put an equation into another region; where in it follows from what it reads."""
        del self.nodes[id(node.home)][node]
        self.touch(node.home)
        node.home = home
        self.nodes[id(home)][node] = None
        self.touch(home)

    def change(self, node: Node, equation: Equation) -> None:
        """Put an equation in another's place; its bodies are the same or were bound already."""
        node.equation = equation
        self.touch(node.home)
        self._bind(node)

    def _enter(self, region: Region, equation: Equation, position: int) -> Node:
        node = Node(equation, region, position)
        self.nodes.setdefault(id(region), {})[node] = None
        for inner in () if equation.control is None else equation.control.regions:
            self.nodes.setdefault(id(inner), {})
            self.results.setdefault(id(inner), inner.results)
            self.holders.setdefault(id(inner), node)
        self._bind(node)
        return node

    def _bind(self, node: Node) -> None:
        equation, makers = node.equation, self.makers
        for value in equation.outputs:
            makers[value] = node
        control = equation.control
        if isinstance(control, Loop):
            self._bind_loop(node, control)
        elif isinstance(control, Block):
            for value in control.params:
                makers[value] = node
                self.binders[value] = control.regions[0]

    def _bind_loop(self, node: Node, loop: Loop) -> None:
        for carry in loop.carries:
            self.makers[carry.param] = node
            self.binders[carry.param] = loop.body
            if carry.update == carry.param and self.find(carry.param) == carry.param:
                self.substitute(carry.param, carry.init)
                self.substitute(carry.out, carry.init)
        for each in loop.slices:
            self.makers[each.param] = node
            self.binders[each.param] = loop.body


def is_shared(node: Node) -> bool:
    """Whether the equation calls a body that other equations call too."""
    control = node.equation.control
    return isinstance(control, Block) and control.shared


def in_order(*regions: Region) -> Iterator[tuple[Region, Equation]]:
    """Every equation with its region, in program order; a shared body stands at its first call."""
    seen = {id(region) for region in regions}
    stack = [(region, iter(region.equations)) for region in reversed(regions)]
    while stack:
        region, equations = stack[-1]
        equation = next(equations, None)
        if equation is None:
            stack.pop()
            continue
        yield region, equation
        for inner in reversed(() if equation.control is None else equation.control.regions):
            if id(inner) not in seen:
                seen.add(id(inner))
                stack.append((inner, iter(inner.equations)))
