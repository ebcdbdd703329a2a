"""Writes the package's own tables into the pages that ask for them.

A line `<!-- metrics: traced -->` becomes the table of that stage's metrics, `<!-- families -->` the
table of counts by name, `<!-- options -->` the table of options, `<!-- deviations -->` the list of
counts that are not XLA's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pytest_jaxcost.cost.deviations import DEVIATIONS, Deviation
from pytest_jaxcost.plugin.options import OPTIONS, Option
from pytest_jaxcost.report.metrics import FAMILIES, METRICS, Family, Metric

LINE = re.compile(r"^<!-- (metrics|families|options|deviations)(?:: (\w+))? -->$", re.MULTILINE)


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


def deviations_table() -> str:
    """Return where the count differs from XLA's as a Markdown table."""
    return _table("| primitives | counted | XLA counts | why |", map(_deviation_row, DEVIATIONS))


def _table_for(found: re.Match[str]) -> str:
    kind, stage = found.groups()
    return metrics_table(stage) if kind == "metrics" else WHOLE_TABLES[kind]()


def _metric_row(metric: Metric) -> str:
    whole = f"`{metric.whole}`" if metric.whole else ""
    return f"| `{metric.name}` | {metric.unit} | {whole} | {metric.meaning} |"


def _family_row(family: Family) -> str:
    return f"| `{family.name}` | {family.stage} | {family.meaning} |"


def _option_row(option: Option) -> str:
    value = f"={option.metavar}" if option.metavar else ""
    return f"| `{option.flag}{value}` | `{option.key}` ({option.ini}) | {option.help} |"


def _deviation_row(deviation: Deviation) -> str:
    names = ", ".join(f"`{name}`" for name in deviation.primitives)
    names = names or "whole programs"
    return f"| {names} | {deviation.ours} | {deviation.xla} | {deviation.reason} |"


def _table(header: str, rows: Iterable[str]) -> str:
    rule = "|---" * (header.count("|") - 1) + "|"
    return "\n".join([header, rule, *rows])


WHOLE_TABLES = {
    "families": families_table,
    "options": options_table,
    "deviations": deviations_table,
}
