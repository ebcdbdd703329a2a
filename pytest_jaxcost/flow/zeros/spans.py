"""Sets of positions along one axis: sorted, disjoint, half-open intervals.

A set of more than `MOST` intervals closes its smallest gaps, so that no operation costs more for a
longer axis. Every operation may return a larger set than the exact one, never a smaller one.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

Spans = tuple[tuple[int, int], ...]

MOST = 8
"""Intervals kept for one axis."""


def whole(size: int) -> Spans:
    """All positions of an axis."""
    return ((0, size),) if size else ()


def count(spans: Spans) -> int:
    """How many positions there are."""
    return sum([stop - start for start, stop in spans])


def union(sets: Iterable[Spans]) -> Spans:
    """The positions in any of `sets`."""
    return _merged(span for spans in sets for span in spans)


def intersection(left: Spans, right: Spans) -> Spans:
    """The positions in both."""
    if left == right:
        return left
    both = ((max(a, c), min(b, d)) for a, b in left for c, d in right)
    return _merged(span for span in both if span[0] < span[1])


def moved(spans: Spans, by: int, size: int, sign: int = 1) -> Spans:
    """The positions ``sign * position + by`` that an axis of `size` has; `sign` is 1 or -1."""
    if sign < 0:
        spans = tuple((1 - stop, 1 - start) for start, stop in reversed(spans))
    shifted = ((max(0, start + by), min(size, stop + by)) for start, stop in spans)
    return tuple((start, stop) for start, stop in shifted if start < stop)


def strided(spans: Spans, start: int, stop: int, stride: int) -> Spans:
    """The positions that are left of ``[start:stop:stride]``, counted in the result."""
    taken = ((max(a, start) - start, min(b, stop) - start) for a, b in spans)
    scaled = ((-(-a // stride), -(-b // stride)) for a, b in taken if a < b)
    return _merged((a, b) for a, b in scaled if a < b)


def spread(spans: Spans, stride: int) -> Spans:
    """Every position times `stride`, and the positions between them."""
    return _merged((start * stride, (stop - 1) * stride + 1) for start, stop in spans)


def repeated(spans: Spans, by: int) -> Spans:
    """The positions of an axis on which each one stands `by` times in a row."""
    return tuple((start * by, stop * by) for start, stop in spans)


def hull(spans: Spans) -> tuple[int, int]:
    """The first position and the one after the last, of a set that is not empty."""
    return spans[0][0], spans[-1][1]


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            if stop > merged[-1][1]:
                merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    while len(merged) > MOST:
        gaps = [after[0] - before[1] for before, after in pairwise(merged)]
        k = gaps.index(min(gaps))
        merged[k : k + 2] = [(merged[k][0], merged[k + 1][1])]
    return tuple(merged)
