"""A measured program divided into phases and scopes, each measured like a program of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeVar

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.parts import Parts
from pytest_jaxcost.analyses.registry import ANALYSES
from pytest_jaxcost.analyses.scopes import Scopes, scope_name
from pytest_jaxcost.analyses.stages import stages_of_part
from pytest_jaxcost.report.errors import ScopeError
from pytest_jaxcost.report.measurement import Measurement
from pytest_jaxcost.report.metrics import COMPILED_FIELDS
from pytest_jaxcost.report.phases import NAMES
from pytest_jaxcost.report.records import Findings, Totals, unknown_findings, unknown_totals
from pytest_jaxcost.report.stages import Stages

CHOSEN = frozenset({"intermediates"})
"""Kinds that show a choice of equations: in a part, others are chosen."""

UNDIVIDED = "the compiled program is not divided into phases and scopes"

WHOLE = "a phase or scope has no program of its own; report.without() takes the whole one"

Scope = str | Callable[..., Any]
Found = TypeVar("Found")


class Unknown(NamedTuple):
    """Stands for members that could not be found out."""

    reason: str


Members = frozenset[int] | Unknown


class Whole(Measurement, Protocol):
    """The measurement of a whole program."""

    @property
    def facts(self) -> Facts: ...

    @property
    def failures(self) -> tuple[str, ...]: ...

    def attempt(
        self, what: str, look: Callable[[], Found], otherwise: Callable[[str], Found]
    ) -> Found: ...

    def on(self, target: str) -> Whole: ...


class Division:
    """The parts of one measured program; each is made once."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole

    @cached_property
    def parts(self) -> Parts:
        return Parts(self.whole.facts)

    @cached_property
    def everything(self) -> Part:
        return Part(self, self.whole.name, self.attempt("parts", self._everything))

    def attempt(self, what: str, look: Callable[[], Members]) -> Members:
        """The members that `look` finds, or why it does not."""
        return self.whole.attempt(what, look, Unknown)

    def _everything(self) -> Members:
        walk = self.whole.facts.program.walk()
        return frozenset(id(equation) for _, equation in walk)

    @cached_property
    def phases(self) -> Mapping[str, frozenset[int]]:
        """The equations of each phase, by ``id``."""
        facts = self.whole.facts
        members: dict[str, set[int]] = {}
        for _, equation in facts.program.walk():
            members.setdefault(facts.phases.of(equation), set()).add(id(equation))
        return {phase: frozenset(each) for phase, each in members.items()}


class Part:
    """The measurement of the equations whose ``id`` is among `members`."""

    def __init__(self, division: Division, name: str, members: Members) -> None:
        self.division, self.name, self._members = division, name, members
        self.members = members if isinstance(members, frozenset) else frozenset[int]()
        self.unknown = members.reason if isinstance(members, Unknown) else ""
        self._whole = division.whole
        self._findings: dict[str, Findings] = {}

    @property
    def environment(self) -> Mapping[str, str]:
        return self._whole.environment

    @property
    def findings_kinds(self) -> tuple[str, ...]:
        return self._whole.findings_kinds

    @property
    def has_compiled(self) -> bool:
        return False

    @property
    def failures(self) -> tuple[str, ...]:
        return self._whole.failures

    def totals(self) -> Totals:
        return self._totals

    def written(self) -> Totals:
        return self._counted(lambda: self.division.parts.written(self.members))

    @cached_property
    def _totals(self) -> Totals:
        return self._counted(lambda: self.division.parts.totals(self.members))

    def _counted(self, look: Callable[[], Totals]) -> Totals:
        if self.unknown:
            return unknown_totals(self.unknown)
        return self._whole.attempt("totals", look, unknown_totals)

    def findings(self, kind: str) -> Findings:
        if kind not in self._findings:
            self._findings[kind] = self._look(kind)
        return self._findings[kind]

    def _look(self, kind: str) -> Findings:
        if kind in CHOSEN and not self.unknown:
            facts = self._whole.facts.within(self.members)
            return self._whole.attempt(kind, lambda: ANALYSES[kind](facts), unknown_findings)
        return self._of_whole(self._whole.findings(kind))

    def judged(self, kind: str) -> Findings:
        """The findings of the whole program's that are in this part, with their verdicts."""
        return self._of_whole(self._whole.judged(kind))

    def occurrences(self, primitive: str | None) -> Findings:
        return self._of_whole(self._whole.occurrences(primitive))

    def _of_whole(self, findings: Findings) -> Findings:
        if unknown := self.unknown or findings.unknown:
            return unknown_findings(unknown)
        parts = self.division.parts
        return self._whole.attempt(
            "parts", lambda: parts.findings(findings, self.members), unknown_findings
        )

    def instructions(self, _: str | None) -> Findings:
        """None: instructions belong to no part."""
        return Findings()

    def compiled(self) -> Undivided:
        return Undivided()

    def stages(self) -> Stages:
        """The traced stage of this part; the other stages have no parts."""
        return stages_of_part(self.name, self.environment, self.totals())

    def primitive_names(self, *wanted: str) -> frozenset[str]:
        return self._whole.primitive_names(*wanted)

    def canonical(self, name: str) -> str:
        return self._whole.canonical(name)

    def of(self, function: Callable[..., Any]) -> Measurement:
        """Another function, as a whole."""
        return self._whole.of(function)

    def on(self, target: str) -> Part:
        """The same equations of the program for another target."""
        return Part(Division(self._whole.on(target)), self.name, self._members)

    def without(self, _: Collection[str]) -> Part:
        """Nothing: whole programs alone are written down without their waste.

        Raises:
            ScopeError: always.
        """
        raise ScopeError(WHOLE)

    # parts of the part

    def phase(self, name: str) -> Part:
        """The equations of one phase, or of several, if there are any."""
        members = self._found("phases", lambda: self._in_phase(name))
        return Part(self.division, f"{self.name} ({name})", members)

    def _found(self, what: str, look: Callable[[], Members]) -> Members:
        return Unknown(self.unknown) if self.unknown else self.division.attempt(what, look)

    def _in_phase(self, name: str) -> Members:
        phases = (self.division.phases.get(each, frozenset()) for each in NAMES[name])
        return self.members & frozenset[int]().union(*phases)

    def scope(self, scope: Scope) -> Part:
        """The equations of a named scope, a jitted function or a Python function.

        Raises:
            ScopeError: there are none.
        """
        members = self._found("scopes", lambda: self._scopes.members(scope))
        return Part(self.division, f"{scope_name(scope)} in {self.name}", members)

    def scopes(self) -> tuple[str, ...]:
        """The named scopes and the user's jitted functions, in program order."""
        return self._whole.attempt("scopes", lambda: self._scopes.names, lambda _: ())

    @cached_property
    def _scopes(self) -> Scopes:
        return Scopes(self._whole.facts.within(self.members), self.name)


class Undivided:
    """Stands for the compiled stage of a part: nothing of it is known."""

    reasons: Mapping[str, str] = dict.fromkeys(COMPILED_FIELDS, UNDIVIDED)

    def __getattr__(self, name: str) -> None:
        if name.startswith("_"):
            raise AttributeError(name)
