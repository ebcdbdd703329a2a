"""Gathers and scatters: they touch what they produce or update, not the whole operand."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost.body import price_body
from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, nbytes


@rule("gather")
def gather(eqn: Any) -> Cost | None:
    """Nothing for the values; where out-of-bounds reads give a fill value, the test of the indices.

    Each index is compared with both bounds, the answers are joined along the index vector, and one
    selection an element of the result puts the fill value in. Source: JAX's lowering of
    ``GatherScatterMode.FILL_OR_DROP``.
    """
    indices, out = eqn.invars[1].aval, eqn.outvars[0].aval
    mode = eqn.params["mode"]
    if mode.name not in ("FILL_OR_DROP", "CLIP", "PROMISE_IN_BOUNDS"):
        return None
    flops = 0
    if mode.name == "FILL_OR_DROP":
        n = elements(indices)
        flops = 3 * n + n - elements_of_batch(indices) + elements(out)
    return Cost(flops=flops, transcendentals=0, bytes_accessed=2 * nbytes(out) + nbytes(indices))


@rule("scatter")
def scatter(eqn: Any) -> Cost | None:
    """Nothing to overwrite; the computation of ``x.at[i].apply(f)``, once an update."""
    jaxpr = eqn.params["update_jaxpr"]
    body = NOTHING if jaxpr is None else price_body(jaxpr)
    return body and _updates(eqn, body)


@rule("scatter-add", "scatter-sub", "scatter-mul")
def scatter_by_one_flop(eqn: Any) -> Cost:
    """One flop an update. Source: ``HloCostAnalysis::HandleScatter``."""
    return _updates(eqn, ONE_FLOP)


@rule("scatter-min", "scatter-max")
def scatter_extremum(eqn: Any) -> Cost | None:
    """One flop an update; XLA is asked about complex numbers."""
    return None if eqn.invars[0].aval.dtype.kind == "c" else _updates(eqn, ONE_FLOP)


def elements_of_batch(indices: Any) -> int:
    """How many index vectors there are; the vector is the last dimension."""
    return elements(indices) // indices.shape[-1] if indices.shape[-1] else 0


def _updates(eqn: Any, body: Cost) -> Cost:
    indices, updates = eqn.invars[1].aval, eqn.invars[2].aval
    n = elements(updates)
    clamps = elements(indices) if eqn.params["mode"].name == "CLIP" else 0
    return Cost(
        flops=body.flops * n + clamps,
        transcendentals=body.transcendentals * n,
        bytes_accessed=3 * nbytes(updates) + nbytes(indices),
    )


ONE_FLOP = Cost(flops=1, transcendentals=0, bytes_accessed=0)
