"""Seeds made in parts: each part of a basis is an identity of its own size, and zeros around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import Known, Pattern, Tie
from pytest_jaxcost.rewrite.edits import RewriteError
from pytest_jaxcost.rewrite.narrow import padded
from pytest_jaxcost.rewrite.narrow_edit import Instead

NO_IDENTITY = "not all of its parts are identities"


def basis_in_parts(avals: Sequence[Any], known: Sequence[Known]) -> Instead:
    """What makes the parts of a basis one by one, of which `known` says all there is to know.

    Raises:
        RewriteError: a part is no identity.
    """
    ties = [_only_tie(each, aval) for each, aval in zip(known, avals, strict=True)]
    if not all(ties):
        raise RewriteError(NO_IDENTITY)

    def compute() -> list[Any]:
        return [_identity(*each) for each in zip(avals, known, ties, strict=True)]

    return Instead((), compute)


def _only_tie(known: Known, aval: Any) -> Tie | None:
    """The tie between the two axes of a matrix of zeros and ones, if there is one."""
    if not isinstance(known, Pattern) or not known.ones or len(known.ties) != 1:
        return None
    is_matrix = len(aval.shape) == 2 and all(map(_is_run, known.spans))
    return known.ties[0] if is_matrix and known.ties[0].coefs == (1, -1) else None


def _is_run(spans: sets.Spans) -> bool:
    return len(spans) == 1


def _identity(aval: Any, known: Any, tie: Any) -> Any:
    (rows,), (columns,) = known.spans
    start, stop = max(rows[0], columns[0] + tie.offset), min(rows[1], columns[1] + tie.offset)
    ones = jnp.eye(max(0, stop - start), dtype=aval.dtype)
    if stop <= start:
        return lax.full(aval.shape, 0, aval.dtype)
    places = ((start, stop),), ((start - tie.offset, stop - tie.offset),)
    return padded(ones, aval.shape, (0, 1), places)
