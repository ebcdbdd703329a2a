"""What a report asks of a measurement, and how a metric is read from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from .metrics import OPTIMIZED, Family, Metric
from .reading import Reading
from .records import Findings, Totals
from .stages import Stages


class Primitives(Protocol):
    """The primitive names that JAX knows."""

    def primitive_names(self, *wanted: str) -> frozenset[str]:
        """Every name in use, old aliases included; `wanted` may have come into use just now."""

    def canonical(self, name: str) -> str:
        """The name that counts are kept under; a name without aliases is its own."""


class Compiled(Protocol):
    """The compiled stage: an attribute for each field that the metrics table reads.

    A field that this compiler does not tell is ``None``, and ``reasons`` says why. Those in
    ``bounds`` are lower bounds, for the reasons in ``caveats``.
    """

    @property
    def reasons(self) -> Mapping[str, str]: ...

    @property
    def bounds(self) -> Collection[str]: ...

    @property
    def caveats(self) -> tuple[str, ...]: ...


class Measurement(Primitives, Protocol):
    """One function measured; each method does its work at the first call and keeps it."""

    @property
    def name(self) -> str: ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Versions and target as text: ``jax``, ``jaxlib``, ``target``, ..."""

    @property
    def findings_kinds(self) -> tuple[str, ...]: ...

    @property
    def failures(self) -> tuple[str, ...]:
        """What could not be analyzed so far, and why."""

    @property
    def has_compiled(self) -> bool:
        """Whether ``compiled()`` was called already."""

    def totals(self) -> Totals:
        """What runs."""

    def written(self) -> Totals:
        """What is written, dead equations included, as if the equations ran one by one."""

    def findings(self, kind: str) -> Findings:
        """The findings of a kind; those of all kinds that are waste, of the kind ``waste``."""

    def judged(self, kind: str) -> Findings:
        """The findings of a kind with what the compiler makes of each; compiles the program."""

    def without(self, kinds: Collection[str]) -> Measurement:
        """The program without findings of some kinds; without all waste if none is named."""

    def occurrences(self, primitive: str | None) -> Findings:
        """Where ``primitive`` stands in the program, call-like ones too, by cost; ``None``: all."""

    def phase(self, name: str) -> Measurement:
        """The part of the program in one phase of differentiation; it may be empty."""

    def scope(self, scope: str | Callable[..., Any]) -> Measurement:
        """The part in a named scope or jitted function, or made by a Python function.

        Raises ``ScopeError`` if there is none.
        """

    def scopes(self) -> tuple[str, ...]:
        """The named scopes and jitted functions of the program."""

    def instructions(self, opcode: str | None) -> Findings:
        """The instructions of the compiled program with an opcode, by cost; ``None``: all."""

    def of(self, function: Callable[..., Any]) -> Measurement:
        """Another function with the same arguments; raises ``LimitError`` if they are unknown."""

    def on(self, target: str) -> Measurement:
        """The same traced program for another target; raises ``LimitError`` for a wrong name."""

    def compiled(self) -> Any:
        """A ``Compiled``; ``Any`` because its fields are read by the names in the table."""

    def stages(self) -> Stages:
        """All three stages, each made at most once, and what changes from one to the next."""


def read(
    subject: Metric | Family,
    measurement: Measurement,
    *,
    item: str | None = None,
    ignore: Collection[str] = (),
) -> Reading:
    """The value of a metric, or of the ``item`` of a family; makes only the stage it needs."""
    source, field = subject.reads
    if source == "totals":
        return _from_totals(subject, measurement.totals(), item)
    if source == "written":
        return _from_totals(subject, measurement.written(), item)
    if source == "compiled":
        return _from_compiled(measurement.compiled(), field, item)
    if source in OPTIMIZED:
        return _from_optimized(subject, measurement.compiled())
    if subject.stage == "compiled":
        return _from_survivors(subject, measurement, measurement.judged(source).without(ignore))
    findings = measurement.findings(source).without(ignore)
    if findings.unknown:
        return Reading(value=None, reason=findings.unknown)
    exact = findings.exact or not subject.weighted
    return Reading(value=getattr(findings, field), exact=exact)


def _from_survivors(
    subject: Metric | Family, measurement: Measurement, findings: Findings
) -> Reading:
    if reason := findings.unknown or findings.unjudged:
        return Reading(value=None, reason=reason)
    if findings.undecided and measurement.compiled().pricing is None:
        return Reading(value=None, reason=measurement.compiled().caveats[0])
    surviving = findings.surviving
    exact = not findings.undecided and (surviving.exact or not subject.weighted)
    return Reading(value=getattr(surviving, subject.reads[1]), exact=exact)


def _from_totals(subject: Metric | Family, totals: Totals, item: str | None) -> Reading:
    if totals.unknown:
        return Reading(value=None, reason=totals.unknown)
    exact = totals.exact or not subject.weighted
    value = getattr(totals, subject.reads[1])
    if item is not None:
        value = value.get(item) or totals.calls.get(item, 0)
    return Reading(value=value, exact=exact)


def _from_compiled(compiled: Any, field: str, item: str | None) -> Reading:
    value = getattr(compiled, field)
    if value is None:
        return _unknown(compiled, field)
    exact = field not in compiled.bounds
    return Reading(value=value if item is None else value.get(item, 0), exact=exact)


def _from_optimized(subject: Metric | Family, compiled: Any) -> Reading:
    kind, field = subject.reads
    findings = getattr(compiled, kind)
    if findings is None:
        return _unknown(compiled, kind)
    if findings.unknown:
        return Reading(value=None, reason=findings.unknown)
    return Reading(value=getattr(findings, field), exact=findings.exact or not subject.weighted)


def _unknown(compiled: Any, field: str) -> Reading:
    return Reading(value=None, reason=compiled.reasons.get(field, "the compiler does not say"))
