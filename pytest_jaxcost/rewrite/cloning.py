"""A second copy of a loop or branch, with values of its own."""

from __future__ import annotations

from pytest_jaxcost.ir.equation import (
    Block,
    Carry,
    Equation,
    Loop,
    Region,
    Slice,
    Stack,
    Switch,
)
from pytest_jaxcost.rewrite.draft import Draft, Node
from pytest_jaxcost.rewrite.moving import require_pure

Copies = dict[int, int]
"""The copy of each value that is copied; other values stand for themselves."""


def clone(draft: Draft, node: Node, home: Region) -> tuple[Node, Copies]:
    """Put a copy of an equation and of its bodies into a region; the copies of their values too.

    Raises:
        RewriteError: something inside has an effect.
    """
    copies: Copies = {}
    made = draft.add(_equation(draft, node.equation, copies), home, node.position)
    for value, copy in copies.items():
        draft.depends[copy] = tuple(
            [copies.get(found, found) for found in map(draft.find, draft.depends[value])]
        )
    return made, copies


def _equation(draft: Draft, equation: Equation, copies: Copies) -> Equation:
    require_pure(equation)
    control = equation.control
    if isinstance(control, Loop):
        control = _loop(draft, control, copies)
    elif isinstance(control, Switch):
        regions = tuple([_region(draft, each, copies) for each in control.regions])
        control = Switch(_read(draft, control.selector, copies), regions)
    elif isinstance(control, Block) and not control.shared:
        for value in control.params:
            _new(draft, value, copies)
        regions = tuple([_region(draft, each, copies) for each in control.regions])
        control = Block(regions, tuple([copies[v] for v in control.params]), False)
    return equation._replace(
        inputs=tuple([_read(draft, value, copies) for value in equation.inputs]),
        outputs=tuple([_new(draft, value, copies) for value in equation.outputs]),
        control=control,
    )


def _loop(draft: Draft, loop: Loop, copies: Copies) -> Loop:
    for carry in loop.carries:
        _new(draft, carry.param, copies)
    slices = tuple(
        [
            Slice(_read(draft, each.operand, copies), _new(draft, each.param, copies))
            for each in loop.slices
        ]
    )
    inits = [_read(draft, carry.init, copies) for carry in loop.carries]
    test = None if loop.test is None else _region(draft, loop.test, copies)
    body = _region(draft, loop.body, copies)
    carries = [
        Carry(
            init,
            copies[carry.param],
            _read(draft, carry.update, copies),
            _new(draft, carry.out, copies),
        )
        for init, carry in zip(inits, loop.carries, strict=True)
    ]
    stacks = [
        Stack(_read(draft, stack.result, copies), _new(draft, stack.out, copies))
        for stack in loop.stacks
    ]
    return loop._replace(
        body=body,
        carries=tuple(carries),
        slices=slices,
        stacks=tuple(stacks),
        test=test,
        predicate=None if loop.predicate is None else _read(draft, loop.predicate, copies),
    )


def _region(draft: Draft, region: Region, copies: Copies) -> Region:
    equations = [_equation(draft, node.equation, copies) for node in draft.nodes[id(region)]]
    guard = region.guard
    return Region(
        parent=None,
        equations=equations,
        results=tuple([_read(draft, value, copies) for value in draft.results[id(region)]]),
        trips=region.trips,
        exact=region.exact,
        guard=None if guard is None else (_read(draft, guard[0], copies), guard[1]),
    )


def _read(draft: Draft, value: int, copies: Copies) -> int:
    found = draft.find(value)
    return copies.get(found, found)


def _new(draft: Draft, value: int, copies: Copies) -> int:
    if value not in copies:
        copies[value] = draft.value(draft.avals[value])
    return copies[value]
