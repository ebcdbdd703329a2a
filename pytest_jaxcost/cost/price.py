"""What an equation costs: by its rule, else by asking XLA, else unknown."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost import lowering
from pytest_jaxcost.cost.opaque import OPAQUE
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import RULES


def price(eqn: Any) -> Cost | None:
    """The cost of one run of a leaf equation, or None where it is opaque.

    Raises:
        TypeError: a rule from outside returned something that is no Cost.
    """
    rule = RULES.get(eqn.primitive.name)
    cost = rule(eqn) if rule is not None else None
    return cost if cost is not None else _by_xla(eqn)


def _by_xla(eqn: Any) -> Cost | None:
    if eqn.primitive.name in OPAQUE:
        return None
    return lowering.priced(eqn, lowering.ask(eqn))
