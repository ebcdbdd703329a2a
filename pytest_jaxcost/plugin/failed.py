"""Analyses that failed, at the end of a run: no test's fault, and told so that they are mended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..failures import Failure

TITLE = "jaxcost: could not be analyzed"
PLEASE = "No test is at fault: jaxcost is. Please report these lines to its authors."


class Failed:
    """Collects the failures of all tests, from wherever they ran, and shows them at the end."""

    def __init__(self) -> None:
        self._tests: dict[Failure, list[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for each in getattr(report, "jaxcost_failures", ()):
            tests = self._tests.setdefault(Failure(*each), [])
            tests += [] if report.nodeid in tests else [report.nodeid]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._tests:
            return
        terminalreporter.section(TITLE, sep="-")
        for line in self._lines():
            terminalreporter.line(line)

    def _lines(self) -> Iterator[str]:
        for failure, tests in self._tests.items():
            more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
            yield f"{tests[0]}{more}"
            yield f"  {failure.analysis} of {failure.program}: {failure.error}"
            yield f"  at {failure.where}; {failure.versions}"
        yield PLEASE
