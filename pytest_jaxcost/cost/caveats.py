"""Why the cost of an equation is not known, or only a lower bound."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost import lowering
from pytest_jaxcost.cost.opaque import OPAQUE
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import RULES
from pytest_jaxcost.cost.rules.elementwise import by_element


def is_doubtful(eqn: Any, cost: Cost | None) -> bool:
    """Whether it is worth asking for a `caveat`: most rules are exact and have none."""
    return cost is None or RULES.get(eqn.primitive.name) in (None, by_element)


def caveat(eqn: Any, cost: Cost | None) -> str | None:
    """Why `cost`, which is what `price` said of `eqn`, is unknown or too low; None if it is exact.

    The words continue a sentence that begins with the primitive's name.
    """
    name = eqn.primitive.name
    if cost is None:
        return OPAQUE.get(name) or lowering.ask(eqn).reason
    rule = RULES.get(name)
    if rule is by_element:
        return lowering.per_element(eqn).reason
    asked = rule is None or rule(eqn) is None
    return lowering.ask(eqn).reason if asked else None
