"""The table of all measurements at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from .rows import Row


class Table:
    """Collects the rows of all tests, from wherever they ran, and shows them at the end."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        measured: list[Row] = getattr(report, "jaxcost", [])
        if measured and str(report.outcome) != "rerun":  # as pytest-rerunfailures says
            self._rows.setdefault(report.nodeid, []).extend(measured)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        config = terminalreporter.config
        if config.option.collectonly:
            return
        terminalreporter.section("jaxcost", sep="-")
        width = config.get_terminal_writer().fullwidth
        for line in self._lines(width=width, color=terminalreporter.hasmarkup):
            terminalreporter.line(line)

    def _lines(self, *, width: int, color: bool) -> Iterator[str]:
        """By test, in one order whether or not the tests ran side by side."""
        from ..report import table

        if not self._rows:
            yield "nothing was measured"
            return
        tests = {test: _folded(self._rows[test]) for test in sorted(self._rows)}
        flat = [row for folded in tests.values() for row in folded]
        head, *lines = table(flat, width=width, color=color).splitlines()
        yield head
        for test, folded in tests.items():
            yield test
            for _ in folded:
                yield lines.pop(0)


def _folded(measured: list[Row]) -> list[Row]:
    """Equal rows as one, with how often they were measured."""
    times = Counter(_key(row) for row in measured)
    first = {_key(row): row for row in reversed(measured)}
    return [first[key] | {"name": _named(first[key]["name"], times[key])} for key in times]


def _key(row: Row) -> tuple[tuple[str, Any], ...]:
    return tuple((name, str(value)) for name, value in row.items())


def _named(name: str, times: int) -> str:
    return f"  {name}" if times == 1 else f"  {name} (x{times})"
