"""Handing a value on from the region that makes it to another one that needs it.

Out of a scan a value is stacked, into a scan with the same iterations it is sliced; out of a branch
it is one more result, which the other branches fill with zeros.
"""

from __future__ import annotations

from typing import Any

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Equation, Loop, Region, Slice, Stack, Switch
from pytest_jaxcost.rewrite.draft import Draft, Node
from pytest_jaxcost.rewrite.edits import RewriteError
from pytest_jaxcost.rewrite.moving import around, move_out

WHILE = "a while loop cannot hand on the values of its iterations"
UNLIKE = "the loops around it do not run alike"

Iterations = tuple[int, bool]
"""The length of a scan, and whether it runs backwards."""


def hand_on(draft: Draft, value: int, to: int) -> int:
    """Make `value` available where `to` is made, and return it as it is read there.

    Inside a loop, each iteration gets what the same iteration of the other loop made.

    Raises:
        RewriteError: a loop on the way cannot hand it on, or is not like the one it goes into.
    """
    common = draft.common(draft.home(value), draft.home(to))
    if common is None:
        raise RewriteError(UNLIKE)
    lifted, iterations = lift(draft, value, common)
    found = lower(draft, lifted, to, common, iterations)
    draft.origins[found] = value
    return found


def lift(draft: Draft, value: int, to: Region) -> tuple[int, tuple[Iterations, ...]]:
    """The value seen from a region around, and the scans that it is stacked by, outermost first."""
    iterations: list[Iterations] = []
    value = draft.find(value)
    while (region := draft.home(value)) is not to and not draft.is_within(to, region):
        outer = around(draft, region)
        holder = draft.holders[id(region)]
        if isinstance(holder.equation.control, Switch):
            value = _result_of(draft, holder, region, value)
            continue
        try:
            move_out(draft, value, region)
        except RewriteError:
            value = _stacked(draft, holder, value)
            iterations.insert(0, _iterations(holder.equation))
        assert draft.is_within(outer, draft.home(value))
    return value, tuple(iterations)


def lower(
    draft: Draft, value: int, to: int, outer: Region, iterations: tuple[Iterations, ...]
) -> int:
    """Hand a value of `outer` down to where `to` is made.

    Each scan that stacked the value is undone by a scan on the way down, which takes slices of it.
    """
    inside = [region for region in draft.chain(draft.home(to)) if draft.is_within(region, outer)]
    wanted = list(iterations)
    for region in reversed(inside):
        holder = draft.holders.get(id(region))
        if region is outer or holder is None or not draft.changes_in(to, region):
            continue
        if not wanted or not _is_scan(holder.equation) or _iterations(holder.equation) != wanted[0]:
            raise RewriteError(UNLIKE)
        value = _sliced(draft, holder, value)
        del wanted[0]
    if wanted:
        raise RewriteError(UNLIKE)
    return value


def _is_scan(equation: Equation) -> bool:
    return isinstance(equation.control, Loop) and equation.control.predicate is None


def _iterations(equation: Equation) -> Iterations:
    loop = equation.control
    assert isinstance(loop, Loop)
    return loop.body.trips, loop.reverse


def _stacked(draft: Draft, holder: Node, value: int) -> int:
    """The values of all iterations of a scan."""
    equation, loop = holder.equation, holder.equation.control
    assert isinstance(loop, Loop)
    if loop.predicate is not None:
        raise RewriteError(WHILE)
    for stack in loop.stacks:
        if draft.find(stack.result) == value:
            return draft.find(stack.out)
    out = draft.value(_compat.stacked(draft.avals[value], loop.body.trips))
    draft.depends[out] = (value,)
    stacks = (*loop.stacks, Stack(value, out))
    changed = equation._replace(
        control=loop._replace(stacks=stacks), outputs=(*equation.outputs, out)
    )
    draft.change(holder, changed)
    return out


def _sliced(draft: Draft, holder: Node, value: int) -> int:
    """The iteration's own of stacked values."""
    equation, loop = holder.equation, holder.equation.control
    assert isinstance(loop, Loop)
    for each in loop.slices:
        if draft.find(each.operand) == value:
            return draft.find(each.param)
    param = draft.value(_compat.unstacked(draft.avals[value]))
    draft.depends[param] = (value,)
    slices = (*loop.slices, Slice(value, param))
    draft.change(holder, equation._replace(control=loop._replace(slices=slices)))
    return param


def _result_of(draft: Draft, holder: Node, branch: Region, value: int) -> int:
    """A value of one branch as a result of all of them."""
    equation, switch = holder.equation, holder.equation.control
    assert isinstance(switch, Switch)
    aval = draft.avals[value]
    out = draft.value(aval)
    results: list[int] = []
    for region in switch.regions:
        result = value if region is branch else zeros(draft, region, aval)
        draft.results[id(region)] = (*draft.results[id(region)], result)
        results.append(result)
    draft.depends[out] = (switch.selector, *results)
    draft.change(holder, equation._replace(outputs=(*equation.outputs, out)))
    return out


def zeros(draft: Draft, region: Region, aval: Any) -> int:
    """Zeros of a type, made in a region; a number of its own is a literal."""
    literal = draft.value(_compat.scalar(aval))
    draft.constants[literal] = _compat.zero_literal(aval)
    if not aval.shape:
        return literal
    out = draft.value(aval)
    draft.depends[out] = (literal,)
    equation = Equation(_compat.zeros_eqn(aval), (literal,), (out,), None, None)
    draft.add(equation, region, position=-1)
    return out
