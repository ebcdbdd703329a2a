"""The tables that MkDocs writes into the pages are the package's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.hooks.tables import (
    deviations_table,
    on_page_markdown,
    options_table,
    rewritten_table,
    subjects_table,
)
from pytest_jaxcost.cost.deviations import DEVIATIONS, REWRITTEN, Deviation, LoweredForm
from pytest_jaxcost.plugin.options import OPTIONS, Option
from pytest_jaxcost.report.metrics import SUBJECTS

DOCS = Path(__file__).parents[2] / "docs"


def test_a_page_without_tables_is_left_alone() -> None:
    assert on_page_markdown("# A page\n\n<!-- a remark -->\n") == "# A page\n\n<!-- a remark -->\n"


def test_a_row() -> None:
    assert (
        "| `zeros` | findings, operations, share | yes | yes | "
        "Work on parts of values that are zero whatever the inputs are. |"
    ) in subjects_table().splitlines()


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_limits_page_has_every_subject_once(name: str) -> None:
    page = on_page_markdown((DOCS / "limits.md").read_text(encoding="utf-8"))
    assert page.count(f"\n| `{name}` |") == 1


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda option: option.name)
def test_the_reference_has_every_option_once(option: Option) -> None:
    page = on_page_markdown((DOCS / "reference.md").read_text(encoding="utf-8"))
    assert page.count(f"\n| `{option.flag}") == 1


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda each: each.ours)
def test_the_page_on_counting_has_every_deviation_once(deviation: Deviation) -> None:
    page = on_page_markdown((DOCS / "counting.md").read_text(encoding="utf-8"))
    assert page.count(f" | {deviation.ours} | {deviation.xla} | {deviation.reason} |\n") == 1


@pytest.mark.parametrize("rewritten", REWRITTEN, ids=lambda each: each.reason)
def test_the_page_on_counting_has_every_rewritten_primitive_once(rewritten: LoweredForm) -> None:
    page = on_page_markdown((DOCS / "counting.md").read_text(encoding="utf-8"))
    stages = " and ".join(rewritten.stages)
    row = f"`{rewritten.primitives[-1]}` {rewritten.form}".rstrip()
    assert page.count(f"{row} | {stages} | {rewritten.reason} |\n") == 1


def test_every_row_has_the_cells_of_its_header() -> None:
    for table in (subjects_table(), options_table(), deviations_table(), rewritten_table()):
        assert len({line.count("|") for line in table.splitlines()}) == 1
