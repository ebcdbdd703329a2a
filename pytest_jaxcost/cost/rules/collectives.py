"""Collectives, for one device."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, touching

REDUCE = (
    *("psum", "psum_invariant", "pmax", "pmin", "unreduced_psum", "psum_start"),
    *("psum_invariant_start", "unreduced_psum_start", "unreduced_pmax", "unreduced_pmin"),
)
REDUCE_SCATTER = (
    *("reduce_scatter", "reduce_scatter_start", "unreduced_reduce_scatter"),
    "unreduced_reduce_scatter_start",
)
MOVE = (
    *("all_gather", "all_gather_invariant", "all_gather_reduced", "all_gather_start"),
    *("all_gather_reduced_start", "all_to_all", "all_to_all_start", "ragged_all_to_all"),
    *("ppermute", "ppermute_start", "pgather", "psend", "precv"),
    *("pbroadcast", "pbroadcast_start", "pbroadcast_dynamic"),
)
DONE = (
    *("all_gather_done", "all_to_all_done", "ppermute_done", "psum_done"),
    *("pbroadcast_done", "reduce_scatter_done"),
)


@rule(*REDUCE)
def reduce(eqn: Any) -> Cost:
    """One flop for each element of the operands.

    Source: ``HloCostAnalysis::HandleAllReduce``, which takes every result to be the sum of two
    values, however many devices there are.
    """
    n = sum(elements(v.aval) for v in eqn.invars)
    return touching(eqn, n)


@rule(*REDUCE_SCATTER)
def reduce_scatter(eqn: Any) -> Cost:
    """One flop for each element that this device keeps; XLA counts none."""
    n = sum(elements(v.aval) for v in eqn.outvars)
    return touching(eqn, n)


@rule(*MOVE)
def move(eqn: Any) -> Cost:
    """No work: all operands read and all results written."""
    return touching(eqn)


@rule(*DONE)
def done(_: Any) -> Cost:
    """Nothing: the beginning of the operation is what costs."""
    return NOTHING
