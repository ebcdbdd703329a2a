"""What a whole jaxpr costs: the computation that a reduction or a scatter carries."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pytest_jaxcost.cost.price import price
from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.ir.inline import inline


@lru_cache(maxsize=1024)
def price_body(jaxpr: Any) -> Cost | None:
    """The cost of one run of `jaxpr`, or None if it is opaque or runs a loop of unknown length."""
    inlined = inline(jaxpr)
    total = NOTHING
    for region, equation in inlined.walk():
        if equation.control is not None:
            continue
        cost = price(equation.eqn)
        if cost is None:
            return None
        total += cost.times(region.weight)
    return total if all(region.exact for region in inlined.regions()) else None
