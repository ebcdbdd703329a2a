"""Sorting and selection by rank."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, touched_bytes


@rule("sort")
def sort(eqn: Any) -> Cost:
    """``N * ceil(log2 n)`` comparisons for N elements in lines of n, whatever is sorted along.

    XLA takes the logarithm of N, which is too much where there are several lines.
    """
    return _comparisons(eqn, eqn.params["dimension"])


@rule("top_k")
def top_k(eqn: Any) -> Cost:
    """As many comparisons as a sort of the same lines; XLA counts none."""
    return _comparisons(eqn, eqn.params.get("axis", -1))


@rule("approx_top_k")
def approx_top_k(eqn: Any) -> Cost:
    """As many comparisons as a sort of the same lines, which it is where there is no kernel."""
    return _comparisons(eqn, eqn.params["reduction_dimension"])


def _comparisons(eqn: Any, dimension: int) -> Cost:
    aval = eqn.invars[0].aval
    length = aval.shape[dimension]
    levels = (length - 1).bit_length() if length else 0
    return Cost(flops=elements(aval) * levels, transcendentals=0, bytes_accessed=touched_bytes(eqn))
