"""What is too little to be worth a fix: it is listed, and not counted.

Scalars that are computed twice beside a large model are true findings, and nobody mends them.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_jaxcost.analyses.facts import DEAD, Facts
from pytest_jaxcost.flow.repeats import Occurrence

FLOOR = 0.001
"""The part of the program's operations from which a finding counts."""


def is_trivial(facts: Facts, kind: str, work: Iterable[Occurrence]) -> bool:
    """Whether the work of one cause is below the floor, whatever part of it could be saved.

    Work of unknown cost is not. What is dead is a part of the program as it is written.
    """
    costs = [(facts.cost(each.equation), each.region.weight) for each in work]
    if any(cost is None for cost, _ in costs):
        return False
    totals = facts.written if kind == DEAD else facts.totals
    spent = sum((c.flops + c.transcendentals) * runs for c, runs in costs if c is not None)
    return spent < FLOOR * totals.operations
