"""Which carries of a loop depend on which: the recurrences of the loop, one group each."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jaxcost.ir.equation import Equation, Loop


class Recurrences:
    """The strongly connected groups of a loop's carries, those they depend on first.

    `groups` are tuples of carry positions. `stage(equation)` is the first group after which all
    that the equation reads is known; -1 if it reads no carry.
    """

    def __init__(self, loop: Loop) -> None:
        self.reads = {carry.param: 1 << k for k, carry in enumerate(loop.carries)}
        self._inputs: dict[int, int] = {}
        for region in loop.regions:
            self._read(region.equations)
        needs = [self.reads.get(carry.update, 0) for carry in loop.carries]
        self.groups = tuple(_components(needs))
        self._stage_of_carry = {k: i for i, group in enumerate(self.groups) for k in group}

    def stage(self, equation: Equation) -> int:
        """The group that the equation has to wait for, or -1."""
        return self.stage_of(self._inputs[id(equation)])

    def stage_of(self, carries: int) -> int:
        """The last of the groups of a set of carries, given as a bit mask, or -1."""
        return max((self._stage_of_carry[k] for k in _bits(carries)), default=-1)

    def _read(self, equations: list[Equation]) -> None:
        reads = self.reads
        for equation in equations:
            mask = 0
            for value in free_values(equation):
                mask |= reads.get(value, 0)
            self._inputs[id(equation)] = mask
            if mask:
                for value in equation.outputs:
                    reads[value] = mask


def free_values(equation: Equation) -> Iterator[int]:
    """What an equation reads, and what the equations in its regions read."""
    stack = [equation]
    while stack:
        current = stack.pop()
        yield from current.inputs
        if current.control is not None:
            for region in current.control.regions:
                yield from region.results
                stack.extend(region.equations)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _components(needs: list[int]) -> Iterator[tuple[int, ...]]:
    """Strongly connected components, dependences first (Tarjan 1972, without recursion)."""
    search = _Search(needs)
    for root in range(len(needs)):
        if root not in search.index:
            yield from search.below(root)


class _Search:
    """A depth-first search over carries, given as bit masks of the carries each one needs."""

    def __init__(self, needs: list[int]) -> None:
        self.needs = needs
        self.index: dict[int, int] = {}
        self.low: dict[int, int] = {}
        self.open: dict[int, None] = {}

    def below(self, root: int) -> Iterator[tuple[int, ...]]:
        work = [self._enter(root)]
        while work:
            node, successors = work[-1]
            entered = self._next(node, successors)
            if entered is not None:
                work.append(self._enter(entered))
                continue
            work.pop()
            if work:
                self._lower(work[-1][0], self.low[node])
            if self.low[node] == self.index[node]:
                yield self._close(node)

    def _enter(self, node: int) -> tuple[int, Iterator[int]]:
        self.index[node] = self.low[node] = len(self.index)
        self.open[node] = None
        return node, _bits(self.needs[node])

    def _next(self, node: int, successors: Iterator[int]) -> int | None:
        for successor in successors:
            if successor not in self.index:
                return successor
            if successor in self.open:
                self._lower(node, self.index[successor])
        return None

    def _lower(self, node: int, low: int) -> None:
        self.low[node] = min(self.low[node], low)

    def _close(self, node: int) -> tuple[int, ...]:
        component = []
        while node in self.open:
            component.append(self.open.popitem()[0])
        return tuple(sorted(component))
