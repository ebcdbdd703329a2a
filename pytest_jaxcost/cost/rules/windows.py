"""Reductions over sliding windows and over prefixes."""

from __future__ import annotations

from math import prod
from typing import Any

from pytest_jaxcost.cost import lowering
from pytest_jaxcost.cost.body import price_body
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, touched_bytes


@rule("reduce_window_sum", "reduce_window_max", "reduce_window_min")
def reduce_window_by_one_flop(eqn: Any) -> Cost:
    """One flop for each result and element of the window but the first, padding included.

    Source: ``HloCostAnalysis::HandleReduceWindow``.
    """
    return Cost(flops=_combinations(eqn), transcendentals=0, bytes_accessed=touched_bytes(eqn))


@rule("reduce_window")
def reduce_window(eqn: Any) -> Cost | None:
    """The computation of the reduction for each result and element of the window but the first."""
    body = price_body(eqn.params["jaxpr"])
    n = _combinations(eqn)
    return body and Cost(
        flops=body.flops * n,
        transcendentals=body.transcendentals * n,
        bytes_accessed=touched_bytes(eqn),
    )


@rule("select_and_scatter_add")
def select_and_scatter_add(eqn: Any) -> Cost:
    """A comparison for each source and element of the window but the first, and one addition.

    Source: ``HloCostAnalysis::HandleSelectAndScatter``.
    """
    source = elements(eqn.invars[0].aval)
    return Cost(
        flops=source * prod(eqn.params["window_dimensions"]),
        transcendentals=0,
        bytes_accessed=touched_bytes(eqn),
    )


@rule("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")
def cumulative(eqn: Any) -> Cost | None:
    """The combination of two values for each element but the first of every line.

    XLA counts the window over the whole line that JAX writes instead: n * (n - 1) combinations
    for n elements. The combination itself is what XLA counts for a line of two, halved.
    """
    aval = eqn.invars[0].aval
    combination = _combination(eqn)
    if combination is None:
        return None
    length = aval.shape[eqn.params["axis"]]
    n = elements(aval) // length * (length - 1) if length else 0
    flops, transcendentals = combination
    return Cost(
        flops=flops * n, transcendentals=transcendentals * n, bytes_accessed=touched_bytes(eqn)
    )


def _combination(eqn: Any) -> tuple[int, int] | None:
    if eqn.primitive.name in BY_ONE_FLOP and eqn.invars[0].aval.dtype.kind != "c":
        return 1, 0
    answer = lowering.ask(eqn, ((2,),), axis=0)
    return answer.counts and (answer.counts[0] // 2, answer.counts[1] // 2)


def _combinations(eqn: Any) -> int:
    window: int = prod(eqn.params["window_dimensions"])
    return elements(eqn.outvars[0].aval) * (window - 1)


BY_ONE_FLOP = frozenset({"cumsum", "cumprod", "cummax", "cummin"})
