"""What is claimed of values, held against the values of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from pytest_jaxcost.flow.zeros.pattern import Index, Known, Pattern
from pytest_jaxcost.ir.equation import Inlined
from tests.laws.evaluate import Run


def may_be_nonzero(pattern: Pattern, shape: tuple[int, ...]) -> Any:
    """A mask of the elements that a pattern leaves, one index at a time."""
    mask = np.zeros(shape, bool)
    if pattern.zero:
        return mask
    for position in np.ndindex(*shape):
        inside = all(
            any(start <= k < stop for start, stop in span)
            for k, span in zip(position, pattern.spans, strict=True)
        )
        tied = all(np.dot(tie.coefs, position) == tie.offset for tie in pattern.ties)
        mask[position] = inside and tied
    return mask


def is_finite(run: Run) -> bool:
    """Whether no value of a run is infinite or NaN."""
    arrays = (array for contexts in run.seen.values() for array in contexts.values())
    return all(np.isfinite(array).all() for array in arrays if _is_float(array))


def require_claims(program: Inlined, known: Sequence[Known], run: Run) -> int:
    """Every claim holds in a finite run; the number of elements that were claimed."""
    claimed = 0
    for value, contexts in run.seen.items():
        for array in contexts.values():
            claimed += _require(value, known[value], array)
    return claimed


def _require(value: int, claim: Known, array: Any) -> int:
    if claim is None or jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key):
        return 0
    content = np.asarray(array)
    if isinstance(claim, Index):
        indices = np.indices(content.shape)
        expected = sum(c * k for c, k in zip(claim.coefs, indices, strict=True)) + claim.offset
        assert (content == expected).all(), f"value {value} is not {claim}"
        return content.size
    mask = may_be_nonzero(claim, content.shape)
    assert (content[~mask] == 0).all(), f"value {value} is not zero outside {claim}"
    if claim.ones:
        assert (content[mask] == 1).all(), f"value {value} is not one in {claim}"
    return int((~mask).sum())


def _is_float(array: Any) -> bool:
    return jax.numpy.issubdtype(array.dtype, np.inexact)
