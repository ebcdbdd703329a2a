"""Measuring a function; everything that works without pytest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import jax

from pytest_jaxcost import _compat, hlo
from pytest_jaxcost.analyses import ANALYSES, Facts
from pytest_jaxcost.analyses.cloned import cloned
from pytest_jaxcost.analyses.division import Division, Part
from pytest_jaxcost.analyses.instructions import instructions
from pytest_jaxcost.analyses.prices import CLAIMS, Prices, Without
from pytest_jaxcost.analyses.stages import stages
from pytest_jaxcost.analyses.survival import Survival
from pytest_jaxcost.collection import without_collection
from pytest_jaxcost.compiled import Compiled
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir import names
from pytest_jaxcost.lowered import Lowered
from pytest_jaxcost.program import NOT_CALLABLE, Program, function_name
from pytest_jaxcost.report.records import Finding, Findings, Totals
from pytest_jaxcost.report.report import Report
from pytest_jaxcost.report.stages import Stages
from pytest_jaxcost.targets import Target, parse
from pytest_jaxcost.targets.compilers import COMPILERS

__tracebackhide__ = True


def measure(
    fn: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    target: str | None = None,
    libraries: tuple[str, ...] = (),
    own: tuple[str, ...] = (),
) -> Report:
    """The report of ``fn(*args, **kwargs)``, which is traced once and never executed.

    Arguments are arrays, pytrees of arrays or ``jax.ShapeDtypeStruct``; a function that is jitted
    already keeps its static arguments and donation. `name` is used in messages. The compiled stage
    is made for `target`, such as ``"tpu:v5e:2x2"`` or ``"cuda:h100"``, which need not be there;
    without one, for the platform that JAX runs on. Frames of files
    below one of the folders `libraries` are not shown as places of the user's own code. What
    installed packages repeat is their own and not counted, but for those below one of the folders
    `own` and for the package that `fn` belongs to.

    Raises:
        LimitError: no target is named `target`.
        TypeError: `fn` is not callable, or an argument is no array and no pytree of arrays.
        Exception: whatever `fn` raises when it is traced, with a note that names the call.
    """
    if not callable(fn):
        raise TypeError(NOT_CALLABLE.format(value=fn))
    program = Program(fn, args, kwargs or {}, name or function_name(fn))
    where = None if target is None else parse(target)
    program.trace()
    return Report(_Measurement(program, where, libraries, own))


def measure_jaxpr(
    jaxpr: Any,
    *,
    name: str,
    target: str | None = None,
    libraries: tuple[str, ...] = (),
    own: tuple[str, ...] = (),
) -> Report:
    """The report of a closed jaxpr that was traced already."""
    where = None if target is None else parse(target)
    return Report(_Measurement(Program.of_jaxpr(jaxpr, name), where, libraries, own))


class _Measurement:
    """What a report reads: each question is answered once, when it is asked."""

    def __init__(
        self,
        program: Program,
        target: Target | None,
        libraries: tuple[str, ...],
        own: tuple[str, ...],
        like: _Measurement | None = None,
        facts: Facts | None = None,
    ) -> None:
        self.program = program
        self._like, self._facts = like, facts
        self.name = program.name
        self.target = target
        self.libraries = libraries
        self.own = own
        self._findings: dict[str, Findings] = {}
        self._judged: dict[str, Findings] = {}
        self._compiled: Compiled | None = None

    @cached_property
    def facts(self) -> Facts:
        if self._like:
            return self._like.facts
        return self._facts or Facts(self.program.jaxpr, self.libraries, self.own)

    def on(self, target: str) -> _Measurement:
        """The same program for another target; what is known of the traced stage is shared."""
        return _Measurement(
            self.program, parse(target), self.libraries, self.own, self._like or self
        )

    @cached_property
    def environment(self) -> Mapping[str, str]:
        if self.target is None:
            return {**_compat.versions(), "target": jax.default_backend()}
        compiler = COMPILERS.get(self.target.platform)
        installed = compiler.installed if compiler else None
        return {
            **_compat.versions(),
            "target": str(self.target),
            **({"compiler": installed} if installed else {}),
        }

    @cached_property
    def _division(self) -> Division:
        return Division(self)

    def phase(self, name: str) -> Part:
        return self._division.everything.phase(name)

    def scope(self, scope: str | Callable[..., Any]) -> Part:
        return self._division.everything.scope(scope)

    def scopes(self) -> tuple[str, ...]:
        return self._division.everything.scopes()

    @property
    def findings_kinds(self) -> tuple[str, ...]:
        return tuple(ANALYSES)

    @property
    def has_compiled(self) -> bool:
        return self._compiled is not None

    @without_collection
    def totals(self) -> Totals:
        return self.facts.totals

    @without_collection
    def findings(self, kind: str) -> Findings:
        return self.judged(kind) if self.has_compiled else self._prices.priced(kind)

    def _unpriced(self, kind: str) -> Findings:
        if kind not in self._findings:
            self._findings[kind] = ANALYSES[kind](self.facts)
        return self._findings[kind]

    @cached_property
    def _prices(self) -> Prices:
        return self._like._prices if self._like else Prices(self.facts, self._unpriced)

    @without_collection
    def judged(self, kind: str) -> Findings:
        """The findings of a kind, with what the compiler makes of each if that is looked for."""
        if kind not in self._judged:
            self._judged[kind] = self._survival.judged(kind)
        return self._judged[kind]

    @without_collection
    def waste(self) -> int:
        """The operations that the findings of all kinds that are waste cost together."""
        findings = [each for kind in CLAIMS for each in self._prices.priced(kind)]
        return sum(each.flops + each.transcendentals for each in findings)

    @cached_property
    def _survival(self) -> Survival:
        return Survival(self._prices, self.compiled(), self._compiled_without)

    def _compiled_without(self, without: Without) -> Compiled:
        jaxpr = without.rewritten.jaxpr(self.program.jaxpr)
        return Compiled(self.program.with_jaxpr(jaxpr, self.name).compiled_for(self.target))

    def without(self, kinds: Collection[str]) -> _Measurement:
        """The program without the findings of some kinds, or of all that are waste."""
        chosen = kinds or CLAIMS
        without = self._prices.without(chosen)
        name = f"{self.name} without {' and '.join(kinds) if kinds else 'waste'}"
        jaxpr = without.rewritten.jaxpr(self.program.jaxpr)
        program = self.program.with_jaxpr(jaxpr, name)
        return _Measurement(
            program, self.target, self.libraries, self.own, facts=without.rewritten_facts
        )

    @without_collection
    def occurrences(self, primitive: str | None) -> Findings:
        """The equations of one primitive, or all of them, as findings by cost."""
        facts = self.facts
        found: list[Finding] = []
        for region, equation in facts.program.walk():
            if primitive is None or names.canonical(equation.primitive) == primitive:
                occurrence = Occurrence(region, equation)
                found.append(facts.finding("occurrences", [occurrence], bookkeeping=False))
        return Findings(found)

    def instructions(self, opcode: str | None) -> Findings:
        """The instructions of the compiled program with one opcode, or all of them."""
        return instructions(self.compiled(), opcode, self.libraries)

    @cached_property
    def _lowered(self) -> Lowered:
        return Lowered(self.program.lowered_for(self.target))

    @without_collection
    def _cloned(self, optimized: hlo.Pricing) -> Findings | None:
        lowered = self._lowered.program.pricing
        return None if lowered is None else cloned(lowered, optimized, self.libraries)

    def compiled(self) -> Compiled:
        if self._compiled is None:
            self._compiled = Compiled(self.program.compiled_for(self.target), self._cloned)
        return self._compiled

    @without_collection
    def stages(self) -> Stages:
        return self._stages

    @cached_property
    def _stages(self) -> Stages:
        return stages(self.name, self.environment, self.facts, self._lowered, self.compiled())

    def primitive_names(self, *wanted: str) -> frozenset[str]:
        used = frozenset(self.facts.totals.primitives)
        return used | names.primitive_names(*(name for name in wanted if name not in used))

    def canonical(self, name: str) -> str:
        return names.canonical(name)
