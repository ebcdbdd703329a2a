"""Computing values further out: before a loop that does not change them."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Block, Equation, Loop, Region, Switch
from pytest_jaxcost.rewrite.draft import Draft, Node
from pytest_jaxcost.rewrite.edits import RewriteError

EFFECT = "it has an effect, which would happen another number of times"
CHANGES = "it depends on what changes in the loop"
KERNEL = "it stands in a {name}, whose body stays whole"


def move_out(draft: Draft, value: int, region: Region) -> None:
    """Move what makes `value` from `region` to the region around, with what that needs.

    Raises:
        RewriteError: something of it is an effect, or changes in the region.
    """
    outer = around(draft, region)
    needed: dict[Node, None] = {}
    stack = [draft.find(value)]
    while stack:
        current = stack.pop()
        if draft.is_visible(current, outer):
            continue
        node = draft.makers[current]
        if current in draft.binders or node.home is not region:
            raise RewriteError(CHANGES)
        if node not in needed:
            require_pure(node.equation)
            needed[node] = None
            stack.extend(draft.find(each) for each in free_values(draft, node))
    for node in needed:
        draft.move(node, outer)


def around(draft: Draft, region: Region) -> Region:
    """The region that the holder of a region stands in.

    Raises:
        RewriteError: the region is the body of a kernel, or of calls that share it.
    """
    holder = draft.holders[id(region)]
    if isinstance(holder.equation.control, Block):
        raise RewriteError(KERNEL.format(name=holder.equation.primitive))
    return holder.home


def free_values(draft: Draft, node: Node) -> Iterator[int]:
    """What an equation reads, and what the equations in its bodies read from outside of them."""
    control = node.equation.control
    yield from node.equation.inputs if control is None else reads(node.equation)
    if control is None or isinstance(control, Block):
        return
    made = set(_made_inside(draft, node))
    for region in control.regions:
        for each in draft.nodes[id(region)]:
            yield from (v for v in free_values(draft, each) if draft.find(v) not in made)
        yield from (v for v in draft.results[id(region)] if draft.find(v) not in made)


def reads(equation: Equation) -> Iterator[int]:
    """The values that an equation reads itself: what its bodies read is another question."""
    control = equation.control
    if isinstance(control, Loop):
        yield from (carry.init for carry in control.carries)
        yield from (each.operand for each in control.slices)
    elif isinstance(control, Switch):
        yield control.selector
    else:
        yield from equation.inputs


def require_pure(equation: Equation, reason: str = EFFECT) -> None:
    """Refuse an equation with an effect that anyone can see.

    Raises:
        RewriteError: the equation has one; `reason` is what users read.
    """
    if equation.eqn.effects and _compat.side_effects(equation.eqn):
        raise RewriteError(reason)


def _made_inside(draft: Draft, node: Node) -> Iterator[int]:
    """The values that the bodies of an equation make, and their parameters."""
    stack = [node]
    while stack:
        control = stack.pop().equation.control
        if isinstance(control, Loop):
            yield from (carry.param for carry in control.carries)
            yield from (each.param for each in control.slices)
        for region in () if control is None else control.regions:
            for each in draft.nodes[id(region)]:
                yield from each.equation.outputs
                stack.append(each)
