"""Limits of the command line in a run that measures nothing: it says so at the end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

MESSAGE = "jaxcost: nothing was measured in this run, so that no limit can fail: {}"


class Unmeasured:
    """Looks for a measurement among the reports of all tests, from wherever they ran."""

    def __init__(self, limits: Sequence[str]) -> None:
        self._limits = limits
        self._measured = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._measured |= getattr(report, "jaxcost_measured", False)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._measured and not terminalreporter.config.option.collectonly:
            terminalreporter.line(MESSAGE.format(", ".join(self._limits)), yellow=True)
