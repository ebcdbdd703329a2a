"""Reductions over whole axes.

Source: ``HloCostAnalysis::HandleReduce``: the computation of the reduction runs once for each
element of the operand but one for each of the result.
"""

from __future__ import annotations

from math import prod
from typing import Any

from pytest_jaxcost.cost.body import price_body
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import touched_bytes

ARGMAX_FLOPS = 7
"""Compare values; same value, smaller index, and; or; select the value, select the index."""
NAN_FLOPS = 2
"""Is it NaN; or."""


def combinations(eqn: Any) -> int:
    """How many pairs are combined: the elements of an operand less those of a result."""
    pairs: int = prod(eqn.invars[0].aval.shape) - prod(eqn.outvars[0].aval.shape)
    return max(0, pairs)


@rule("reduce_sum", "reduce_prod", "reduce_and", "reduce_or", "reduce_xor")
def reduce_by_one_flop(eqn: Any) -> Cost:
    """One flop a combination."""
    return Cost(flops=combinations(eqn), transcendentals=0, bytes_accessed=touched_bytes(eqn))


@rule("reduce_max", "reduce_min")
def reduce_extremum(eqn: Any) -> Cost | None:
    """One flop a combination; XLA is asked about complex numbers, which have no order of theirs."""
    return None if eqn.invars[0].aval.dtype.kind == "c" else reduce_by_one_flop(eqn)


@rule("argmax", "argmin")
def argmax(eqn: Any) -> Cost:
    """Seven flops a combination of two values and their indices; nine where there may be NaNs."""
    has_nan = eqn.invars[0].aval.dtype.kind not in "iub"
    return Cost(
        flops=(ARGMAX_FLOPS + NAN_FLOPS * has_nan) * combinations(eqn),
        transcendentals=0,
        bytes_accessed=touched_bytes(eqn),
    )


@rule("reduce")
def reduce(eqn: Any) -> Cost | None:
    """The computation of the reduction, once a combination."""
    body = price_body(eqn.params["jaxpr"])
    n = combinations(eqn)
    return body and Cost(
        flops=body.flops * n,
        transcendentals=body.transcendentals * n,
        bytes_accessed=touched_bytes(eqn),
    )
