"""What a whole jaxpr costs: the computation that a reduction or a scatter carries."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pytest_jaxcost.cost.price import price
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import RULES
from pytest_jaxcost.cost.tally import tallies
from pytest_jaxcost.ir.inline import inline


@lru_cache(maxsize=1024)
def price_body(jaxpr: Any) -> Cost | None:
    """The cost of one run of `jaxpr`, or None if it is opaque or runs a loop of unknown length."""
    program = inline(jaxpr, RULES)
    tally = tallies(program, price)[id(program.main)]
    return tally.cost if tally.exact else None
