"""The axes of primitives that move: shapes, parts, indexing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_jaxcost.flow.axis_rules import regrouped
from pytest_jaxcost.rewrite.axes import (
    ROWS,
    Axes,
    Letters,
    Wanted,
    lettered,
    own,
    resized,
    row,
    shape,
)


@row("broadcast_in_dim")
def broadcast_in_dim(eqn: Any) -> Axes:
    """Each axis of the result; those of the operand that are not repeated go along."""
    to = shape(eqn.outvars[0])
    placed = zip(shape(eqn.invars[0]), eqn.params["broadcast_dimensions"], strict=True)
    operand = tuple(int(axis) if n == to[axis] else None for n, axis in placed)
    return Axes((operand,), (lettered(len(to)),), _shape)


def _shape(eqn: Any, wanted: Wanted) -> dict[str, Any]:
    to = eqn.params["shape"]
    return {**eqn.params, "shape": resized(to, lettered(len(to)), wanted)}


@row("iota")
def iota(eqn: Any) -> Axes:
    """The axes along which nothing is counted."""
    return Axes((), (lettered(len(eqn.params["shape"]), eqn.params["dimension"]),), _shape)


@row("tile")
def tile(eqn: Any) -> Axes:
    """The axes that are there once."""
    letters = tuple(k if int(n) == 1 else None for k, n in enumerate(eqn.params["reps"]))
    return Axes((letters,), (letters,))


@row("transpose")
def transpose(eqn: Any) -> Axes:
    """All axes, in another order."""
    order = tuple(map(int, eqn.params["permutation"]))
    return Axes((lettered(len(order)),), (order,))


@row("squeeze")
def squeeze(eqn: Any) -> Axes:
    """The axes that are left."""
    rank = len(shape(eqn.invars[0]))
    letters = lettered(rank, *eqn.params["dimensions"])
    return Axes((letters,), (tuple(letter for letter in letters if letter is not None),))


@row("reshape")
def reshape(eqn: Any) -> Axes | None:
    """The axes that stay one axis of as many positions."""
    before, after = shape(eqn.invars[0]), shape(eqn.outvars[0])
    if eqn.params.get("dimensions") is not None or 0 in before:
        return None
    operand: list[int | None] = [None] * len(before)
    result: list[int | None] = [None] * len(after)
    for source, target in regrouped(before, after):
        here = [axis for axis in source if before[axis] != 1]
        there = [axis for axis in target if after[axis] != 1]
        if len(here) == len(there) == 1:
            operand[here[0]] = result[there[0]] = there[0]
    return Axes((tuple(operand),), (tuple(result),), _new_sizes)


def _new_sizes(eqn: Any, wanted: Wanted) -> dict[str, Any]:
    found = reshape(eqn)
    assert found is not None
    return {**eqn.params, "new_sizes": resized(shape(eqn.outvars[0]), found.results[0], wanted)}


@row("rev")
def rev(eqn: Any) -> Axes:
    """The axes that are not turned."""
    letters = lettered(len(shape(eqn.invars[0])), *eqn.params["dimensions"])
    return Axes((letters,), (letters,))


@row("concatenate")
def concatenate(eqn: Any) -> Axes:
    """All axes but the one that the arrays stand along."""
    letters = lettered(len(shape(eqn.outvars[0])), eqn.params["dimension"])
    return Axes((letters,) * len(eqn.invars), (letters,))


@row("split")
def split(eqn: Any) -> Axes:
    """All axes but the one that is cut."""
    letters = lettered(len(shape(eqn.invars[0])), eqn.params["axis"])
    return Axes((letters,), (letters,) * len(eqn.outvars))


@row("stack")
def stack(eqn: Any) -> Axes:
    """All axes but the new one."""
    letters = lettered(len(shape(eqn.outvars[0])), eqn.params["axis"])
    return Axes((_dropped(letters),) * len(eqn.invars), (letters,))


@row("unstack")
def unstack(eqn: Any) -> Axes:
    """All axes but the one that is taken apart."""
    letters = lettered(len(shape(eqn.invars[0])), eqn.params["axis"])
    return Axes((letters,), (_dropped(letters),) * len(eqn.outvars))


def _dropped(letters: Letters) -> Letters:
    return tuple(letter for letter in letters if letter is not None)


@row("pad")
def pad(eqn: Any) -> Axes:
    """The axes that get no padding."""
    config = eqn.params["padding_config"]
    letters = tuple(None if any(padding) else axis for axis, padding in enumerate(config))
    return Axes((letters, ()), (letters,))


@row("slice")
def slice_(eqn: Any) -> Axes:
    """The axes that are taken whole."""
    letters = _uncut(shape(eqn.invars[0]), shape(eqn.outvars[0]))
    return Axes((letters,), (letters,), _limits)


def _limits(eqn: Any, wanted: Wanted) -> dict[str, Any]:
    letters = _uncut(shape(eqn.invars[0]), shape(eqn.outvars[0]))
    limits = resized(eqn.params["limit_indices"], letters, wanted)
    return {**eqn.params, "limit_indices": limits}


@row("dynamic_slice")
def dynamic_slice(eqn: Any) -> Axes:
    """The axes that are taken whole: a start is moved until the part is inside."""
    letters = _uncut(shape(eqn.invars[0]), shape(eqn.outvars[0]))
    return Axes((letters, *map(own, eqn.invars[1:])), (letters,), _slice_sizes)


@row("dynamic_update_slice")
def dynamic_update_slice(eqn: Any) -> Axes:
    """The axes that are replaced whole."""
    letters = _uncut(shape(eqn.invars[0]), shape(eqn.invars[1]))
    return Axes((letters, letters, *map(own, eqn.invars[2:])), (letters,))


@row("gather")
def gather(eqn: Any) -> Axes:
    """The axes of the operand that are taken whole."""
    numbers, rank = eqn.params["dimension_numbers"], len(shape(eqn.invars[0]))
    dropped = {*numbers.collapsed_slice_dims, *numbers.operand_batching_dims}
    pairs = zip(_others(rank, dropped), numbers.offset_dims, strict=True)
    operand, result = _paired(eqn.invars[0], eqn.outvars[0], pairs)
    return Axes((operand, own(eqn.invars[1])), (result,), _slice_sizes)


def _slice_sizes(eqn: Any, wanted: Wanted) -> dict[str, Any]:
    found = ROWS[eqn.primitive.name](eqn)
    assert found is not None
    sizes = resized(eqn.params["slice_sizes"], found.operands[0], wanted)
    return {**eqn.params, "slice_sizes": sizes}


@row("scatter", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max")
def scatter(eqn: Any) -> Axes:
    """The axes of the operand that updates have whole."""
    numbers, rank = eqn.params["dimension_numbers"], len(shape(eqn.invars[0]))
    dropped = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
    pairs = zip(_others(rank, dropped), numbers.update_window_dims, strict=True)
    operand, updates = _paired(eqn.invars[0], eqn.invars[2], pairs)
    return Axes((operand, own(eqn.invars[1]), updates), (operand,))


def _paired(one: Any, other: Any, pairs: Any) -> tuple[Letters, Letters]:
    """Letters for the pairs of axes that have the same size."""
    left, right = list(own(one)), list(own(other))
    for a, b in pairs:
        if shape(one)[a] == shape(other)[b]:
            left[a] = right[b] = a
    return tuple(left), tuple(right)


def _others(rank: int, dropped: set[int]) -> list[int]:
    return [axis for axis in range(rank) if axis not in dropped]


def _uncut(before: Sequence[int], after: Sequence[int]) -> Letters:
    pairs = zip(before, after, strict=True)
    return tuple(axis if n == m else None for axis, (n, m) in enumerate(pairs))
