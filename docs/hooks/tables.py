"""Writes the package's own tables into the pages that ask for them.

A line `<!-- metrics: traced -->` becomes the table of that stage's metrics, `<!-- families -->` the
table of counts by name, `<!-- options -->` the table of options.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pytest_jaxcost.plugin.options import OPTIONS, Option
from pytest_jaxcost.report.metrics import FAMILIES, METRICS, Family, Metric

LINE = re.compile(r"^<!-- (metrics|families|options)(?:: (\w+))? -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the page with its tables filled in; called by MkDocs for each page."""
    return LINE.sub(_table_for, markdown)


def metrics_table(stage: str) -> str:
    """Return the metrics of one stage as a Markdown table.

    Raises:
        ValueError: No metric has this stage.
    """
    metrics = [metric for metric in METRICS.values() if metric.stage == stage]
    if not metrics:
        raise ValueError(f"no metric has the stage {stage!r}")
    return _table("| metric | unit | a share of | what it is |", map(_metric_row, metrics))


def families_table() -> str:
    """Return the counts by name as a Markdown table."""
    return _table("| counts | of the stage | what they are |", map(_family_row, FAMILIES.values()))


def options_table() -> str:
    """Return the command-line options, each with its ini twin, as a Markdown table."""
    return _table("| command line | ini file | what it does |", map(_option_row, OPTIONS.values()))


def _table_for(found: re.Match[str]) -> str:
    kind, stage = found.groups()
    if kind == "metrics":
        return metrics_table(stage)
    return families_table() if kind == "families" else options_table()


def _metric_row(metric: Metric) -> str:
    whole = f"`{metric.whole}`" if metric.whole else ""
    return f"| `{metric.name}` | {metric.unit} | {whole} | {metric.meaning} |"


def _family_row(family: Family) -> str:
    return f"| `{family.name}` | {family.stage} | {family.meaning} |"


def _option_row(option: Option) -> str:
    value = f"={option.metavar}" if option.metavar else ""
    return f"| `{option.flag}{value}` | `{option.key}` ({option.ini}) | {option.help} |"


def _table(header: str, rows: Iterable[str]) -> str:
    rule = "|---" * (header.count("|") - 1) + "|"
    return "\n".join([header, rule, *rows])
