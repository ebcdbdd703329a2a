"""The report: what one measurement says, read when asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, Unpack

from .counts import Counts
from .culprits import Culprits, culprits
from .errors import LimitError
from .headline import headline_of
from .html import html
from .judge import Verdict, judge
from .kinds import KindAttribute
from .limit import Limit, Step
from .limits import Limits
from .measurement import Measurement, read
from .message import BESIDE_MARGIN, failure
from .metrics import ABOUT_MEMORY, METRICS, OPTIMIZED, Family, Metric
from .numbers import KindFindings, Number, Origin
from .phases import NAMES, PHASES
from .reading import Reading
from .records import Findings
from .stages import Stages
from .style import Style
from .suggest import did_you_mean
from .summary import summary
from .typed import Keywords


class CostError(AssertionError):
    """Limits that a report does not keep; the text is the whole message, ``headline`` one line.

    ``verdicts`` has every limit, kept or not, and ``report`` what was measured.
    """

    __module__ = "pytest_jaxcost"  # shown as it is imported, which leaves room for the message

    def __init__(
        self,
        message: str,
        *,
        headline: str = "",
        verdicts: tuple[Verdict, ...] = (),
        report: Report | None = None,
    ) -> None:
        super().__init__(message)
        self.headline = headline or message.partition("\n")[0]
        self.verdicts = verdicts
        self.report = report


class Metrics(Mapping[str, int | float | None]):
    """Every metric by name, computed when read; ``None`` where unknown, ``reading`` says why."""

    __slots__ = ("_report",)

    def __init__(self, report: Report) -> None:
        self._report = report

    def reading(self, name: str) -> Reading:
        """The value with whether it is exact, and the reason where it is unknown."""
        if name not in METRICS:
            raise KeyError(f"no metric is named {name!r}{did_you_mean(name, METRICS)}")
        return self._report.read(METRICS[name])

    def __getitem__(self, name: str) -> int | float | None:
        return self.reading(name).value

    def __contains__(self, name: object) -> bool:
        return name in tuple(self)

    def __iter__(self) -> Iterator[str]:
        kinds = (*self._report.findings_kinds, *OPTIMIZED, "waste", None)
        return (name for name, metric in METRICS.items() if metric.kind in kinds)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<metrics of {self._report.name}: {', '.join(self)}>"


class Phases(Mapping[str, "Report"]):
    """The report of each phase of differentiation, costing nothing where there is none of it."""

    __slots__ = ("_report",)

    def __init__(self, report: Report) -> None:
        self._report = report

    def __getitem__(self, name: str) -> Report:
        if name not in NAMES:
            near = did_you_mean(name, NAMES)
            raise KeyError(f"no phase is named {name!r}{near or '.'} There are {', '.join(PHASES)}")
        return self._report._part(Step("phases", name))

    def __iter__(self) -> Iterator[str]:
        return iter(PHASES)

    def __len__(self) -> int:
        return len(PHASES)

    def __repr__(self) -> str:
        flops = ", ".join(f"{name} {self[name].flops:,}" for name in self)
        return f"<phases of {self._report.name} in flops: {flops}>"


class Report:
    """What ``measure`` found out about one function.

    Findings of every kind are attributes: ``report.duplicates``, ``report.dead``, ...
    """

    batch_invariants = KindAttribute()
    constant_work = KindAttribute()
    constants = KindAttribute()
    dead = KindAttribute()
    duplicates = KindAttribute()
    full_jacobians = KindAttribute()
    intermediates = KindAttribute()
    key_reuse = KindAttribute()
    loop_invariants = KindAttribute()
    recomputed = KindAttribute()
    repeated_callbacks = KindAttribute()
    repeated_factorizations = KindAttribute()
    residuals = KindAttribute()
    upcast_dots = KindAttribute()
    vmapped_conds = KindAttribute()
    wrong_modes = KindAttribute()
    zeros = KindAttribute()

    def __init__(
        self,
        measurement: Measurement,
        *,
        ignore: Collection[str] = (),
        whole: Report | None = None,
    ) -> None:
        self._measurement = measurement
        self._whole = whole
        self._parts: dict[Step, Report] = {}
        self._ignore = frozenset(measurement.canonical(name) for name in ignore)

    @property
    def name(self) -> str:
        return self._measurement.name

    @property
    def environment(self) -> Mapping[str, str]:
        """Versions and target as text: ``jax``, ``jaxlib``, ``target``, ..."""
        return self._measurement.environment

    @property
    def eqns(self) -> int:
        """Equations of the inlined program: each call site counted, each loop body once."""
        return self._total("eqns")

    @property
    def flops(self) -> int:
        """Floating-point operations of the traced program, trip counts applied."""
        return self._total("flops")

    @property
    def transcendentals(self) -> int:
        """Elementwise exp, log, sin and the like, per element, trip counts applied."""
        return self._total("transcendentals")

    @property
    def bytes_accessed(self) -> int:
        """Bytes that the equations read and write, each on its own, trip counts applied."""
        return self._total("bytes_accessed")

    @property
    def primitives(self) -> Counts:
        """Occurrences by primitive, counted like ``eqns``."""
        return self._counts("primitives")

    @property
    def executions(self) -> Counts:
        """Occurrences times trip counts; a ``cond`` counts its costliest branch."""
        return self._counts("executions")

    @property
    def exact(self) -> bool:
        """``False`` when totals are lower bounds or an analysis failed; ``caveats`` says why."""
        return self._measurement.totals().exact and not self._measurement.failures

    @property
    def caveats(self) -> tuple[str, ...]:
        """Why totals are lower bounds, and what could not be analyzed of what was read so far."""
        return (*self._measurement.totals().caveats, *self._measurement.failures)

    @property
    def compiled(self) -> Any:
        """The compiled stage, made on first use."""
        __tracebackhide__ = True
        return self._measurement.compiled()

    @property
    def has_compiled(self) -> bool:
        """Whether the compiled stage was made already."""
        return self._measurement.has_compiled

    def stages(self) -> Stages:
        """The program as it is traced, lowered and compiled, and what changes at each step and why.

        Makes the stages that were not made yet. A phase or scope has the traced stage only.
        """
        return self._measurement.stages()

    def on(self, target: str) -> Report:
        """The report of the same traced program for another target; nothing is traced again.

        The target need not be there: ``"tpu:v5e:2x2"``, ``"cuda:h100"``.

        Raises:
            LimitError: no target is named so.
        """
        whole = None if self._whole is None else self._whole.on(target)
        return Report(self._measurement.on(target), ignore=self._ignore, whole=whole)

    @property
    def findings_kinds(self) -> tuple[str, ...]:
        return self._measurement.findings_kinds

    @property
    def metrics(self) -> Metrics:
        """Every metric of both stages by name, computed when read."""
        return Metrics(self)

    @property
    def phases(self) -> Phases:
        """The report of each phase: forward, backward, remat and unattributed.

        Their amounts add up to those of the whole. ``unattributed`` is what belongs to a derivative
        without a record of JAX's that says to which part of it. JAX's own names are accepted too:
        ``primal`` and ``jvp``, which make up forward, ``transpose`` and ``recompute``.
        """
        return Phases(self)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The named scopes and jitted functions that ``scope`` takes by name."""
        return self._measurement.scopes()

    def scope(self, scope: str | Callable[..., Any]) -> Report:
        """The report of one part alone: what stands in a scope, or what a function made.

        `scope` is the name of a ``jax.named_scope`` or of a jitted function, names joined by ``/``
        for one inside another, or a Python function: a method, lambda, partial, decorated or
        transformed function stands for the function inside.

        Raises:
            ScopeError: nothing of the program belongs to it; the message lists the scopes.
        """
        return self._part(Step("scopes", scope))

    if not TYPE_CHECKING:  # a type checker is to find misspelt names

        def __getattr__(self, name: str) -> Findings:
            if name.startswith("_"):
                raise AttributeError(name)
            if hasattr(type(self), name):
                # A property raised AttributeError: raise that again, it says what is wrong.
                return object.__getattribute__(self, name)
            near = did_you_mean(name, dir(type(self)))
            raise AttributeError(f"a jaxcost report has no {name!r}{near}")

    def findings(self, kind: str) -> Findings:
        """The findings of one kind, without the primitives to ignore."""
        found = self._measurement.findings(kind).without(self._ignore)
        return KindFindings.of(found, kind, self.name)

    def without(self, *kinds: str) -> Report:
        """The report of the program without the findings of some kinds, or of all that are waste.

        It computes the same results: bit by bit, but for sums in another order and derivatives
        that are made in another way.

        Raises:
            KeyError: there is no such kind.
        """
        for kind in kinds:
            if kind not in self.findings_kinds:
                near = did_you_mean(kind, self.findings_kinds)
                raise KeyError(f"no findings are of the kind {kind!r}{near}")
        return Report(self._measurement.without(kinds), ignore=self._ignore)

    @property
    def waste(self) -> int:
        """The operations, flops and transcendentals together, that ``without()`` saves."""
        found = self.findings("waste")
        return Number(found.operations, Origin("waste", self.name, lambda: found, "operations"))

    def survivors(self, kind: str = "duplicates") -> Findings:
        """The findings of a kind that the compiler leaves in; compiles the program.

        Raises:
            KeyError: no findings about work are of that kind; those about memory have no verdict.
        """
        about_work = [each for each in self.findings_kinds if each not in ABOUT_MEMORY]
        if kind not in about_work:
            near = did_you_mean(kind, about_work)
            raise KeyError(f"no findings about work are of the kind {kind!r}{near}")
        left = self._measurement.judged(kind).without(self._ignore).surviving
        return KindFindings.of(left, f'survivors("{kind}")', self.name)

    def read(self, subject: Metric | Family, item: str | None = None) -> Reading:
        """A metric, or the ``item`` of a family; makes only the stage that it needs."""
        item = item if item is None else self._measurement.canonical(item)
        return read(subject, self._measurement, item=item, ignore=self._ignore)

    def known_metrics(self) -> dict[str, int | float]:
        """Metrics with their values, without the unknown; compiled ones if that stage was made."""
        stages = ("traced", "compiled") if self.has_compiled else ("traced",)
        names = (name for name in self.metrics if METRICS[name].stage in stages)
        values = {name: self.metrics[name] for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def ignoring(self, primitives: Collection[str]) -> Report:
        """The same report without findings of these primitives."""
        more = {self._measurement.canonical(name) for name in primitives} - self._ignore
        if not more:
            return self
        return Report(self._measurement, ignore=self._ignore | more, whole=self._whole)

    def check(self, **limits: Unpack[Keywords]) -> Report:
        """The report itself when every limit is kept.

        Raises ``CostError`` with all limits that are not, and ``LimitError`` for a limit that
        cannot be meant.
        """
        __tracebackhide__ = True
        self.enforce(Limits.of(limits))
        return self

    def enforce(self, limits: Limits) -> tuple[Verdict, ...]:
        """The verdicts when every limit is kept; raises as ``check`` does."""
        __tracebackhide__ = True
        settings = limits.parse(self._measurement)
        report = self.ignoring(settings.ignore)
        verdicts = report.judge(settings.limits, relative_to=settings.relative_to)
        if any(verdict.exceeded for verdict in verdicts):
            headline = headline_of(verdicts, report._culprits, root=os.getcwd())
            message = report.explain(verdicts)
            raise CostError(message, headline=headline, verdicts=verdicts, report=report)
        return verdicts

    def judge(
        self, limits: Collection[Limit], *, relative_to: Report | Callable[..., Any] | None = None
    ) -> tuple[Verdict, ...]:
        """A verdict for each limit; raises ``LimitError`` if ``relative_to`` cannot be measured."""
        __tracebackhide__ = True
        needed = any(limit.bound.sort == "multiple" for limit in limits)
        other = self._relative_to(relative_to, needed=needed)
        return tuple(verdict for limit in limits for verdict in self._judge_one(limit, other))

    def _relative_to(self, other: Any, *, needed: bool) -> Report | None:
        """The report that multiples are of; a function is measured with the same arguments."""
        __tracebackhide__ = True
        if other is None or isinstance(other, Report):
            return other
        if not callable(other):
            raise LimitError(
                f"relative_to={other!r} is no report and no function; pass what measure gave, or"
                " a function that takes the same arguments"
            )
        return Report(self._measurement.of(other), ignore=self._ignore) if needed else None

    def explain(
        self, verdicts: Collection[Verdict], *, verbosity: int = 0, style: Style | None = None
    ) -> str:
        """The message about limits that are not kept; all culprits from verbosity 2."""
        return failure(
            self.name,
            self.environment,
            tuple(verdicts),
            partial(self._culprits, everything=verbosity >= 2),
            caveats=self._caveats_of(verdicts),
            style=style or Style(root=os.getcwd(), width=BESIDE_MARGIN),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; compiled metrics only if the compiled stage was made already."""
        return {
            "name": self.name,
            "environment": dict(self.environment),
            "metrics": self.known_metrics(),
            "primitives": self.primitives.plain(),
            "executions": self.executions.plain(),
            "findings": {
                kind: [finding.to_dict() for finding in self.findings(kind)]
                for kind in self.findings_kinds
            },
            "caveats": list(self.caveats),
        }

    def __str__(self) -> str:
        return summary(self, style=Style(root=os.getcwd()))

    def __repr__(self) -> str:
        return f"<jaxcost report of {self.name}: {self.eqns:,} eqns, {self.flops:,} flops>"

    def _repr_html_(self) -> str:
        return html(self)

    def _culprits(self, verdict: Verdict, *, everything: bool = False) -> Culprits:
        measurement = self._part_for(verdict.limit)._measurement
        return culprits(verdict, measurement, self._ignore, everything=everything)

    def _caveats_of(self, verdicts: Collection[Verdict]) -> tuple[str, ...]:
        """Why values among the verdicts are lower bounds, stage by stage."""
        inexact = {each.limit.subject.stage for each in verdicts if not each.reading.exact}
        traced = self.caveats if "traced" in inexact else ()
        return (*traced, *(self.compiled.caveats if "compiled" in inexact else ()))

    def _judge_one(self, limit: Limit, relative_to: Report | None) -> tuple[Verdict, ...]:
        """Judge one limit; shares are of the whole program, in a phase too."""
        relative = None if relative_to is None else relative_to._part_for(limit).read
        return judge([limit], self._part_for(limit).read, relative, whole=self.read)

    def _part_for(self, limit: Limit) -> Report:
        return reduce(Report._part, limit.scope, self)

    def _part(self, step: Step) -> Report:
        if step not in self._parts:
            find = {"phases": self._measurement.phase, "scopes": self._measurement.scope}
            part = find[step.keyword](step.part)
            self._parts[step] = Report(part, ignore=self._ignore, whole=self)
        return self._parts[step]

    def _total(self, field: str) -> Number:
        evidence = partial(self._measurement.occurrences, None)
        origin = Origin(field, self.name, evidence, field, is_total=True)
        return Number(getattr(self._measurement.totals(), field), origin)

    def _counts(self, family: str) -> Counts:
        measurement, of = self._measurement, self.name

        def number(name: str, count: int) -> Number:
            evidence = partial(measurement.occurrences, measurement.canonical(name))
            return Number(count, Origin(f'{family}["{name}"]', of, evidence))

        totals = measurement.totals()
        return Counts(getattr(totals, family), totals.calls, measurement.canonical, number)
