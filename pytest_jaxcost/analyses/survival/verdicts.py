"""Survival: whether the work of a finding is still there in the optimized program."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.survival.comparison import Comparison
from pytest_jaxcost.analyses.survival.needed import NEEDED, Needed
from pytest_jaxcost.analyses.survival.repetitions import repetition
from pytest_jaxcost.analyses.survival.verdict import IN_KERNEL, Verdict
from pytest_jaxcost.compiled import NO_TEXT, Compiled
from pytest_jaxcost.report.records import Finding

REPEATED = frozenset({"duplicates", "repeated_draws", "repeated_callbacks"})
"""The kinds of findings about values that are computed again."""

JUDGED = REPEATED | NEEDED
"""The kinds of findings that have verdicts: all that are about work."""


class Survivors:
    """Verdicts on the findings of one program, compiled for one target."""

    def __init__(self, facts: Facts, compiled: Compiled) -> None:
        self.facts, self.compiled = facts, compiled

    def judged(self, finding: Finding) -> Finding:
        """The finding with its verdict."""
        verdict = self.verdict(finding)
        return replace(finding, survival=verdict.survival, survival_reason=verdict.reason)

    def verdict(self, finding: Finding) -> Verdict:
        """What became of the work of one finding."""
        if self.compiled.pricing is None:
            return Verdict("unknown", NO_TEXT)
        members = self._both.asked.equations_of(finding)
        if any(map(self._both.asked.is_in_kernel, members)):
            return Verdict("unknown", IN_KERNEL)
        if finding.kind in NEEDED:
            return self._needed.verdict(finding, members)
        return repetition(self._both, members)

    @cached_property
    def _both(self) -> Comparison:
        assert self.compiled.pricing is not None
        return Comparison(self.facts, self.compiled.pricing)

    @cached_property
    def _needed(self) -> Needed:
        assert self.compiled.pricing is not None
        return Needed(self._both, self.compiled.pricing)
