"""A report as text: the totals, and what was found with its places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .culprits import chosen
from .layout import Cell, Line, ends, paragraph, row, text
from .message import caveat_lines, shown_lines, where_measured
from .metrics import METRICS, OPTIMIZED, Metric
from .shown import Shown
from .style import Style
from .wording import NOTES, amount

TOTALS = ("eqns", "flops", "transcendentals", "bytes_accessed")
SHOWN = 3


def summary(report: Shown, *, style: Style | None = None) -> str:
    """The totals, the primitives and each kind of finding, the costliest three with places.

    Shows the compiled stage only where it was made already.
    """
    style = style or Style()
    where = Cell(where_measured(made_stages(report), report.environment), "faint")
    lines = [*ends(Cell(report.name, "strong"), where, width=style.width)]
    lines += row(cells(report, TOTALS), indent=2, width=style.width)
    lines += _primitives(report.primitives, style)
    if report.has_compiled:
        sources = ("compiled", *OPTIMIZED)
        compiled = (name for name, each in METRICS.items() if each.reads[0] in sources)
        lines += row(cells(report, compiled), indent=2, width=style.width)
    for kind in report.findings_kinds:
        lines += _kind(report, kind, style) if _found(report, kind) else ()
    lines += _nothing(report, style)
    return text([*lines, *caveat_lines(report.caveats, style)], color=style.color)


def made_stages(report: Shown) -> set[str]:
    """The stages that were made already."""
    return {"traced", "compiled"} if report.has_compiled else {"traced"}


def cells(report: Shown, names: Iterator[str] | tuple[str, ...]) -> Iterator[Cell]:
    """Each metric's name and value; those that are unknown are left out."""
    for name in names:
        reading = report.metrics.reading(name)
        if reading.value is not None:
            yield Cell(f"{name} {amount(reading, METRICS[name].unit)}")
            yield Cell(_price(report, METRICS[name]))


def _price(report: Shown, metric: Metric) -> str:
    """What findings cost, beside how many there are."""
    priced = metric.in_operations
    return "" if priced is metric else amount(report.read(priced), priced.unit)


def _primitives(counts: Mapping[str, int], style: Style) -> tuple[Line, ...]:
    often = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    listed = ", ".join(f"{name} {count:,}" for name, count in often)
    return paragraph(f"primitives: {listed or 'none'}", indent=2, width=style.width)


def _kind(report: Shown, kind: str, style: Style) -> Iterator[Line]:
    """Its metrics on one line, or how many it found if it has none; then the costliest."""
    stages = made_stages(report)
    names = tuple(
        name for name, each in METRICS.items() if each.kind == kind and each.stage in stages
    )
    findings = report.findings(kind)
    sums = cells(report, names) if names else (Cell(f"{kind} {findings.count}"),)
    from_jax = Cell(f"JAX's own {findings.from_jax.count}" if findings.from_jax else "")
    yield from row((*sums, from_jax), indent=2, width=style.width)
    if not findings:
        return
    yield from paragraph(NOTES.get(kind, ""), indent=4, width=style.width, style="faint")
    field = METRICS[names[0]].reads[1] if names else "count"
    shown, left_out = chosen(findings, SHOWN, field=field)
    yield from shown_lines(shown, field, report.environment.get("target", ""), style)
    if left_out:
        yield (Cell(f"    ... and {left_out:,} more in report.{kind}", "faint"),)


def _nothing(report: Shown, style: Style) -> Iterator[Line]:
    """The kinds of which nothing is found, apart from those that could not be analyzed."""
    kinds = [kind for kind in report.findings_kinds if not _found(report, kind)]
    unknown = [kind for kind in kinds if report.findings(kind).unknown]
    known = [kind for kind in kinds if kind not in unknown]
    for title, listed in (("nothing found", known), ("not analyzed", unknown)):
        if listed:
            line = f"{title}: {', '.join(listed)}"
            yield from paragraph(line, indent=2, width=style.width, style="faint")


def _found(report: Shown, kind: str) -> bool:
    findings = report.findings(kind)
    return bool(findings or findings.from_jax)
