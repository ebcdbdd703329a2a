"""Whether products of widened operands are still products of wide ones in the optimized program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.survival.comparison import Comparison
from pytest_jaxcost.analyses.survival.evaluations import Work
from pytest_jaxcost.analyses.survival.excess import at_places
from pytest_jaxcost.analyses.survival.needs import Need
from pytest_jaxcost.analyses.survival.origins import LEVELS
from pytest_jaxcost.analyses.survival.verdict import UNNAMED, Verdict
from pytest_jaxcost.flow.repeats import Occurrence

WIDENED = "widened_dots"

SOME_NARROW = "of the products at its places some are of wide operands and some of narrow ones"


def widened(both: Comparison, pricing: hlo.Pricing, dots: Iterable[Occurrence]) -> Verdict:
    """Whether the products at the places of a widened dot have operands as wide as it has."""
    needs = [Need(each) for each in dots]
    claimed, found = at_places(both, needs, LEVELS)
    wide = claimed.group.eqn.invars[0].aval.dtype.itemsize
    narrow = [each < wide for each in _widths(pricing, found)]
    if any(narrow) and not all(narrow):
        return Verdict("unknown", SOME_NARROW)
    if narrow:
        return Verdict("removed" if all(narrow) else "survives")
    return Verdict("unknown", UNNAMED) if both.loose(claimed.group) else Verdict("removed")


def _widths(pricing: hlo.Pricing, works: Iterable[Work]) -> Iterator[int]:
    """The bytes of an element of the operands of each product, those of the wider one."""
    wanted = {id(work.evaluation.instruction) for work in works}
    for run in hlo.runs(pricing):
        if id(run.instruction) in wanted and len(run.instruction.operands) > 1:
            shapes = {each.name: each.shape for each in run.computation.instructions}
            bits = (shapes[name].element_bits for name in run.instruction.operands[:2])
            yield max(bits) // 8
