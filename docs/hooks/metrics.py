"""Writes the metrics table of the package into the pages that ask for it.

A line `<!-- metrics: traced -->` becomes the table of that stage, `<!-- families -->` the table of
counts by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pytest_jaxcost.report.metrics import FAMILIES, METRICS, Family, Metric

METRICS_LINE = re.compile(r"^<!-- metrics: (\w+) -->$", re.MULTILINE)
FAMILIES_LINE = re.compile(r"^<!-- families -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the page with its tables filled in; called by MkDocs for each page."""
    markdown = METRICS_LINE.sub(lambda found: metrics_table(found[1]), markdown)
    return FAMILIES_LINE.sub(lambda _: families_table(FAMILIES.values()), markdown)


def metrics_table(stage: str) -> str:
    """Return the metrics of one stage as a Markdown table.

    Raises:
        ValueError: No metric has this stage.
    """
    metrics = [metric for metric in METRICS.values() if metric.stage == stage]
    if not metrics:
        raise ValueError(f"no metric has the stage {stage!r}")
    return _table("| metric | unit | a share of | what it is |", map(_metric_row, metrics))


def families_table(families: Iterable[Family]) -> str:
    """Return the counts by name as a Markdown table."""
    return _table("| counts | of the stage | what they are |", map(_family_row, families))


def _metric_row(metric: Metric) -> str:
    whole = f"`{metric.whole}`" if metric.whole else ""
    return f"| `{metric.name}` | {metric.unit} | {whole} | {metric.meaning} |"


def _family_row(family: Family) -> str:
    return f"| `{family.name}` | {family.stage} | {family.meaning} |"


def _table(header: str, rows: Iterable[str]) -> str:
    rule = "|---" * (header.count("|") - 1) + "|"
    return "\n".join([header, rule, *rows])
