"""The table of what survives is what is measured."""

from __future__ import annotations

import json

import pytest

from docs.hooks.tables import SURVIVAL, survival_table
from pytest_jaxcost.analyses.prices import EDITED
from tests.analyses.survival import table

STORED = json.loads(SURVIVAL.read_text(encoding="utf-8"))


def test_the_column_of_the_cpu_is_what_is_measured() -> None:
    stored = STORED["columns"]["cpu"]
    if stored["versions"] != table.versions("cpu"):
        pytest.skip("it was measured with " + stored["versions"])
    assert stored == table.column("cpu")


def test_every_column_has_every_row_and_no_other() -> None:
    assert STORED["rows"] == table.ROWS
    names = [name for rows in table.ROWS.values() for name in rows]
    for platform, column in STORED["columns"].items():
        assert list(column["verdicts"]) == names
        unmeasured = {name for name, verdict in column["verdicts"].items() if verdict is None}
        assert unmeasured == table.NOT_COMPILED.get(platform, set())


def test_every_kind_that_can_be_left_out_is_there() -> None:
    assert table.ROWS.keys() == {*EDITED, "dead"}


def test_the_page_has_a_row_for_each_program() -> None:
    programs = sum(map(len, table.ROWS.values()))
    assert survival_table().count("\n") == 2 + len(table.ROWS) + programs
