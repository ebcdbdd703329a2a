"""What the content of literals and captured arrays says."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import (
    Index,
    Known,
    Pattern,
    Tie,
    ZeroOrigin,
    nothing,
    pattern,
)
from pytest_jaxcost.ir.contents import content_of

LARGEST_CONSTANT = 1 << 20
"""Elements of the largest captured array whose content is looked at."""


def literal(content: Any) -> Known:
    """What a literal says: zero, or an integer."""
    dtype = content.aval.dtype
    if not isinstance(dtype, np.dtype) or content.aval.shape != ():
        return None
    if not content.val:
        return _ZERO
    return Index((), int(content.val)) if dtype.kind in "iu" else None


def captured(content: Any) -> Pattern | None:
    """What the content of an array says, if it is mostly zeros."""
    shape = getattr(content, "shape", ())
    array = content_of(content) if shape and prod(shape) <= LARGEST_CONSTANT else None
    if array is None:
        return None
    nonzero = array != 0
    count = int(np.count_nonzero(nonzero))
    if count == 0:
        return nothing(ZeroOrigin("constant", None))
    if count > array.size // 2:
        return None
    rank = array.ndim
    spans = [
        _runs(nonzero.any(axis=tuple(k for k in range(rank) if k != axis))) for axis in range(rank)
    ]
    ties = _diagonal(nonzero) if rank == 2 and count == min(array.shape) else []
    ones = bool(ties) and bool((array[nonzero] == 1).all())
    return pattern(array.shape, spans, ties, ZeroOrigin("constant", None), ones=ones)


def _runs(mask: Any) -> sets.Spans:
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    return sets.union([tuple(zip(edges[::2], edges[1::2], strict=True))])


def _diagonal(nonzero: Any) -> list[Tie]:
    n = min(nonzero.shape)
    is_diagonal = bool(nonzero[np.arange(n), np.arange(n)].all())
    return [Tie((1, -1), 0)] if is_diagonal else []


_ZERO = nothing(ZeroOrigin("zeros", None))
