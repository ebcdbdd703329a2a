"""All measurements at the end of a run: one table, and the stages of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from . import options
from .rows import STAGES, Row

Show = Callable[[Mapping[str, list[Row]], int, bool], Iterator[str]]
"""Lines of the rows by test, within a width and in color or not."""


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
        width = config.get_terminal_writer().fullwidth
        for option, (title, show) in SECTIONS.items():
            if options.is_on(config, option):
                terminalreporter.section(title, sep="-")
                for line in self._lines(show, width=width, color=terminalreporter.hasmarkup):
                    terminalreporter.line(line)

    def _lines(self, show: Show, *, width: int, color: bool) -> Iterator[str]:
        """By test, in one order whether or not the tests ran side by side."""
        tests = {test: _folded(self._rows[test]) for test in sorted(self._rows)}
        return show(tests, width, color) if tests else iter(["nothing was measured"])


def _table(tests: Mapping[str, list[Row]], width: int, color: bool) -> Iterator[str]:
    from ..report import table

    flat = [row for folded in tests.values() for row in folded]
    head, *lines = table(flat, width=width, color=color).splitlines()
    yield head
    for test, folded in tests.items():
        yield test
        for _ in folded:
            yield lines.pop(0)


def _stages(tests: Mapping[str, list[Row]], width: int, color: bool) -> Iterator[str]:
    from ..report import stage_table

    for test, folded in tests.items():
        yield test
        for row in folded:
            named = row[STAGES] | {"name": row["name"].strip()}
            yield from stage_table(named, width=width, color=color).splitlines()
            yield ""


SECTIONS: Mapping[str, tuple[str, Show]] = {
    "report": ("jaxcost", _table),
    "stages": ("jaxcost: stages", _stages),
}
"""The sections at the end, by the option that asks for each."""


def _folded(measured: list[Row]) -> list[Row]:
    """Equal rows as one, with how often they were measured."""
    times = Counter(_key(row) for row in measured)
    first = {_key(row): row for row in reversed(measured)}
    return [first[key] | {"name": _named(first[key]["name"], times[key])} for key in times]


def _key(row: Row) -> tuple[tuple[str, Any], ...]:
    return tuple((name, str(value)) for name, value in row.items())


def _named(name: str, times: int) -> str:
    return f"  {name}" if times == 1 else f"  {name} (x{times})"
