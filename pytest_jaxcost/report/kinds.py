"""The findings of each kind, as attributes of a report that a type checker knows."""

from __future__ import annotations

from typing import Any

from .records import Findings
from .shown import Shown


class KindAttribute:
    """The findings of the kind that the attribute is named for, looked for when it is read."""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._kind = name

    def __get__(self, report: Shown, owner: type[Any] | None = None) -> Findings:
        return report.findings(self._kind)
