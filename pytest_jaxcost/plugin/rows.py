"""One measurement as a row of plain JSON data, for the table, JUnit and pytest-xdist.

Rows travel on the test's report, which workers of pytest-xdist send as it is: a type that JSON does
not have would end the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from . import options

if TYPE_CHECKING:
    from ..report import Report

Row = dict[str, Any]

STAGES = "stages"


def wanted(config: pytest.Config) -> bool:
    """Whether anything shows rows: reading every metric of a report is not free."""
    shown = options.is_on(config, "report") or options.is_on(config, "stages")
    return shown or bool(config.getoption("xmlpath", None))


def row(report: Report, *, stages: bool = False) -> Row:
    """The metrics of the table, as numbers that JSON has; with `stages`, those of every stage.

    They are made for it, and their plain data stands under ``stages``.
    """
    from ..report import table_row

    plain = {key: _plain(value) for key, value in table_row(report).items()}
    return plain | ({STAGES: report.stages().to_dict()} if stages else {})


def add_properties(item: pytest.Item, row: Row) -> None:
    """Show the metrics that are known in the JUnit report, as ``jaxcost.grad(loss).flops``."""
    for metric, value in row.items():
        if isinstance(value, (int, float)):
            one = (f"jaxcost.{row['name']}.{metric}", value)
            item.user_properties += [] if one in item.user_properties else [one]


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, str):
        return value if value is None else str(value)
    return float(value) if isinstance(value, float) else int(value)
