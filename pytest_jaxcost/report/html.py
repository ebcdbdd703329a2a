"""A report as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from .culprits import Culprit
from .metrics import METRICS, Unit
from .records import Finding
from .shown import Shown
from .stages import CHANGING, ROWS, Change, Stage, Stages
from .wording import amount, amounts, signed, what


def html(report: Shown) -> str:
    """A table of metrics and one of findings; shows the compiled stage only where it was made."""
    rows = (
        [name, amount(report.metrics.reading(name), METRICS[name].unit)]
        for name in report.known_metrics()
    )
    found = [finding for kind in report.findings_kinds for finding in report.findings(kind)]
    parts = [f"<strong>{escape(report.name)}</strong>", _table(("metric", "value"), rows)]
    if found:
        header = ("found", "equation", "count", "work", "where", "hint")
        parts.append(_table(header, map(_finding, found)))
    parts += [f"<p>caveat: {escape(caveat)}</p>" for caveat in report.caveats]
    return f"<div>{''.join(parts)}</div>"


def stages_html(stages: Stages) -> str:
    """A table of the stages, and one of what changes from each to the next."""
    rows = (
        [heading, *(_amount(stage, row, unit) for stage in stages.columns)]
        for row, (heading, unit) in ROWS.items()
    )
    names = [stage.name for stage in stages.columns]
    parts = [f"<strong>{escape(stages.name)}</strong>", _table(("", *names), rows)]
    for step in stages.steps:
        headings = [ROWS[amount][0] for amount in CHANGING]
        header = (f"{step.before} to {step.after}", *headings)
        parts.append(_table(header, map(_change, step.changes)))
    for stage in stages.columns:
        parts += [f"<p>{stage.name}: {escape(caveat)}</p>" for caveat in stage.caveats]
    return f"<div>{''.join(parts)}</div>"


def _amount(stage: Stage, row: str, unit: Unit) -> str:
    reading = stage.reading(row)
    return "-" if reading.value is None else amount(reading, unit)


def _change(change: Change) -> list[str]:
    return [change.what, *(signed(getattr(change, each), ROWS[each][1]) for each in CHANGING)]


def _finding(finding: Finding) -> list[str]:
    where = ", ".join(f"{place.file}:{place.line} {place.function}" for place in finding.places)
    one = Culprit(finding, 1)
    work = ", ".join(amounts(one, "count") or amounts(one, "nbytes"))
    return [finding.kind, what(finding), f"{finding.count:,}", work, where, finding.hint]


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
