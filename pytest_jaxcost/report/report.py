"""The report: what one measurement says, read when asked for."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .counts import Counts
from .measurement import Measurement, Reading, read
from .metrics import METRICS
from .records import Findings


class Metrics(Mapping[str, int | float | None]):
    """Every metric by name, computed when read; ``None`` where unknown, ``reading`` says why."""

    __slots__ = ("_ignore", "_measurement")

    def __init__(self, measurement: Measurement, ignore: Collection[str]) -> None:
        self._measurement = measurement
        self._ignore = ignore

    def reading(self, name: str) -> Reading:
        """The value with whether it is exact, and the reason where it is unknown."""
        return read(METRICS[name], self._measurement, ignore=self._ignore)

    def __getitem__(self, name: str) -> int | float | None:
        return self.reading(name).value

    def __iter__(self) -> Iterator[str]:
        kinds = (*self._measurement.findings_kinds, None)
        return (name for name, metric in METRICS.items() if metric.kind in kinds)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Metrics of {self._measurement.name}: {', '.join(self)}>"


class Report:
    """What ``measure`` found out about one function.

    Findings of every kind are attributes: ``report.duplicates``, ``report.dead``, ...
    """

    def __init__(self, measurement: Measurement, *, ignore: Collection[str] = ()) -> None:
        self._measurement = measurement
        self._ignore = frozenset(measurement.canonical(name) for name in ignore)

    @property
    def name(self) -> str:
        return self._measurement.name

    @property
    def environment(self) -> Mapping[str, str]:
        return self._measurement.environment

    @property
    def eqns(self) -> int:
        """Equations of the inlined program: each call site counted, each loop body once."""
        return self._measurement.totals().eqns

    @property
    def flops(self) -> int:
        return self._measurement.totals().flops

    @property
    def transcendentals(self) -> int:
        return self._measurement.totals().transcendentals

    @property
    def bytes_accessed(self) -> int:
        return self._measurement.totals().bytes_accessed

    @property
    def primitives(self) -> Counts:
        """Occurrences by primitive, counted like ``eqns``."""
        totals = self._measurement.totals()
        return Counts(totals.primitives, totals.calls, self._measurement.canonical)

    @property
    def executions(self) -> Counts:
        """Occurrences times trip counts; a ``cond`` counts its costliest branch."""
        totals = self._measurement.totals()
        return Counts(totals.executions, totals.calls, self._measurement.canonical)

    @property
    def exact(self) -> bool:
        """``False`` when the totals are lower bounds; ``caveats`` says why."""
        return self._measurement.totals().exact

    @property
    def caveats(self) -> tuple[str, ...]:
        return self._measurement.totals().caveats

    @property
    def compiled(self) -> Any:
        """The compiled stage, made on first use."""
        return self._measurement.compiled()

    @property
    def metrics(self) -> Metrics:
        return Metrics(self._measurement, self._ignore)

    def __getattr__(self, name: str) -> Findings:
        if name.startswith("_"):
            raise AttributeError(name)
        kinds = self._measurement.findings_kinds
        if name in kinds:
            return self._measurement.findings(name).without(self._ignore)
        near = difflib.get_close_matches(name, (*kinds, *dir(type(self)), *METRICS), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise AttributeError(f"a jaxcost report has no {name!r}{hint}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._measurement.findings_kinds})
