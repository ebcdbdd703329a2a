"""Parts of arrays at places that are known only when the program runs."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import Index, Known, Pattern, ZeroOrigin, join, pattern
from pytest_jaxcost.flow.zeros.registry import ZeroStep, zero_rule
from pytest_jaxcost.flow.zeros.rules.elementwise import without_ones
from pytest_jaxcost.flow.zeros.rules.parts import part, uncut
from pytest_jaxcost.flow.zeros.spans import Spans


@zero_rule("dynamic_slice")
def dynamic_slice(step: ZeroStep) -> tuple[Known]:
    """A part of each axis; of axes that are cut nothing is known unless the start is a literal."""
    known, shape, to = step.pattern(0), step.shape(0), step.out_shape
    if known is None or known.zero:
        return (known,)
    starts = [step.integer(k) for k in range(1, len(shape) + 1)]
    if None not in starts:
        begin = [min(max(s or 0, 0), n - m) for s, n, m in zip(starts, shape, to, strict=True)]
        limits = [b + m for b, m in zip(begin, to, strict=True)]
        return (part(step, known, begin, limits, (1,) * len(to), to),)
    return (uncut(known, shape, to),)


@zero_rule("dynamic_update_slice")
def dynamic_update_slice(step: ZeroStep) -> tuple[Known]:
    """The operand with a part of it replaced."""
    shape, size = step.out_shape, step.shape(1)
    operand, update = step.pattern(0), step.pattern(1)
    if operand is None:
        return (None,)
    if update is not None and update.zero:
        return (without_ones(operand),)
    starts = [step.integer(k) for k in range(2, len(shape) + 2)]
    spans = [
        _placed(update, k, n, m, start)
        for k, (n, m, start) in enumerate(zip(shape, size, starts, strict=True))
    ]
    placed = pattern(shape, spans, (), ZeroOrigin("padding", step.equation))
    return (join(shape, [operand, placed]),)


@zero_rule("gather")
def gather(step: ZeroStep) -> tuple[Known]:
    """Slices of the operand; axes that are taken whole keep their zeros."""
    known, params = step.pattern(0), step.eqn.params
    if known is None or not _stays_inside(params):
        return (None,)
    if known.zero:
        return (known,)
    shape, to = step.shape(0), step.out_shape
    spans = [sets.whole(n) for n in to]
    for axis, out in _window_axes(params["dimension_numbers"], len(shape)):
        if shape[axis] == to[out]:
            spans[out] = known.spans[axis]
    return (pattern(to, spans, (), known.origin),)


@zero_rule("scatter", "scatter-add", "scatter-sub")
def scatter(step: ZeroStep) -> tuple[Known]:
    """The operand with updates at some places: what is zero in both stays zero."""
    operand, updates, shape = step.pattern(0), step.pattern(2), step.out_shape
    is_plain = step.eqn.params["update_jaxpr"] is None or step.eqn.primitive.name != "scatter"
    if operand is None or not is_plain:
        return (None,)
    if updates is not None and updates.zero:
        return (without_ones(operand),)
    numbers, size = step.eqn.params["dimension_numbers"], step.shape(2)
    spans, width = [sets.whole(n) for n in shape], [1] * len(shape)
    for axis, out in _update_axes(numbers, len(shape)):
        width[axis] = size[out]
        if updates is not None and shape[axis] == size[out]:
            spans[axis] = updates.spans[out]
    start = _one_start(step)
    for axis in numbers.scatter_dims_to_operand_dims if start is not None else ():
        if 0 <= (start or 0) <= shape[axis] - width[axis]:
            spans[axis] = sets.intersection(
                spans[axis], ((start or 0, (start or 0) + width[axis]),)
            )
    placed = pattern(shape, spans, (), ZeroOrigin("padding", step.equation))
    return (join(shape, [operand, placed]),)


@zero_rule("scatter-mul")
def scatter_mul(step: ZeroStep) -> tuple[Known]:
    """Zero where the operand is."""
    return (without_ones(step.pattern(0)),)


def _placed(update: Pattern | None, k: int, size: int, width: int, start: int | None) -> Spans:
    span = sets.whole(width) if update is None else update.spans[k]
    if width == size:
        return span
    if start is None:
        return sets.whole(size)
    return sets.moved(span, min(max(start, 0), size - width), size)


def _one_start(step: ZeroStep) -> int | None:
    """Where the one update of a scatter starts, if that is a literal, the same on all axes."""
    indices = step.known[1]
    is_one = isinstance(indices, Index) and len(indices.coefs) == 1 and not any(indices.coefs)
    return indices.offset if is_one and isinstance(indices, Index) else None


def _stays_inside(params: Any) -> bool:
    """Whether an index out of bounds gives zeros at most; floats are filled with NaN otherwise."""
    return bool(params["mode"].name != "FILL_OR_DROP" or params["fill_value"] == 0)


def _window_axes(numbers: Any, rank: int) -> list[tuple[int, int]]:
    """Axes of the operand and of the result that a gather pairs."""
    dropped = {*numbers.collapsed_slice_dims, *numbers.operand_batching_dims}
    kept = [axis for axis in range(rank) if axis not in dropped]
    return list(zip(kept, numbers.offset_dims, strict=True))


def _update_axes(numbers: Any, rank: int) -> list[tuple[int, int]]:
    """Axes of the operand and of the updates that a scatter pairs."""
    dropped = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
    kept = [axis for axis in range(rank) if axis not in dropped]
    return list(zip(kept, numbers.update_window_dims, strict=True))
