"""From a draft to a program: what is needed, in an order in which everything is there."""

from __future__ import annotations

from typing import NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.flow.live import reached
from pytest_jaxcost.ir.equation import Block, Carry, Equation, Inlined, Loop, Region, Switch
from pytest_jaxcost.ir.inline import weigh
from pytest_jaxcost.rewrite.draft import Draft, Node
from pytest_jaxcost.rewrite.edits import Edit, RewriteError, named_by

CIRCLE = "values would have to be computed from each other"


class Finished(NamedTuple):
    """A program, and the ``id`` of the bodies in which an edit changed something."""

    program: Inlined
    touched: frozenset[int]
    needed: bytearray
    """One byte per value: 1 if the program needs it."""

    def needs(self, edit: Edit) -> bool:
        """Whether what an edit was to take out is still in the program."""
        return any(self.needed[value] for value in named_by(edit))


def finish(draft: Draft) -> Finished:
    """The program of a draft.

    Raises:
        RewriteError: edits that exclude each other made values depend on themselves.
    """
    return _Finish(draft).run()


class _Finish:
    def __init__(self, draft: Draft) -> None:
        self.draft, self.find = draft, draft.find
        self.main = draft.program.main
        self.roots = tuple(dict.fromkeys(map(draft.find, draft.program.roots)))
        self.live = self._live_values()
        self.shared: dict[int, tuple[Region, tuple[int, ...]]] = {}
        self.touched: set[int] = set()
        self._reads: dict[Node, tuple[int, ...]] = {}

    def run(self) -> Finished:
        draft = self.draft
        main = self._region(self.main, None)
        weigh(main, [region for region, _ in self.shared.values()])
        program = Inlined(
            main=main,
            inputs=tuple(draft.inputs),
            avals=draft.avals,
            depends=[tuple(map(self.find, each)) for each in draft.depends],
            constants=draft.constants,
            roots=self.roots,
            caveats=draft.program.caveats,
            exact=draft.program.exact,
        )
        needed = bytearray(map(self._is_live, range(len(draft.avals))))
        return Finished(program, frozenset(self.touched), needed)

    # what is needed

    def _live_values(self) -> bytearray:
        draft, find = self.draft, self.find
        roots = map(find, (*draft.results[id(self.main)], *self.roots))
        return reached(len(draft.avals), roots, lambda value: map(find, draft.depends[value]))

    def _is_live(self, value: int) -> bool:
        """Whether a value is needed, and no other one stands for it."""
        return bool(self.live[value]) and self.find(value) == value

    def _is_needed(self, equation: Equation) -> bool:
        if any(map(self._is_live, equation.outputs)):
            return True
        return bool(equation.eqn.effects) and _compat.side_effects(equation.eqn)

    # what comes after what

    def _ordered(self, region: Region) -> list[Node]:
        """The needed equations of a region, each after those that make what it reads."""
        order: dict[Node, None] = {}
        waiting: set[Node] = set()
        for node in self.draft.nodes[id(region)]:
            stack = [node] if self._is_needed(node.equation) else []
            while stack:
                current = stack[-1]
                missing = () if current in order else self._missing(current, region, order)
                if not missing:
                    stack.pop()
                    order[current] = None
                elif current in waiting:
                    raise RewriteError(CIRCLE)
                else:
                    waiting.add(current)
                    stack.extend(missing)
            waiting.clear()
        return list(order)

    def _missing(self, node: Node, region: Region, order: dict[Node, None]) -> list[Node]:
        makers = self.draft.makers
        found = (makers.get(value) for value in self._read_by(node))
        return [
            each
            for each in found
            if each is not None and each.home is region and each is not node and each not in order
        ]

    def _read_by(self, node: Node) -> tuple[int, ...]:
        """What an equation and its bodies read, and with it values that the bodies make."""
        known = self._reads.get(node)
        if known is None:
            control = node.equation.control
            if control is None:
                known = tuple(map(self.find, node.equation.inputs))
            else:
                known = tuple(dict.fromkeys(self._read_by_control(node.equation)))
            self._reads[node] = known
        return known

    def _read_by_control(self, equation: Equation) -> list[int]:
        control = equation.control
        if isinstance(control, Block):
            return list(map(self.find, equation.inputs))
        if isinstance(control, Loop):
            found = [carry.init for carry in control.carries if self._keeps(carry)]
            found += [each.operand for each in control.slices if self._is_live(each.param)]
            found += [carry.update for carry in control.carries if self._keeps(carry)]
            found += [each.result for each in control.stacks if self._is_live(each.out)]
            found += [] if control.predicate is None else [control.predicate]
        else:
            assert isinstance(control, Switch)
            found = [control.selector, *self._results_of_branches(equation, control)]
        found = list(map(self.find, found))
        for region in control.regions:
            for node in self.draft.nodes[id(region)]:
                if self._is_needed(node.equation):
                    found += self._read_by(node)
        return found

    def _keeps(self, carry: Carry) -> bool:
        return self._is_live(carry.param) or self._is_live(carry.out)

    def _results_of_branches(self, equation: Equation, switch: Switch) -> list[int]:
        results = [self.draft.results[id(region)] for region in switch.regions]
        kept = [k for k, value in enumerate(equation.outputs) if self._is_live(value)]
        return [each[k] for each in results for k in kept]

    # the new regions and equations

    def _region(
        self, old: Region, parent: Region | None, results: tuple[int, ...] | None = None
    ) -> Region:
        guard, is_main = old.guard, old is self.main
        new = Region(
            parent=parent,
            results=tuple(map(self.find, self.draft.results[id(old)]))
            if results is None
            else results,
            trips=old.trips,
            exact=old.exact,
            guard=None if guard is None else (self.find(guard[0]), guard[1]),
            calls=old.calls,
            weight=int(parent is not None or is_main),
            sites=int(parent is not None or is_main),
        )
        new.equations.extend(self._equation(node.equation, new) for node in self._ordered(old))
        if id(old) in self.draft.touched:
            self.touched.add(id(new))
        return new

    def _equation(self, equation: Equation, parent: Region) -> Equation:
        control = equation.control
        inputs = tuple(map(self.find, equation.inputs))
        if control is None:
            same = inputs == equation.inputs
            return equation if same else equation._replace(inputs=inputs)
        if isinstance(control, Loop):
            return self._loop(equation, control, parent)
        if isinstance(control, Switch):
            return self._switch(equation, control, parent)
        return equation._replace(inputs=inputs, control=self._block(control, parent))

    def _loop(self, equation: Equation, loop: Loop, parent: Region) -> Equation:
        find = self.find
        carries = tuple(
            [
                carry._replace(init=find(carry.init), update=find(carry.update))
                for carry in loop.carries
                if self._keeps(carry)
            ]
        )
        slices = tuple(
            [
                each._replace(operand=find(each.operand))
                for each in loop.slices
                if self._is_live(each.param)
            ]
        )
        stacks = tuple(
            [
                each._replace(result=find(each.result))
                for each in loop.stacks
                if self._is_live(each.out)
            ]
        )
        results = (*(each.update for each in carries), *(each.result for each in stacks))
        new = loop._replace(
            test=None if loop.test is None else self._region(loop.test, parent),
            predicate=None if loop.predicate is None else find(loop.predicate),
            body=self._region(loop.body, parent, results),
            carries=carries,
            slices=slices,
            stacks=stacks,
        )
        return equation._replace(
            inputs=tuple(map(find, _read_from_outside(equation, new))),
            outputs=(*(each.out for each in carries), *(each.out for each in stacks)),
            control=new,
        )

    def _switch(self, equation: Equation, switch: Switch, parent: Region) -> Equation:
        kept = [k for k, value in enumerate(equation.outputs) if self._is_live(value)]
        regions = []
        for region in switch.regions:
            results = self.draft.results[id(region)]
            regions.append(
                self._region(region, parent, tuple([self.find(results[k]) for k in kept]))
            )
        return equation._replace(
            inputs=tuple(map(self.find, equation.inputs)),
            outputs=tuple([equation.outputs[k] for k in kept]),
            control=Switch(self.find(switch.selector), tuple(regions)),
        )

    def _block(self, block: Block, parent: Region) -> Block:
        if not block.shared:
            regions = tuple([self._region(each, parent) for each in block.regions])
            return block._replace(regions=regions)
        (old,) = block.regions
        if id(old) not in self.shared:
            new = self._region(old, None)
            self.shared[id(old)] = new, block.params
        return block._replace(regions=(self.shared[id(old)][0],))


def _read_from_outside(equation: Equation, loop: Loop) -> list[int]:
    """The constants that the equation had, and what its loop starts from now."""
    own = {carry.init for carry in loop.carries} | {each.operand for each in loop.slices}
    started = [carry.init for carry in loop.carries] + [each.operand for each in loop.slices]
    return [*(value for value in equation.inputs if value not in own), *started]
