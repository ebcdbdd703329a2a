"""Many measurements as one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .amounts import show
from .layout import Cell, text
from .metrics import METRICS
from .report import Report

# The metrics of a row and their headings.
COLUMNS: Mapping[str, str] = {
    "eqns": "eqns",
    "flops": "flops",
    "transcendentals": "transc.",
    "bytes_accessed": "bytes",
    "duplicates": "dupl.",
    "dead": "dead",
}
GAP = "  "
SHORTEST_NAME = 16


def table_row(report: Report, *, name: str | None = None) -> dict[str, Any]:
    """One measurement as plain data: its name, the metrics of the table, and ``bounds``.

    ``bounds`` names the metrics whose values are lower bounds.
    """
    readings = {metric: report.metrics.reading(metric) for metric in COLUMNS}
    return {
        "name": report.name if name is None else name,
        **{metric: reading.value for metric, reading in readings.items()},
        "bounds": [metric for metric, reading in readings.items() if not reading.exact],
    }


def table(rows: Sequence[Mapping[str, Any]], *, width: int = 80, color: bool = False) -> str:
    """The rows aligned under their headings; long names are cut in the middle, never the end."""
    cells = [[_cell(row, metric) for metric in COLUMNS] for row in rows]
    columns = list(zip(COLUMNS.values(), *cells, strict=True))
    widths = [max(map(len, column)) for column in columns]
    room = width - sum(widths) - len(GAP) * len(widths)
    longest = max((len(row["name"]) for row in rows), default=0)
    first = max(SHORTEST_NAME, min(room, longest))
    head = _line("name", list(COLUMNS.values()), first, widths, "strong")
    lines = [
        _line(_cut(str(row["name"]), first), values, first, widths, "")
        for row, values in zip(rows, cells, strict=True)
    ]
    return text([head, *lines], color=color)


def _cell(row: Mapping[str, Any], metric: str) -> str:
    value = row.get(metric)
    if value is None:
        return "?"
    least = ">=" if metric in row.get("bounds", ()) else ""
    return least + show(value, METRICS[metric].unit)


def _line(
    name: str, values: Sequence[str], first: int, widths: Sequence[int], style: str
) -> tuple[Cell, ...]:
    cells = (
        Cell(f"{GAP}{value:>{width}}", style) for value, width in zip(values, widths, strict=True)
    )
    return (Cell(name, style, first), *cells)


def _cut(name: str, width: int) -> str:
    if len(name) <= width:
        return name
    front = (width - 3) // 3
    return f"{name[:front]}...{name[len(name) - (width - 3 - front) :]}"
