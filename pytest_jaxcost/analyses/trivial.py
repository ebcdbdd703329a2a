"""What is too little to be worth a fix: it is listed, and not counted.

Scalars that are computed twice beside a large model are true findings, and nobody mends them.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.cost.record import NOTHING
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.units import share


def is_trivial(facts: Facts, kind: str, work: Iterable[Occurrence]) -> bool:
    """Whether the work of one cause is below the floor, whatever part of it could be saved.

    Work of unknown cost is not.
    """
    spent = NOTHING
    for region, equation in work:
        cost = facts.cost(equation)
        if cost is None:
            return False
        spent += cost.times(region.weight)
    part = facts.share(spent, kind)
    return part is not None and part < share(facts.floor)
