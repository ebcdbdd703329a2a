"""The two errors of limits: not kept, and not meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .judge import Verdict
    from .report import Report


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


class ScopeError(LookupError):
    """A scope that nothing of the measured program belongs to."""

    __module__ = "pytest_jaxcost"


class LimitError(ValueError):
    """A limit that cannot be meant: an unknown name, a wrong unit, no number."""

    __module__ = "pytest_jaxcost"
