"""Writes the package's own tables into the pages that ask for them.

A line `<!-- subjects -->` becomes the table of what limits can be put on, `<!-- options -->` the
table of options, `<!-- deviations -->` the list of counts that are not XLA's, `<!-- rewritten -->`
the list of primitives that cost something else once they are lowered or compiled,
`<!-- survival -->` the measured table of what compilers remove.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_jaxcost.cost.deviations import DEVIATIONS, REWRITTEN, Deviation, LoweredForm
from pytest_jaxcost.plugin.options import OPTIONS, Option
from pytest_jaxcost.report.metrics import SUBJECTS, Subject, Unit

LINE = re.compile(r"^<!-- (subjects|options|deviations|rewritten|survival) -->$", re.MULTILINE)

BOUNDS: Mapping[Unit, str] = {
    "findings": "findings, operations, share",
    "op": "operations, share",
    "flop": "flop",
    "transcendentals": "number",
    "bytes": "bytes",
    "count": "number",
}
"""What a bound is given in, by the unit of the subject."""

SURVIVAL = Path(__file__).parent / "survival.json"
"""What `tests.analyses.survival.table` measured."""

VERDICTS = {
    "survives": "**survives**",
    "partly": "**partly**",
    "removed": "removed",
    "unknown": "unknown",
    None: "",
}
DEVICES = {"cpu": "CPU", "tpu": "TPU v5e", "cuda": "H100"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the page with its tables filled in; called by MkDocs for each page."""
    return LINE.sub(_table_for, markdown)


def subjects_table() -> str:
    """Return what limits can be put on as a Markdown table."""
    header = "| subject | bound | of the program | in `compiled` | what it is |"
    return _table(header, map(_subject_row, SUBJECTS.values()))


def options_table() -> str:
    """Return the command-line options, each with its ini twin, as a Markdown table."""
    return _table("| command line | ini file | what it does |", map(_option_row, OPTIONS.values()))


def deviations_table() -> str:
    """Return where the count differs from XLA's as a Markdown table."""
    return _table("| primitives | counted | XLA counts | why |", map(_deviation_row, DEVIATIONS))


def rewritten_table() -> str:
    """Return where the lowered or compiled program costs something else as a Markdown table."""
    return _table("| primitives | stages | why |", map(_rewritten_row, REWRITTEN))


def survival_table() -> str:
    """Return what survives on which device, as it was measured, as a Markdown table."""
    measured = json.loads(SURVIVAL.read_text(encoding="utf-8"))
    columns = measured["columns"]
    header = "| | " + " | ".join(DEVICES[device] for device in columns) + " |"
    versions = "| | " + " | ".join(each["versions"] for each in columns.values()) + " |"
    rows = _survival_rows(measured["rows"], [each["verdicts"] for each in columns.values()])
    return _table(header, [versions, *rows])


def _survival_rows(
    kinds: Mapping[str, Mapping[str, str]], columns: list[Mapping[str, str | None]]
) -> Iterator[str]:
    for kind, rows in kinds.items():
        yield f"| **[{kind}]({_page(kind)})** |" + " |" * len(columns)
        for name, text in rows.items():
            yield f"| {text} | " + " | ".join(VERDICTS[each[name]] for each in columns) + " |"


def _page(kind: str) -> str:
    return f"findings/{kind.replace('_', '-')}.md"


def _table_for(found: re.Match[str]) -> str:
    return TABLES[found.group(1)]()


def _subject_row(subject: Subject) -> str:
    bound = "number by name" if subject.names else BOUNDS[subject.unit]
    stages = " | ".join("yes" if each else "" for each in (subject.traced, subject.compiled))
    return f"| `{subject.name}` | {bound} | {stages} | {subject.meaning} |"


def _option_row(option: Option) -> str:
    value = f"={option.metavar}" if option.metavar else ""
    return f"| `{option.flag}{value}` | `{option.key}` ({option.ini}) | {option.help} |"


def _deviation_row(deviation: Deviation) -> str:
    names = _names(deviation.primitives) or "whole programs"
    return f"| {names} | {deviation.ours} | {deviation.xla} | {deviation.reason} |"


def _rewritten_row(rewritten: LoweredForm) -> str:
    names = f"{_names(rewritten.primitives)} {rewritten.form}".rstrip()
    return f"| {names} | {' and '.join(rewritten.stages)} | {rewritten.reason} |"


def _names(primitives: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in primitives)


def _table(header: str, rows: Iterable[str]) -> str:
    rule = "|---" * (header.count("|") - 1) + "|"
    return "\n".join([header, rule, *rows])


TABLES = {
    "subjects": subjects_table,
    "options": options_table,
    "deviations": deviations_table,
    "rewritten": rewritten_table,
    "survival": survival_table,
}
