"""Verdicts on the findings of one program that are no repetitions."""

from __future__ import annotations

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.survival.comparison import Comparison
from pytest_jaxcost.analyses.survival.excess import excess
from pytest_jaxcost.analyses.survival.measures import Amounts, Measure
from pytest_jaxcost.analyses.survival.needs import KINDS, Question
from pytest_jaxcost.analyses.survival.twins import Twins
from pytest_jaxcost.analyses.survival.verdict import Verdict
from pytest_jaxcost.analyses.survival.widths import WIDENED, widened
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Finding

NEEDED = frozenset(KINDS.keys() | {WIDENED})
"""The kinds of findings about work of which a part is needed, or none, or a narrower one."""


class Needed:
    """What is known of one program and of what was made of it, for all its findings."""

    def __init__(self, both: Comparison, pricing: hlo.Pricing) -> None:
        self._both, self._pricing = both, pricing
        self._twins = Twins(both.asked.facts)
        self._amounts: dict[Measure, Amounts] = {}

    def verdict(self, finding: Finding, members: list[Occurrence]) -> Verdict:
        """What became of the work of a finding that is about these equations."""
        if finding.kind == WIDENED:
            return widened(self._both, self._pricing, members)
        measure, needs = KINDS[finding.kind]
        amounts = self._measured(measure)
        question = Question(self._both.asked.facts, finding, members, amounts, self._twins)
        return excess(self._both, amounts, needs(question))

    def _measured(self, measure: Measure) -> Amounts:
        known = self._amounts.get(measure)
        if known is None:
            known = self._amounts[measure] = Amounts(self._both, self._pricing, measure)
        return known
