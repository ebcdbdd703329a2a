"""Collectives, for one device."""

from __future__ import annotations

from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.registry import rule
from pytest_jaxcost.hlo.site import Site

MOVING = (
    *("all-gather", "all-to-all", "collective-broadcast", "collective-permute"),
    "ragged-all-to-all",
)
REDUCING = ("all-reduce", "reduce-scatter")
KINDS = (*MOVING, *REDUCING)


@rule(*REDUCING)
def reducing(site: Site) -> Cost:
    """One flop for each element of the results, however many devices there are.

    Source: `HloCostAnalysis::HandleAllReduce`; for a reduce-scatter XLA counts none.
    """
    return Cost(site.shape.size)


@rule(*MOVING)
def moving(_: Site) -> Cost:
    """No work."""
    return Cost()
