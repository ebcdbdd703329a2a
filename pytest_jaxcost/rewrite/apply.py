"""Applying edits to a draft. Each edit leaves a program that computes the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch

from pytest_jaxcost.ir.equation import Block, Region
from pytest_jaxcost.rewrite.cloning import clone
from pytest_jaxcost.rewrite.draft import Draft, Node
from pytest_jaxcost.rewrite.edits import Fuse, Hoist, Known, Merge, Replace, RewriteError
from pytest_jaxcost.rewrite.fusing import fuse
from pytest_jaxcost.rewrite.inserting import insert
from pytest_jaxcost.rewrite.moving import KERNEL, around, move_out
from pytest_jaxcost.rewrite.passing import hand_on, lift, lower

OPEN_BODIES = frozenset({"shard_map"})
"""Primitives whose body is a jaxpr of arrays, which another one may take the place of."""


@singledispatch
def apply(edit: object, draft: Draft) -> None:  # noqa: ARG001  # what is registered takes it
    """Apply an edit; what was claimed by an edit before it is left as it is.

    Raises:
        RewriteError: the edit cannot be written down as a program.
    """
    raise TypeError(f"{edit!r} is no edit")


@apply.register
def _merge(edit: Merge, draft: Draft) -> None:
    for first, again in zip(edit.first, edit.again, strict=True):
        _merge_values(draft, draft.find(first), draft.find(again))


@apply.register
def _fuse(edit: Fuse, draft: Draft) -> None:
    first, again = (draft.holders[id(region)] for region in (edit.first, edit.again))
    if first is not again:
        fuse(draft, first, again)


@apply.register
def _hoist(edit: Hoist, draft: Draft) -> None:
    bodies = {id(region) for region in edit.loops}
    for value in edit.values:
        _require_open(draft, draft.home(draft.find(value)))
        while (outermost := _hoisted_once(draft, draft.find(value), bodies)) is not None:
            bodies.discard(id(outermost))
        bodies.update(id(region) for region in edit.loops)


@apply.register
def _known(edit: Known, draft: Draft) -> None:
    for value in edit.values:
        if value not in draft.makers or draft.find(value) != value:
            continue
        given = draft.value(draft.avals[value])
        draft.inputs.append(given)
        draft.substitute(value, given)


@apply.register
def _replace(edit: Replace, draft: Draft) -> None:
    if not any(_is_unclaimed(draft, value) for value in edit.outputs):
        return
    _require_open(draft, edit.region)
    maker = draft.makers[edit.outputs[0]]
    is_there = all(draft.is_visible(draft.find(value), maker.home) for value in edit.inputs)
    region = maker.home if is_there else edit.region  # it may have left a loop
    results = insert(draft, edit.function, edit.inputs, region, maker)
    for output, result in zip(edit.outputs, results, strict=True):
        found = draft.find(output)
        if _is_unclaimed(draft, output) and found != draft.find(result):
            draft.substitute(found, draft.find(result))
            draft.replacements.add(draft.find(result))


def _is_unclaimed(draft: Draft, value: int) -> bool:
    """Whether a value stands for itself, or a replacement for it that may be replaced again."""
    found = draft.find(value)
    return found == value or found in draft.replacements


def _merge_values(draft: Draft, first: int, again: int) -> None:
    """Let one of two equal values stand for both: the one that is visible where the other is."""
    first, again = (draft.origins.get(each, each) for each in (first, again))
    if first == again:
        return
    for region in (draft.home(first), draft.home(again)):
        _require_open(draft, region)
    if _position(draft, again) < _position(draft, first):
        first, again = again, first
    if draft.is_visible(first, draft.home(again)):
        draft.substitute(again, first)
    elif draft.is_visible(again, draft.home(first)):
        draft.substitute(first, again)
    elif _is_conditional(draft, first, again):
        _hand_over(draft, again, first)
    else:
        _hand_over(draft, first, again)
    draft.touch(draft.home(again))


def _hand_over(draft: Draft, first: int, again: int) -> None:
    """One of two loops or branches hands its value to the other."""
    found = hand_on(draft, first, again)
    if draft.find(again) != draft.find(found):
        draft.substitute(again, draft.find(found))


def _position(draft: Draft, value: int) -> int:
    maker = draft.makers.get(value)
    return -1 if maker is None else maker.position


def _is_conditional(draft: Draft, value: int, other: int) -> bool:
    """Whether a value is computed in more branches than another one."""
    values = (draft.chain(draft.home(each)) for each in (value, other))
    branches, others = (sum(region.guard is not None for region in each) for each in values)
    return branches > others


def _hoisted_once(draft: Draft, value: int, bodies: Iterable[int]) -> Region | None:
    """Compute a value before the innermost of the loops whose bodies are given; that body."""
    inside = list(draft.chain(draft.home(value)))
    loop = next((region for region in inside if id(region) in bodies), None)
    if loop is None:
        return None
    if loop is inside[0]:
        move_out(draft, value, loop)
        return loop
    held = draft.holders[id(inside[inside.index(loop) - 1])]
    _copied_out(draft, value, held, loop)
    return loop


def _copied_out(draft: Draft, value: int, held: Node, loop: Region) -> None:
    """Compute a value that changes inside of `held` by a copy of it before the loop around.

    The copy hands its values on to the loop or branch inside, iteration by iteration.
    """
    outer = around(draft, loop)
    made, copies = draft.clones.get((held, id(loop))) or clone(draft, held, outer)
    draft.clones[held, id(loop)] = made, copies
    lifted, iterations = lift(draft, copies[value], outer)
    for read in _read_by_clone(draft, lifted, made):
        move_out(draft, read, loop)
    found = lower(draft, lifted, value, outer, iterations)
    draft.substitute(value, found)


def _read_by_clone(draft: Draft, value: int, made: Node) -> Iterator[int]:
    """What a copied equation and its bodies read from outside to make one of its results."""
    control = made.equation.control
    inside = () if control is None else control.regions
    stack, seen = [value], set[int]()
    while stack:
        current = draft.find(stack.pop())
        if current in seen:
            continue
        seen.add(current)
        home, maker = draft.home(current), draft.makers.get(current)
        if maker is made or any(draft.is_within(home, region) for region in inside):
            stack.extend(draft.depends[current])
        elif not draft.is_visible(current, made.home):
            yield current


def _require_open(draft: Draft, region: Region) -> None:
    """Refuse to edit inside a body that stays whole, such as a kernel's.

    Raises:
        RewriteError: the region is inside such a body.
    """
    current: Region | None = region
    while current is not None:
        holder = draft.holders.get(id(current))
        if holder is None:
            return
        control = holder.equation.control
        is_open = holder.equation.primitive in OPEN_BODIES
        if isinstance(control, Block) and not control.shared and not is_open:
            raise RewriteError(KERNEL.format(name=holder.equation.primitive))
        current = holder.home
