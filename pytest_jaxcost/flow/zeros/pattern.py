"""What is known about a value: where it may be nonzero, or how an integer follows its indices.

An element of an array is zero unless each of its indices lies in the `spans` of its axis, and all
`ties` hold between its indices. Nothing known is ``None``. Claims hold in every run in which no
value is infinite or NaN; a negative zero is zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd, prod
from typing import Any, Literal, NamedTuple

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.spans import Spans
from pytest_jaxcost.ir.equation import Equation

Shape = Sequence[int]

MOST_TIES = 4
"""Ties kept for one value."""

Kind = Literal["zeros", "basis", "part", "slice", "padding", "constant"]


class ZeroOrigin(NamedTuple):
    """Where zeros come from: ``kind``, and the equation that made them (None for a constant).

    ``part`` is the part of a basis that a slice or split took, ``slice`` that of one argument in a
    vector, taken inside the function that is differentiated; ``worked`` says that flops were
    spent on the zeros since.
    """

    kind: Kind
    equation: Equation | None
    worked: bool = False


class Tie(NamedTuple):
    """A linear equation between the indices of an element: sum of ``coefs * index == offset``."""

    coefs: tuple[int, ...]
    offset: int


class Pattern(NamedTuple):
    """Where a value may be nonzero; ``zero`` if nowhere, and then ``spans`` is empty.

    ``ones`` says that the elements which may be nonzero are all exactly one.
    """

    spans: tuple[Spans, ...]
    ties: tuple[Tie, ...]
    origin: ZeroOrigin
    ones: bool = False
    zero: bool = False


class Index(NamedTuple):
    """An integer that is linear in its own indices: sum of ``coefs * index``, plus ``offset``."""

    coefs: tuple[int, ...]
    offset: int


Known = Pattern | Index | None


def fits(index: Index, aval: Any) -> bool:
    """Whether an array can hold these numbers exactly: integers wrap around, floats round."""
    kind, bits = aval.dtype.kind, 8 * int(aval.dtype.itemsize)
    most = abs(index.offset) + sum(
        [abs(c) * (n - 1) for c, n in zip(index.coefs, aval.shape, strict=True)]
    )
    if kind in "iu":
        return most < 2 ** (bits - 1) and (kind == "i" or _least(index, aval.shape) >= 0)
    return most <= 1 if kind == "b" else bits >= 32 and most < 2**24


def _least(index: Index, shape: Shape) -> int:
    sizes = zip(index.coefs, shape, strict=True)
    return index.offset + sum([c * (n - 1) for c, n in sizes if c < 0])


def nothing(origin: ZeroOrigin) -> Pattern:
    """The pattern of a value that is zero throughout, of any shape."""
    return Pattern((), (), origin, zero=True)


def pattern(
    shape: Shape,
    spans: Iterable[Spans],
    ties: Iterable[Tie],
    origin: ZeroOrigin,
    *,
    ones: bool = False,
) -> Pattern | None:
    """The pattern of an array of `shape`, with what its ties say about single axes worked out."""
    axes = list(spans)
    kept: list[Tie] = []
    for tie in ties:
        normal = _normal(tie, shape)
        if normal is None:
            continue
        if not any(normal.coefs):
            return nothing(origin)
        if normal not in kept and len(kept) < MOST_TIES:
            kept.append(normal)
    for tie in kept:
        _narrow(axes, tie, shape)
    if not all(axes):
        return nothing(origin)
    kept = [tie for tie in kept if sum(map(bool, tie.coefs)) > 1]
    if not kept and all(axis == sets.whole(n) for axis, n in zip(axes, shape, strict=True)):
        return None
    return Pattern(tuple(axes), tuple(kept), origin, ones)


def join(shape: Shape, patterns: Sequence[Known]) -> Pattern | None:
    """Where any of several values of `shape` may be nonzero."""
    found: list[Pattern] = []
    for each in patterns:
        if not isinstance(each, Pattern):
            return None
        found.append(each)
    partly = [each for each in found if not each.zero]
    if len(partly) < 2:
        only = partly[0] if partly else max(found, key=lambda each: each.origin.worked)
        return only if len(found) == 1 else only._replace(ones=False)
    largest = max(partly, key=lambda each: volume(each, shape))
    spans = map(sets.union, zip(*(each.spans for each in partly), strict=True))
    ties = [tie for tie in largest.ties if all(tie in each.ties for each in partly)]
    return pattern(shape, spans, ties, largest.origin)


def meet(shape: Shape, patterns: Sequence[Known]) -> Pattern | None:
    """Where all of several values of `shape` may be nonzero."""
    found = [each for each in patterns if isinstance(each, Pattern)]
    if not found:
        return None
    smallest = min(found, key=lambda each: volume(each, shape))
    if smallest.zero or len(found) == 1:
        ones = smallest.ones and len(found) == len(patterns)
        return smallest._replace(ones=ones)
    spans = list(found[0].spans)
    for each in found[1:]:
        spans = [sets.intersection(a, b) for a, b in zip(spans, each.spans, strict=True)]
    ties = [tie for each in found for tie in each.ties]
    ones = len(found) == len(patterns) and all(each.ones for each in found)
    return pattern(shape, spans, ties, smallest.origin, ones=ones)


def volume(known: Pattern | None, shape: Shape) -> int:
    """How many elements the spans leave, whatever the ties say."""
    if known is None:
        return prod(shape)
    return 0 if known.zero else prod([sets.count(axis) for axis in known.spans])


def _normal(tie: Tie, shape: Shape) -> Tie | None:
    """The tie in lowest terms, None if it always holds, no coefficients if it never does."""
    coefs = [c if n > 1 else 0 for c, n in zip(tie.coefs, shape, strict=True)]
    divisor = gcd(*coefs)
    if not divisor:
        return None if tie.offset == 0 else Tie(tuple(coefs), tie.offset)
    if tie.offset % divisor:
        return Tie((0,) * len(coefs), 1)
    if next(c for c in coefs if c) < 0:
        divisor = -divisor
    return Tie(tuple([c // divisor for c in coefs]), tie.offset // divisor)


def _narrow(axes: list[Spans], tie: Tie, shape: Shape) -> None:
    """Take from each axis the positions that the tie rules out, given the others' spans."""
    tied = [k for k, c in enumerate(tie.coefs) if c]
    if len(tied) == 2 and all(abs(tie.coefs[k]) == 1 for k in tied):
        one, other = tied
        sign = -tie.coefs[one] * tie.coefs[other]
        for here, there in ((one, other), (other, one)):
            by = tie.offset * tie.coefs[here]
            axes[here] = sets.intersection(
                axes[here], sets.moved(axes[there], by, shape[here], sign)
            )
        return
    for here in tied:
        if not all(axes[k] for k in tied):
            return
        axes[here] = sets.intersection(axes[here], _bounds(axes, tie, here, shape))


def _bounds(axes: list[Spans], tie: Tie, here: int, shape: Shape) -> Spans:
    least = most = tie.offset
    for k, c in enumerate(tie.coefs):
        if c and k != here:
            first, last = sets.hull(axes[k])
            ends = (c * first, c * (last - 1))
            least, most = least - max(ends), most - min(ends)
    c = tie.coefs[here]
    if c < 0:
        least, most, c = -most, -least, -c
    start, stop = max(0, -(-least // c)), min(shape[here], most // c + 1)
    return ((start, stop),) if start < stop else ()
