"""A sum of two arrays of which each is zero somewhere: added where both are not, else taken over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import Pattern, Shape
from pytest_jaxcost.flow.zeros.registry import Step
from pytest_jaxcost.flow.zeros.rules.elementwise import operand
from pytest_jaxcost.flow.zeros.spans import Spans
from pytest_jaxcost.rewrite.narrow import taken
from pytest_jaxcost.rewrite.narrow_edit import Instead, Reason

SUMS = frozenset({"add", "add_any", "sub"})

NOTHING_ZERO = "neither side is zero along an axis"

Start = tuple[int, ...]
"""The first position of a part, on the axes that were cut so far."""


class _Side(NamedTuple):
    """Where one side may be nonzero: positions of each axis; None for nowhere."""

    box: tuple[Spans, ...] | None


def sum_of_parts(step: Step) -> Instead | Reason:
    """The sum in parts along the axes: in each part both sides are added, or one is the sum."""
    shape = step.out_shape
    sides = [_side(operand(step, k), shape) for k in (0, 1)]
    if all(side.box == tuple(map(sets.whole, shape)) for side in sides):
        return NOTHING_ZERO
    read = [k for k in (0, 1) if sides[k].box is not None]

    def compute(*operands: Any) -> list[Any]:
        full = dict(zip(read, operands, strict=True))
        arrays = [_filled(full.get(k), step) for k in (0, 1)]
        return [_added(step.eqn, arrays, [side.box for side in sides], 0)]

    return Instead(tuple(step.equation.inputs[k] for k in read), compute)


def _side(known: Pattern | None, shape: Shape) -> _Side:
    if known is None:
        return _Side(tuple(map(sets.whole, shape)))
    return _Side(None if known.zero else known.spans)


def _filled(x: Any, step: Step) -> Any:
    """An operand in the shape and dtype of the result; None for one that is not read."""
    return None if x is None else jnp.broadcast_to(x, step.out_shape)


def _added(
    eqn: Any, arrays: Sequence[Any], boxes: Sequence[Sequence[Spans] | None], axis: int
) -> Any:
    """The sum of two arrays that are cut already on the axes before `axis`."""
    left, right = boxes
    if right is None:
        return arrays[0]
    if left is None:
        return arrays[1] if eqn.primitive.name != "sub" else lax.neg(arrays[1])
    if axis == len(left):
        return eqn.primitive.bind(*arrays, **eqn.params)
    size = arrays[0].shape[axis]
    parts = [
        _added(
            eqn,
            [None if x is None else taken(x, [axis], [((start, stop),)]) for x in arrays],
            [box if inside else None for box, inside in zip(boxes, sides, strict=True)],
            axis + 1,
        )
        for start, stop, sides in _runs(left[axis], right[axis], size)
    ]
    return parts[0] if len(parts) == 1 else lax.concatenate(parts, axis)


def _runs(left: Spans, right: Spans, size: int) -> Iterator[tuple[int, int, tuple[bool, bool]]]:
    """The runs of an axis in which each side is inside its positions, or outside of them."""
    ends = {0, size, *(end for spans in (left, right) for span in spans for end in span)}
    cuts = sorted(ends)
    for start, stop in zip(cuts, cuts[1:], strict=False):
        yield start, stop, (_holds(left, start), _holds(right, start))


def _holds(spans: Spans, position: int) -> bool:
    return any(start <= position < stop for start, stop in spans)
