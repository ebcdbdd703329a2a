"""Zeros that move: broadcasts, reshapes and transposes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import (
    Index,
    Known,
    Pattern,
    Shape,
    Tie,
    ZeroOrigin,
    nothing,
    pattern,
)
from pytest_jaxcost.flow.zeros.registry import ZeroStep, zero_rule
from pytest_jaxcost.flow.zeros.spans import Spans


@zero_rule("broadcast_in_dim")
def broadcast_in_dim(step: ZeroStep) -> tuple[Known]:
    """Each axis of the operand becomes one of the result; the others repeat it."""
    known, shape, to = step.known[0], step.shape(0), step.out_shape
    axes = [int(axis) for axis in step.eqn.params["broadcast_dimensions"]]
    if known is None:
        return (None,)
    if isinstance(known, Index):
        return (Index(_placed(known.coefs, axes, len(to)), known.offset),)
    if known.zero:
        is_literal = known.origin == ZeroOrigin("zeros", None)
        return (nothing(ZeroOrigin("zeros", step.equation)) if is_literal else known,)
    spans = [sets.whole(n) for n in to]
    for axis, span, n in zip(axes, known.spans, shape, strict=True):
        if n == to[axis]:
            spans[axis] = span
    ties = [Tie(_placed(tie.coefs, axes, len(to)), tie.offset) for tie in known.ties]
    return (pattern(to, spans, ties, known.origin, ones=known.ones),)


@zero_rule("transpose")
def transpose(step: ZeroStep) -> tuple[Known]:
    """The axes in another order."""
    order = step.eqn.params["permutation"]
    known = step.known[0]
    if known is None or (isinstance(known, Pattern) and known.zero):
        return (known,)
    if isinstance(known, Index):
        return (Index(tuple(known.coefs[k] for k in order), known.offset),)
    spans = tuple(known.spans[k] for k in order)
    ties = [Tie(tuple(tie.coefs[k] for k in order), tie.offset) for tie in known.ties]
    return (pattern(step.out_shape, spans, ties, known.origin, ones=known.ones),)


@zero_rule("reshape", "squeeze")
def reshape(step: ZeroStep) -> tuple[Known]:
    """The same elements in the same order."""
    known, shape, to = step.known[0], step.shape(0), step.out_shape
    if known is None or (isinstance(known, Pattern) and known.zero):
        return (known,)
    if 0 in shape or (step.eqn.primitive.name == "reshape" and step.eqn.params["dimensions"]):
        return (None,)
    groups = list(_groups(shape, to))
    if isinstance(known, Index):
        coefs = _reshaped_coefs(known.coefs, groups, shape, to)
        return (None if coefs is None else Index(coefs, known.offset),)
    spans = [sets.whole(n) for n in to]
    for here, there in groups:
        for k, span in zip(there, _regrouped(known, here, there, shape, to), strict=True):
            spans[k] = span
    reshaped = [(_reshaped_coefs(t.coefs, groups, shape, to), t.offset) for t in known.ties]
    ties = [Tie(coefs, offset) for coefs, offset in reshaped if coefs is not None]
    uncut = known.spans == tuple(map(sets.whole, shape))
    ones = known.ones and uncut and len(ties) == len(known.ties)
    return (pattern(to, spans, ties, known.origin, ones=ones),)


@zero_rule("rev")
def rev(step: ZeroStep) -> tuple[Known]:
    """Some axes backwards."""
    known, shape = step.pattern(0), step.out_shape
    if known is None or known.zero:
        return (known,)
    turned = set(step.eqn.params["dimensions"])
    spans = [
        sets.moved(span, n - 1, n, -1) if k in turned else span
        for k, (span, n) in enumerate(zip(known.spans, shape, strict=True))
    ]
    ties = [
        Tie(
            tuple(-c if k in turned else c for k, c in enumerate(tie.coefs)),
            tie.offset - sum(tie.coefs[k] * (shape[k] - 1) for k in turned),
        )
        for tie in known.ties
    ]
    return (pattern(shape, spans, ties, known.origin, ones=known.ones),)


def _placed(coefs: Sequence[int], axes: Sequence[int], rank: int) -> tuple[int, ...]:
    placed = [0] * rank
    for axis, c in zip(axes, coefs, strict=True):
        placed[axis] = c
    return tuple(placed)


Group = tuple[list[int], list[int]]


def _groups(shape: Shape, to: Shape) -> Iterator[Group]:
    """The smallest runs of axes that hold the same elements before and after a reshape."""
    i = j = 0
    while i < len(shape) or j < len(to):
        here, there = [], []
        a = b = 1
        if i < len(shape):
            here, a, i = [i], shape[i], i + 1
        if j < len(to) and (a != 1 or not here):
            there, b, j = [j], to[j], j + 1
        while a != b:
            if a < b:
                here.append(i)
                a, i = a * shape[i], i + 1
            else:
                there.append(j)
                b, j = b * to[j], j + 1
        yield here, there


def _strides(sizes: Sequence[int]) -> list[int]:
    return [prod(sizes[k + 1 :]) for k in range(len(sizes))]


def _reshaped_coefs(
    coefs: Sequence[int], groups: Iterable[Group], shape: Shape, to: Shape
) -> tuple[int, ...] | None:
    """The coefficients on the new axes; None where they are not linear in them."""
    found = [0] * len(to)
    for here, there in groups:
        strides = _strides([shape[k] for k in here])
        wide = [(coefs[k], s) for k, s in zip(here, strides, strict=True) if shape[k] > 1]
        if not wide:
            continue
        unit, rest = divmod(wide[-1][0], wide[-1][1])
        if rest or any(c != unit * s for c, s in wide):
            return None
        for k, s in zip(there, _strides([to[k] for k in there]), strict=True):
            found[k] = unit * s
    return tuple(found)


def _regrouped(
    known: Pattern, here: Sequence[int], there: Sequence[int], shape: Shape, to: Shape
) -> list[Spans]:
    flat: Spans = ((0, 1),)
    for k in here:
        flat = _flattened(flat, known.spans[k], shape[k])
    return _unflattened(flat, [to[k] for k in there])


def _flattened(flat: Spans, span: Spans, size: int) -> Spans:
    """The spans of two axes as those of one, the second with `size` positions."""
    if span == sets.whole(size):
        return sets.repeated(flat, size)
    if len(flat) == 1 and flat[0][1] - flat[0][0] == 1:
        return sets.moved(span, flat[0][0] * size, flat[0][1] * size)
    (first, last), (low, high) = sets.hull(flat), sets.hull(span)
    return ((first * size + low, (last - 1) * size + high),)


def _unflattened(flat: Spans, sizes: Sequence[int]) -> list[Spans]:
    found: list[Spans] = []
    for size, stride in zip(sizes, _strides(sizes), strict=True):
        rows = sets.union([((a // stride, (b - 1) // stride + 1),) for a, b in flat])
        found.append(rows)
        first, last = sets.hull(rows)
        if last - first == 1:
            flat = tuple((a - first * stride, b - first * stride) for a, b in flat)
        else:
            flat = sets.whole(stride)
        assert size >= last
    return found
