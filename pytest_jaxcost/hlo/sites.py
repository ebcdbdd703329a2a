"""How many copies of each computation a program would have if every call were written out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pytest_jaxcost.hlo.costs import Pricing
from pytest_jaxcost.hlo.walk import entered


def sites(pricing: Pricing) -> Mapping[str, int]:
    """Return, by computation, in how many places it is entered, callers' places multiplied."""
    found: Counter[str] = Counter({pricing.module.entry: 1})
    for name in reversed(pricing.order):
        for each in pricing.module.computations[name].instructions:
            for inner in entered(each) if found[name] else ():
                found[inner] += found[name]
    return found
