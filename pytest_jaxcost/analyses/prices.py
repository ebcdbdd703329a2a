"""What findings cost: the operations of the program with them and without them.

The edits of all findings are applied in the order of `CLAIMS`, kind after kind, so that nothing is
counted twice: the price of a kind is what its edits save once those before it are applied. Within a
kind, an operation that goes away belongs to the finding whose edit made it go; what nobody reads
any more belongs to the finding that read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.saving import FREE, Spent, spent
from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.report.records import Evidence, Finding, Findings
from pytest_jaxcost.rewrite.edits import Edit, Hoist, Merge, named_by
from pytest_jaxcost.rewrite.rewriting import Rewritten, rewrite

CLAIMS = (
    "duplicates",
    "repeated_callbacks",
    "zeros",
    "full_jacobians",
    "wrong_modes",
    "repeated_factorizations",
    "loop_invariants",
    "batch_invariants",
    "constant_work",
)
"""The kinds that are waste, in the order in which their edits are applied.

What is computed again goes first, so that other findings are about one evaluation. A Jacobian that
need not be made goes after the zeros that it pushes, and costs what else it pushes. Then come the
findings about how often and how widely the rest runs.
"""

INFORMATION = ("recomputed", "key_reuse")
"""Kinds that are no waste, of which a program without can be written down all the same."""

EDITED = frozenset((*CLAIMS, *INFORMATION))

Look = Callable[[str], Findings]
"""The findings of a kind, priced by their equations alone."""


class Runs(NamedTuple):
    """One of JAX's equations, how often it runs, and whether that is known."""

    eqn: Any
    times: int
    exact: bool


class Without:
    """The program without some findings."""

    def __init__(self, facts: Facts, findings: Sequence[Finding]) -> None:
        self._original, self.findings = facts, findings
        self._edits = [(k, edit) for k, found in enumerate(findings) for edit in found.edits]

    @cached_property
    def rewritten(self) -> Rewritten:
        """The program with the edits of the findings."""
        return rewrite(self._original.program, [edit for _, edit in self._edits])

    @cached_property
    def facts(self) -> Facts:
        """The facts about that program."""
        return self._original.about(self.rewritten.program) if self._edits else self._original

    @cached_property
    def rewritten_facts(self) -> Facts:
        """The facts about the program as it is written down, without what is dead."""
        return self.facts if self._edits else self._original.about(self.rewritten.program)

    @cached_property
    def runs(self) -> dict[int, Runs]:
        """What computes each value, without what is dead and what holds other equations."""
        facts = self.facts
        found = {}
        for region, equation in facts.program.walk():
            if equation.control is None and equation.outputs and is_live(equation, facts.live):
                times = facts.runs[id(region)]
                found[equation.outputs[0]] = Runs(equation.eqn, times.times, times.exact)
        return found

    @cached_property
    def reasons(self) -> Mapping[int, str]:
        """Why the program could not be written down without a finding, by the ``id`` of that."""
        refused = self.rewritten.refused if self._edits else {}
        return {id(self.findings[self._edits[k][0]]): reason for k, reason in refused.items()}

    @cached_property
    def written(self) -> frozenset[int]:
        """The findings, by ``id``, that the program does without, or without a part of them."""
        refused = self.rewritten.refused if self._edits else {}
        owners = (owner for k, (owner, _) in enumerate(self._edits) if k not in refused)
        return frozenset(id(self.findings[owner]) for owner in owners)

    def owners(self, first: int) -> dict[int, int]:
        """Whose each value is: the position of the finding that it goes away with or is made for.

        Findings before the position `first` own nothing.
        """
        made, edits = self.rewritten.made, [(k, e) for k, e in enumerate(self._edits)]
        owners: dict[int, int] = {}
        ends = [*made[1:], len(self.rewritten.program.avals)]
        direct: dict[int, int] = {}
        for position, (finding, edit) in edits:
            if finding >= first:
                owners.update(dict.fromkeys(range(made[position], ends[position]), finding))
                direct.update(dict.fromkeys(_about(edit), finding))
        return _with_ancestors(self._original, owners | direct, direct)

    @property
    def hoisted(self) -> frozenset[int]:
        """The values that edits compute before a loop."""
        return frozenset(
            v for _, edit in self._edits if isinstance(edit, Hoist) for v in edit.values
        )


class Prices:
    """The prices of one program's findings; each kind is worked out once, when asked for."""

    def __init__(self, facts: Facts, look: Look) -> None:
        self._facts, self._look = facts, look
        self._programs: dict[tuple[int, ...], Without] = {}
        self._priced: dict[str, Findings] = {}

    def priced(self, kind: str) -> Findings:
        """The findings of a kind with what each of them costs."""
        if kind not in self._priced:
            found = self._look(kind)
            is_priced = kind in EDITED and bool(found)
            self._priced[kind] = self._with_prices(kind, found) if is_priced else found
        return self._priced[kind]

    def without(self, kinds: Iterable[str]) -> Without:
        """The program without the findings of some kinds."""
        chosen = set(kinds)
        ordered = (kind for kind in (*CLAIMS, *INFORMATION) if kind in chosen)
        return self.alone(tuple(each for kind in ordered for each in self._look(kind)))

    def alone(self, findings: tuple[Finding, ...]) -> Without:
        """The program without some findings and nothing else."""
        key = tuple(map(id, findings))
        if key not in self._programs:
            self._programs[key] = Without(self._facts, findings)
        return self._programs[key]

    def costs_alone(self, findings: tuple[Finding, ...]) -> list[Spent]:
        """What each of some findings costs if no others are claimed before."""
        return self._saved(self.alone(()), self.alone(findings), len(findings))

    def primitives_alone(self, findings: tuple[Finding, ...]) -> list[frozenset[str]]:
        """The primitives of which each of some findings saves operations, others claimed or not."""
        before, after = self.alone(()), self.alone(findings)
        owners = after.owners(0)
        saved: list[set[str]] = [set() for _ in findings]
        for value, less in _differences(self._facts, before, after):
            if less.cost.operations > 0 and value in before.runs:
                saved[owners.get(value, 0)].add(before.runs[value].eqn.primitive.name)
        return [frozenset(each) for each in saved]

    def _with_prices(self, kind: str, found: Findings) -> Findings:
        # what is no waste is claimed by nobody before
        claimed = CLAIMS[: CLAIMS.index(kind)] if kind in CLAIMS else ()
        before, after = self.without(claimed), self.without((*claimed, kind))
        saved = self._saved(before, after, len(found))
        prices = {id(each): price for each, price in zip(found, saved, strict=True)}

        def priced(each: Finding) -> Finding:
            if id(each) not in after.written:
                return each if self._is_left(each, before) else self._facts.costing(each, NOTHING)
            price = prices[id(each)].plus(self._without_edit(each, before))
            exact = price.exact and id(each) not in after.reasons
            return self._facts.costing(each, price.cost, exact)

        return found.mapped(priced)

    def _without_edit(self, finding: Finding, before: Without) -> Spent:
        """What those of a finding's equations cost that no edit takes away."""
        rest = FREE
        for member, each in zip(finding.members, finding.equations, strict=True):
            made = () if each.has_edit else self._facts.results_of((member,))
            if any(value in before.runs for value in made):
                rest = rest.plus(Spent(_cost_of(each), exact=True))
        return rest

    def _is_left(self, finding: Finding, before: Without) -> bool:
        """Whether what was claimed before left any of a finding's equations."""
        made = self._facts.results_of(finding.members)
        return not made or any(value in before.runs for value in made)

    def _saved(self, before: Without, after: Without, n: int) -> list[Spent]:
        """What each of the last `n` findings saves that the second program is without."""
        first = len(after.findings) - n
        owners = after.owners(first)
        saved = [FREE] * n
        for value, less in _differences(self._facts, before, after):
            owner = owners.get(value, first) - first
            saved[owner] = saved[owner].plus(less)
        costs = none_below_zero([each.cost for each in saved])
        return [Spent(cost, each.exact) for cost, each in zip(costs, saved, strict=True)]


def none_below_zero(saved: Sequence[Cost]) -> list[Cost]:
    """As many operations in all, none of them and no bytes below zero, the largest taken from.

    Where another branch costs most than before, one finding makes dearer what another one saves.
    All is nothing where nothing is saved in all.
    """
    short = sum((cost for cost in saved if cost.operations < 0), NOTHING)
    left = [cost if cost.operations >= 0 else NOTHING for cost in saved]
    for k in sorted(range(len(left)), key=lambda k: left[k].operations, reverse=True):
        if short.operations < 0:
            rest = left[k] + short
            left[k], short = (rest, NOTHING) if rest.operations >= 0 else (NOTHING, rest)
    return [replace(cost, bytes_accessed=max(0, cost.bytes_accessed)) for cost in left]


def _cost_of(evidence: Evidence) -> Cost:
    return Cost(
        flops=evidence.flops,
        transcendentals=evidence.transcendentals,
        bytes_accessed=evidence.bytes_accessed,
    )


def _about(edit: Edit) -> tuple[int, ...]:
    """The values of which an edit may take some away."""
    return (*edit.first, *edit.again) if isinstance(edit, Merge) else named_by(edit)


def _with_ancestors(
    facts: Facts, owners: dict[int, int], direct: Mapping[int, int]
) -> dict[int, int]:
    """What values are made of belongs to the first that is made of it, unless it has an owner."""
    stack = list(direct.items())[::-1]
    while stack:
        value, finding = stack.pop()
        for read in facts.program.depends[value]:
            if read not in owners:
                owners[read] = finding
                stack.append((read, finding))
    return owners


def _differences(facts: Facts, before: Without, after: Without) -> Iterable[tuple[int, Spent]]:
    """What each value costs less in the second program; less than nothing where it is new.

    One iteration of a loop of unknown length is one less too if it runs before the loop instead.
    """
    hoisted = after.hoisted
    for value in dict.fromkeys((*before.runs, *after.runs)):
        old, new = before.runs.get(value), after.runs.get(value)
        if old is not None and not old.exact and value in hoisted:
            new = None
        if old != new:
            yield value, _spent(facts, old).plus(_spent(facts, new).times(-1))


def _spent(facts: Facts, runs: Runs | None) -> Spent:
    return FREE if runs is None else spent(facts.price(runs.eqn)).times(runs.times)
