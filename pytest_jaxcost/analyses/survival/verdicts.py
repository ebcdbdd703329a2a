"""Survival: whether a repetition is still there in the optimized program.

The work of the equations that compute one value is looked for among the instructions that were
lowered from the same primitive at the same places, under the same scopes and transforms. If they
run as often as it takes to compute each value once, the compiler removed the repetition; if they
run more often, it survives. Whatever the compiler itself repeats when it fuses counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.survival.asked import Group
from pytest_jaxcost.analyses.survival.comparison import Comparison
from pytest_jaxcost.analyses.survival.evaluations import Work
from pytest_jaxcost.analyses.survival.needed import NEEDED, Needed
from pytest_jaxcost.analyses.survival.origins import LEVELS, SIZED_LEVELS, Level, anywhere
from pytest_jaxcost.analyses.survival.verdict import DECOMPOSED, IN_KERNEL, UNNAMED, Verdict
from pytest_jaxcost.compiled import NO_TEXT, Compiled
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Finding

REPEATED = frozenset({"duplicates", "repeated_draws", "repeated_callbacks"})
"""The kinds of findings about values that are computed again."""

JUDGED = REPEATED | NEEDED
"""The kinds of findings that have verdicts: all that are about work."""

PARTLY = "{found} such computations are left at its places; {asked} were asked for, {needed} needed"
SHARED = "another primitive is lowered to instructions of the same name there"
REWRITTEN = "more of it is left at its place than needed, as a rewritten computation would be, too"

LIBRARY = "custom-call"


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
        verdict = self._at_places(members, SIZED_LEVELS)
        is_hidden = verdict.survival == "removed" and self._is_left_in_parts(members)
        return Verdict("unknown", DECOMPOSED) if is_hidden else verdict

    def _is_left_in_parts(self, members: list[Occurrence]) -> bool:
        """Whether two places have a function that the primitive is lowered to, and not itself."""
        group = self._both.asked.group(members, LEVELS[0])
        parts = self._both.done.lowered_as_function(group.primitive)
        left = {key for work in parts for key in work.keys(group.level)} & group.keys
        return len(left) > 1 and not self._both.matching(group)

    @cached_property
    def _both(self) -> Comparison:
        assert self.compiled.pricing is not None
        return Comparison(self.facts, self.compiled.pricing)

    @cached_property
    def _needed(self) -> Needed:
        assert self.compiled.pricing is not None
        return Needed(self._both, self.compiled.pricing)

    def _at_places(self, members: list[Occurrence], levels: Sequence[Level]) -> Verdict:
        """The verdict at the finest level that has a place for each instruction."""
        both, found = self._both, list[Work]()
        for level in levels:
            group = both.asked.group(members, level)
            found = both.matching(group)
            is_left = both.is_left(members[0], group, found)
            if (is_left or both.done.names_one_frame) and both.is_spread(group, found):
                return self._surviving(group, found)
            if is_left and both.is_exceeded_widely(group, found):
                return self._by_number(members[0], group, found)
            if both.is_complete(group, levels[-1]):
                break
        if not found and levels is SIZED_LEVELS:
            return self._at_places(members, LEVELS)
        return self._not_left(group)

    def _not_left(self, group: Group) -> Verdict:
        """The verdict where the places have no more than what is needed."""
        both = self._both
        if not both.loose(group):
            return Verdict("removed")
        everything = both.asked.group(group.members, anywhere)
        if not both.is_exceeded(everything, both.matching(everything, certain=False)):
            return Verdict("removed")
        found = both.matching(everything)
        if both.is_spread(everything, found):
            return self._surviving(everything, found)
        return Verdict("unknown", UNNAMED)

    def _by_number(self, member: Occurrence, group: Group, found: list[Work]) -> Verdict:
        """The verdict where only the number of instructions says that something survives.

        Compilers merge what is equal in one region. What they rewrote, or another primitive's
        lowering, may look like it where no place tells two computations apart.
        """
        if self._both.is_shared(group, found):
            return Verdict("unknown", SHARED)
        is_library = any(work.evaluation.opcode == LIBRARY for work in found)
        is_one_place = len(self._both.asked.same_places(member, group.level)) == 1
        if len({work.region for work in found}) == 1 and is_one_place and not is_library:
            return Verdict("unknown", REWRITTEN)
        return self._surviving(group, found)

    def _surviving(self, group: Group, found: list[Work]) -> Verdict:
        """Some repetition of the group survives: this one, if all do or there is no other."""
        both = self._both
        count, asked = both.evaluated(group, found), both.evaluations(group.members)
        if len(both.asked.repeated(group)) == 1 or count >= asked:
            return Verdict("survives")
        needed = both.evaluations(both.asked.needed(group))
        return Verdict("unknown", PARTLY.format(found=count, asked=asked, needed=needed))
