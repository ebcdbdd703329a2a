"""How much of a primitive's work a traced and an optimized program do, in the same unit.

Branches count as if all of them ran, in both programs: compilers turn small ones into selections.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.survival.comparison import Comparison
from pytest_jaxcost.analyses.survival.evaluations import Work
from pytest_jaxcost.analyses.survival.lowered import Kind, lowered_alone, opcodes_of
from pytest_jaxcost.analyses.survival.nesting import Nesting, compiled_nesting
from pytest_jaxcost.cost.sizes import elements
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir.equation import Region

CONTRACTING = frozenset({"dot", "convolution", "ragged-dot", "reduce", "scaled-dot"})
"""Opcodes whose work the size of the result does not tell."""

SPLIT = frozenset({"dot_general", "conv_general_dilated"})
"""Primitives that compilers split into products and sums, each of which is a part of the work."""


class Measure(NamedTuple):
    """What is added up: evaluations or their flops and transcendentals; and whether loops count."""

    is_work: bool
    in_loops: bool


NUMBER = Measure(is_work=False, in_loops=False)
"""Evaluations, loops counted once."""

RUNS = Measure(is_work=False, in_loops=True)
"""Evaluations, loops as often as they run; each twice if one's length is not known."""

WORK = Measure(is_work=True, in_loops=False)
"""Flops and transcendentals, loops counted once."""


class Amounts:
    """Work by one measure on both sides of a comparison."""

    def __init__(self, both: Comparison, pricing: hlo.Pricing, measure: Measure) -> None:
        self._both, self._pricing, self.measure = both, pricing, measure
        self._alone: dict[int, Mapping[str, Kind]] = {}

    def asked(self, occurrence: Occurrence) -> Fraction:
        """How much the traced program asks for with one equation."""
        return Fraction(self._asked_runs[id(occurrence.region)] * self._unit(occurrence))

    def done(self, eqn: Any, works: Collection[Work]) -> Fraction:
        """How much instructions do that were lowered from a primitive."""
        return self._work(eqn, works) if self.measure.is_work else self._number(eqn, works)

    def times(self, loop: Region) -> int:
        """How often a loop of the traced program counts."""
        return self._times(loop.trips if loop.exact else None)

    def _unit(self, occurrence: Occurrence) -> int:
        if not self.measure.is_work:
            return 1
        cost = self._both.asked.facts.cost(occurrence.equation)
        return 0 if cost is None else cost.flops + cost.transcendentals

    def _number(self, eqn: Any, works: Collection[Work]) -> Fraction:
        counted = self._both.done.counted(eqn, works)
        total = sum(self._done_runs[region] * n for region, n in counted.own.items())
        is_counted_in_loops = self.measure.in_loops and self._both.is_weighted
        unit = counted.executions if is_counted_in_loops else counted.instructions
        return Fraction(max((2 * total + unit) // (2 * unit), min(total, 1)))

    def _work(self, eqn: Any, works: Iterable[Work]) -> Fraction:
        together: dict[Hashable, list[Work]] = {}
        for work in works:
            together.setdefault((work.region, work.origin), []).append(work)
        return sum((self._work_of(eqn, each) for each in together.values()), Fraction(0))

    def _work_of(self, eqn: Any, works: Iterable[Work]) -> Fraction:
        """The work of instructions in one region and of one origin, clones left out."""
        kinds: dict[str, list[Work]] = {}
        for work in without_clones(works):
            kinds.setdefault(work.kind, []).append(work)
        name = eqn.primitive.name
        if opcodes_of(name) & {each.evaluation.opcode for own in kinds.values() for each in own}:
            return sum(
                (self._priced(eqn, each) for own in kinds.values() for each in own), Fraction()
            )
        if name in SPLIT:
            return Fraction(sum(self._cost(each) for own in kinds.values() for each in own))
        parts = self._parts(eqn)
        known = {kind: own for kind, own in kinds.items() if kind in parts} or kinds
        return min(
            sum((self._by_size(eqn, each) for each in own), Fraction())
            / (parts[kind].instructions if kind in parts else 1)
            for kind, own in known.items()
        )

    def _priced(self, eqn: Any, work: Work) -> Fraction:
        """What an instruction costs, in proportion to its results where these tell it."""
        is_product = eqn.primitive.name in SPLIT or work.evaluation.opcode in CONTRACTING
        cost = self._cost(work) if is_product else 0
        return Fraction(cost) if cost else self._by_size(eqn, work)

    def _by_size(self, eqn: Any, work: Work) -> Fraction:
        cost = self._both.asked.facts.price(eqn)
        whole = 0 if cost is None else cost.flops + cost.transcendentals
        size = max(leaf.size for leaf in work.evaluation.instruction.shape.leaves)
        return Fraction(whole * size, max(1, *(elements(var.aval) for var in eqn.outvars)))

    def _cost(self, work: Work) -> int:
        return self._costs[id(work.evaluation.instruction)]

    @cached_property
    def _costs(self) -> Mapping[int, int]:
        runs = hlo.runs(self._pricing)
        return {id(run.instruction): run.cost.flops + run.cost.transcendentals for run in runs}

    def _parts(self, eqn: Any) -> Mapping[str, Kind]:
        known = self._alone.get(id(eqn))
        if known is None:
            known = self._alone[id(eqn)] = lowered_alone(eqn).kinds
        return known

    @cached_property
    def _asked_runs(self) -> Mapping[Hashable, int]:
        return self._runs(self._both.asked.nesting)

    @cached_property
    def _done_runs(self) -> Mapping[Hashable, int]:
        return self._runs(compiled_nesting(self._both.done.regions))

    def _runs(self, nesting: Nesting) -> Mapping[Hashable, int]:
        return nesting.runs(self._times)

    @cached_property
    def _times(self) -> Callable[[int | None], int]:
        if not self.measure.in_loops:
            return lambda _: 1
        if self._both.is_weighted:
            return lambda times: 1 if times is None else times
        return lambda times: 1 if times == 1 else 2


def without_clones(works: Iterable[Work]) -> Iterator[Work]:
    """The works without those that compute again what another one does, fused."""
    by_value: dict[int, list[Work]] = {}
    for work in works:
        by_value.setdefault(work.evaluation.value, []).append(work)
    for alike in by_value.values():
        own = [each for each in alike if not each.evaluation.may_be_a_copy]
        yield from own or alike[:1]
