"""Measuring a function; everything that works without pytest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, TypeVar

import jax

from pytest_jaxcost import _compat, hlo
from pytest_jaxcost.analyses import ANALYSES, Facts
from pytest_jaxcost.analyses.division import Division, Part
from pytest_jaxcost.analyses.equations import equations
from pytest_jaxcost.analyses.instructions import instructions
from pytest_jaxcost.analyses.prices import CLAIMS, Prices, Without
from pytest_jaxcost.analyses.recomputed_by_xla import recomputed_by_xla
from pytest_jaxcost.analyses.stages import stages
from pytest_jaxcost.analyses.survival import Survival
from pytest_jaxcost.collection import without_collection
from pytest_jaxcost.compiled import Compiled
from pytest_jaxcost.cost.registry import CostRuleError
from pytest_jaxcost.failures import Failure, failed
from pytest_jaxcost.ir import names
from pytest_jaxcost.lowered import Lowered
from pytest_jaxcost.program import (
    NOT_ARGUMENTS,
    NOT_CALLABLE,
    Program,
    function_name,
    shape_text,
)
from pytest_jaxcost.report.errors import LimitError, ScopeError
from pytest_jaxcost.report.records import (
    Finding,
    Findings,
    Later,
    Totals,
    unknown_findings,
    unknown_totals,
)
from pytest_jaxcost.report.report import Report
from pytest_jaxcost.report.stages import Stages, unknown_stages
from pytest_jaxcost.report.units import FLOOR, share
from pytest_jaxcost.targets import Target, parse
from pytest_jaxcost.targets.compilers import COMPILERS

__tracebackhide__ = True

WASTE = "waste"
"""The kinds of `CLAIMS` together."""

Found = TypeVar("Found")

USERS = (LimitError, ScopeError, CostRuleError)
"""What analyses raise of wrong usage."""


def measure(
    fn: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    target: str | None = None,
    libraries: tuple[str, ...] = (),
    own: tuple[str, ...] = (),
    floor: str = FLOOR,
) -> Report:
    """The report of ``fn(*args, **kwargs)``, which is traced once and never executed.

    Arguments are arrays, ``jax.ShapeDtypeStruct`` and pytrees, such as modules of Equinox and Flax
    NNX: their arrays are traced, and what else they hold is static. A function that is jitted
    already keeps its own rules: static arguments and donation. `name` is used in messages. The
    compiled stage is made for `target`, such as ``"tpu:v5e:2x2"`` or ``"cuda:h100"``, which need
    not be there; without one, for the platform that JAX runs on. Frames of files below one of the
    folders `libraries` are not shown as places of the user's own code. What installed packages
    repeat is their own and not counted, but for those below one of the folders `own` and for the
    package that `fn` belongs to. A finding counts from the share `floor` of the program's
    operations on, and is listed as trivial below.

    Raises:
        LimitError: no target is named `target`, or `floor` is no share such as ``"0.1%"``.
        TypeError: `fn` is not callable, or `args` is no tuple or list.
        Exception: whatever `fn` raises when it is traced, with a note that names the call.
    """
    if not callable(fn):
        raise TypeError(NOT_CALLABLE.format(value=fn))
    if not isinstance(args, tuple | list):
        raise TypeError(NOT_ARGUMENTS.format(what=shape_text(args)))
    program = Program(fn, args, kwargs or {}, name or function_name(fn))
    where = None if target is None else parse(target)
    share(floor)
    program.trace()
    return Report(_Measurement(program, where, libraries, own, floor=floor))


def measure_jaxpr(
    jaxpr: Any,
    *,
    name: str,
    target: str | None = None,
    libraries: tuple[str, ...] = (),
    own: tuple[str, ...] = (),
    floor: str = FLOOR,
) -> Report:
    """The report of a closed jaxpr that was traced already."""
    where = None if target is None else parse(target)
    return Report(_Measurement(Program.of_jaxpr(jaxpr, name), where, libraries, own, floor=floor))


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
        floor: str = FLOOR,
    ) -> None:
        self.program = program
        self._like, self._facts = like, facts
        self.name = program.name
        self.target = target
        self.libraries = libraries
        self.own = own
        self.floor = floor
        self._failures: list[Failure] = []
        self._findings: dict[str, Findings] = {}
        self._judged: dict[str, Findings] = {}
        self._compiled: Compiled | None = None

    def attempt(
        self, what: str, look: Callable[[], Found], otherwise: Callable[[str], Found]
    ) -> Found:
        """What `look` returns; where it fails, what `otherwise` makes of the reason.

        The failure is noted. Wrong usage, and what the user's own cost rules raise, is raised.
        """
        try:
            return look()
        except USERS:
            raise
        # An analysis may be wrong in ways that nobody thought of. That is no fault of the test that
        # reads its result: the test goes on without, and whoever reads the report is told.
        except Exception as error:  # noqa: BLE001
            failure = failed(self.name, what, error, _compat.versions())
            self._failures.append(failure)
            return otherwise(failure.reason)

    @property
    def failures(self) -> tuple[str, ...]:
        """What could not be analyzed so far, and why; each reason once."""
        return tuple(dict.fromkeys(each.reason for each in self._failures))

    @cached_property
    def facts(self) -> Facts:
        if self._like:
            return self._like.facts
        return self._facts or Facts(self.program.jaxpr, self.libraries, self.own, self.floor)

    def on(self, target: str) -> _Measurement:
        """The same program for another target; what is known of the traced stage is shared."""
        return _Measurement(
            self.program, parse(target), self.libraries, self.own, self._like or self
        )

    def of(self, function: Callable[..., Any]) -> _Measurement:
        """Another function with the same arguments.

        Raises:
            LimitError: this program was found in a test's body, without its arguments.
        """
        if not self.program.has_arguments:
            raise LimitError(
                f"relative_to={function_name(function)}: what {self.name} is called with is not"
                " known, because jax.jit ran it in the test; pass a report, or use the fixture"
                " jaxcost"
            )
        program = Program(function, self.program.args, self.program.kwargs, function_name(function))
        program.trace()
        return _Measurement(program, self.target, self.libraries, self.own)

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

    def totals(self) -> Totals:
        return self._totals

    def written(self) -> Totals:
        return self._written

    @cached_property
    @without_collection
    def _totals(self) -> Totals:
        return self.attempt("totals", lambda: self.facts.totals, unknown_totals)

    @cached_property
    @without_collection
    def _written(self) -> Totals:
        return self.attempt("totals", lambda: self.facts.written, unknown_totals)

    @without_collection
    def findings(self, kind: str) -> Findings:
        if kind == WASTE:
            return _together(map(self.findings, CLAIMS))
        return self.judged(kind) if self.has_compiled else self._priced(kind)

    def _priced(self, kind: str) -> Findings:
        def unpriced(_: str) -> Findings:
            return self._unpriced(kind)

        return self.attempt(f"prices of {kind}", lambda: self._prices.priced(kind), unpriced)

    def _unpriced(self, kind: str) -> Findings:
        if kind not in self._findings:
            found = self.attempt(kind, lambda: ANALYSES[kind](self.facts), unknown_findings)
            self._findings[kind] = found.guarded(partial(self._later, kind))
        return self._findings[kind]

    @cached_property
    def _prices(self) -> Prices:
        return self._like._prices if self._like else Prices(self.facts, self._unpriced)

    def _later(self, kind: str, look: Later) -> Iterable[Finding]:
        """Findings that are made when they are read, or none where that fails."""
        return self.attempt(kind, lambda: tuple(look()), lambda _: ())

    @without_collection
    def judged(self, kind: str) -> Findings:
        """The findings of a kind, with what the compiler makes of each if that is looked for."""
        if kind == WASTE:
            return _together(map(self.judged, CLAIMS))
        if kind not in self._judged:
            self._judged[kind] = self._judge(kind)
        return self._judged[kind]

    def _judge(self, kind: str) -> Findings:
        survival = self._survival  # what compiling raises is the user's

        def unjudged(reason: str) -> Findings:
            unknown = partial(replace, survival="unknown", survival_reason=reason)
            return self._priced(kind).mapped(unknown, unjudged=reason)

        return self.attempt(f"survival of {kind}", lambda: survival.judged(kind), unjudged)

    @cached_property
    def _survival(self) -> Survival:
        return Survival(self._prices, self.compiled(), self._compiled_without)

    def _compiled_without(self, without: Without) -> Compiled:
        jaxpr = without.rewritten.jaxpr(self.program.jaxpr)
        compiled = self.program.with_jaxpr(jaxpr, self.name).compiled_for(self.target)
        attempt = partial(self.attempt, "the compiled program without findings")
        return Compiled(compiled, attempt=attempt)

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
        return self.attempt("equations", lambda: equations(self.facts, primitive), unknown_findings)

    def instructions(self, opcode: str | None) -> Findings:
        """The instructions of the compiled program with one opcode, or all of them."""
        look = partial(instructions, self.compiled(), opcode, self.libraries)
        return self.attempt("instructions", look, unknown_findings)

    @cached_property
    def _lowered(self) -> Lowered:
        attempt = partial(self.attempt, "the lowered program")
        return Lowered(self.program.lowered_for(self.target), attempt)

    @without_collection
    def _recomputed_by_xla(self, optimized: hlo.Pricing) -> Findings | None:
        lowered = self._lowered.program.pricing
        if lowered is None:
            return None
        look = partial(recomputed_by_xla, lowered, optimized, self.libraries)
        return self.attempt("recomputed_by_xla", look, unknown_findings)

    def compiled(self) -> Compiled:
        if self._compiled is None:
            attempt = partial(self.attempt, "the compiled program")
            compiled = self.program.compiled_for(self.target)
            self._compiled = Compiled(compiled, self._recomputed_by_xla, attempt)
        return self._compiled

    @without_collection
    def stages(self) -> Stages:
        return self._stages

    @cached_property
    def _stages(self) -> Stages:
        lowered, compiled = self._lowered, self.compiled()  # what compiling raises is the user's
        return self.attempt(
            "stages",
            lambda: stages(self.name, self.environment, self.facts, lowered, compiled),
            lambda reason: unknown_stages(self.name, self.environment, reason),
        )

    def primitive_names(self, *wanted: str) -> frozenset[str]:
        used = frozenset(self._totals.primitives)
        return used | names.primitive_names(*(name for name in wanted if name not in used))

    def canonical(self, name: str) -> str:
        return names.canonical(name)


def _together(kinds: Iterable[Findings]) -> Findings:
    """The findings of several kinds, of which as little is known as of any."""
    listed = tuple(kinds)
    return Findings(
        (each for found in listed for each in found),
        unknown=next((found.unknown for found in listed if found.unknown), ""),
        unjudged=next((found.unjudged for found in listed if found.unjudged), ""),
    )
