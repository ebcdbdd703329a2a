"""One ``while`` loop for two that run equally often, so that they can share values."""

from __future__ import annotations

from pytest_jaxcost.ir.equation import Loop, Region
from pytest_jaxcost.rewrite.draft import Draft, Node
from pytest_jaxcost.rewrite.edits import RewriteError
from pytest_jaxcost.rewrite.moving import free_values, require_pure
from pytest_jaxcost.rewrite.passing import WHILE

APART = "the while loops around it stand in different bodies"


def fuse(draft: Draft, first: Node, again: Node) -> None:
    """Run the body of one loop in the body of another that runs equally often.

    Raises:
        RewriteError: one of the loops waits for the other, has effects or stands elsewhere.
    """
    if first.home is not again.home:
        raise RewriteError(APART)
    require_pure(again.equation)
    if _waits_for(draft, again, first) or _waits_for(draft, first, again):
        raise RewriteError(WHILE)
    one, other = first.equation.control, again.equation.control
    assert isinstance(one, Loop)
    assert isinstance(other, Loop)
    _move_equations(draft, other.body, one.body)
    for carry in other.carries:
        draft.binders[carry.param] = one.body
    both = one._replace(carries=(*one.carries, *other.carries))
    outputs = (*first.equation.outputs, *again.equation.outputs)
    inputs = (*first.equation.inputs, *again.equation.inputs)
    equation = first.equation._replace(inputs=inputs, outputs=outputs, control=both)
    del draft.nodes[id(again.home)][again]
    draft.change(first, equation)
    assert one.predicate is not None
    for carry in other.carries:  # the first loop says whether there is another iteration
        draft.depends[carry.param] = (carry.init, carry.update, one.predicate)
        draft.depends[carry.out] = (carry.param, one.predicate)
    draft.holders[id(other.body)] = first


def _move_equations(draft: Draft, body: Region, into: Region) -> None:
    for node in tuple(draft.nodes[id(body)]):
        draft.move(node, into)


def _waits_for(draft: Draft, later: Node, earlier: Node) -> bool:
    """Whether a loop starts from what the other one makes."""
    made = set(earlier.equation.outputs)
    stack, seen = list(free_values(draft, later)), set[int]()
    while stack:
        value = draft.find(stack.pop())
        if value in made:
            return True
        if value not in seen:
            seen.add(value)
            stack.extend(draft.depends[value])
    return False
