"""What the text and the HTML of a report read of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .metrics import Metric
from .reading import Reading
from .records import Findings


class Readings(Protocol):
    """Metrics by name."""

    def reading(self, name: str) -> Reading: ...


class Shown(Protocol):
    """A report, as it is shown."""

    @property
    def name(self) -> str: ...

    @property
    def environment(self) -> Mapping[str, str]: ...

    @property
    def primitives(self) -> Mapping[str, int]: ...

    @property
    def caveats(self) -> tuple[str, ...]: ...

    @property
    def has_compiled(self) -> bool: ...

    @property
    def findings_kinds(self) -> tuple[str, ...]: ...

    @property
    def metrics(self) -> Readings: ...

    def findings(self, kind: str) -> Findings: ...

    def read(self, subject: Metric) -> Reading: ...

    def known_metrics(self) -> Mapping[str, int | float]: ...
