"""A sum of two arrays that are zero somewhere: added where both are not, else taken over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
from jax import lax

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import Pattern, Shape
from pytest_jaxcost.flow.zeros.registry import ZeroStep
from pytest_jaxcost.flow.zeros.rules.elementwise import operand
from pytest_jaxcost.flow.zeros.spans import Spans
from pytest_jaxcost.rewrite.edits import RewriteError
from pytest_jaxcost.rewrite.narrow import taken
from pytest_jaxcost.rewrite.narrow_edit import Instead

SUMS = frozenset({"add", "add_any", "sub"})

NOTHING_ZERO = "neither side is zero along an axis"

Box = tuple[Spans, ...] | None
"""Where one side may be nonzero: positions of each axis; None for nowhere."""


def sum_of_parts(step: ZeroStep) -> Instead:
    """The sum in parts along the axes: in each part both sides are added, or one is the sum.

    Raises:
        RewriteError: no part is without one of them.
    """
    shape = step.out_shape
    boxes = [_box(operand(step, k), shape) for k in (0, 1)]
    if all(box == tuple(map(sets.whole, shape)) for box in boxes):
        raise RewriteError(NOTHING_ZERO)
    read = [k for k in (0, 1) if boxes[k] is not None]

    def compute(*operands: Any) -> list[Any]:
        full = dict(zip(read, operands, strict=True))
        arrays = [_filled(full.get(k), step) for k in (0, 1)]
        return [_added(step.eqn, arrays, boxes, 0)]

    return Instead(tuple(step.equation.inputs[k] for k in read), compute)


def _box(known: Pattern | None, shape: Shape) -> Box:
    if known is None:
        return tuple(map(sets.whole, shape))
    return None if known.zero else known.spans


def _filled(x: Any, step: ZeroStep) -> Any:
    """An operand in the shape and dtype of the result; None for one that is not read."""
    return None if x is None else jnp.broadcast_to(x, step.out_shape)


def _added(eqn: Any, arrays: Sequence[Any], boxes: Sequence[Box], axis: int) -> Any:
    """The sum of two arrays that are cut already on the axes before `axis`."""
    left, right = boxes
    if right is None:
        return arrays[0] if left is not None else jnp.zeros_like(arrays[0])
    if left is None:
        return arrays[1] if eqn.primitive.name != "sub" else lax.neg(arrays[1])
    if axis == len(left):
        return eqn.primitive.bind(*arrays, **eqn.params)
    parts = [
        _added(
            eqn,
            [taken(x, [axis], [((start, stop),)]) for x in arrays],
            [box if _holds(box[axis], start) else None for box in (left, right)],
            axis + 1,
        )
        for start, stop in _runs(left[axis], right[axis], arrays[0].shape[axis])
    ]
    return parts[0] if len(parts) == 1 else lax.concatenate(parts, axis)


def _runs(left: Spans, right: Spans, size: int) -> Iterator[tuple[int, int]]:
    """The runs of an axis in which each side is inside its positions, or outside of them."""
    ends = {end for spans in (left, right) for span in spans for end in span}
    return pairwise(sorted({0, size, *ends}))


def _holds(spans: Spans, position: int) -> bool:
    return any(start <= position < stop for start, stop in spans)
