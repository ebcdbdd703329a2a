"""Sorting and selection by rank: as many comparisons as a sort of the same lines."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, touching
from pytest_jaxcost.formulas.reductions import comparisons

DIMENSION = ("dimension", "axis", "reduction_dimension")
"""What `sort`, `top_k` and `approx_top_k` call it; the last dimension where nothing says."""


@rule("sort", "top_k", "approx_top_k")
def sort(eqn: Any) -> Cost:
    """Comparisons, whatever is sorted along."""
    aval = eqn.invars[0].aval
    along = next((eqn.params[name] for name in DIMENSION if name in eqn.params), -1)
    return touching(eqn, comparisons(elements(aval), aval.shape[along]))
