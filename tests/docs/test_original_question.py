"""The numbers in the table about the original question are the program's."""

from __future__ import annotations

import re

import jax
import pytest

from docs.examples import test_original_question as example
from pytest_jaxcost import measure
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "original-question.md"
ROW = re.compile(r"^\| `(\w+)` \| ([\d.]+) MFLOP \| ([\d,]+) \| (\d) \| (\d+) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_table(row: tuple[str, ...]) -> None:
    name, flops, transcendentals, sines, tangents = row
    report = measure(getattr(example, name), (example.params1, example.params2))
    assert report.flops / 1e6 == pytest.approx(float(flops), rel=0.01)
    assert f"{report.transcendentals:,}" == transcendentals
    assert report.primitives["sin"] == int(sines)
    jaxpr = str(jax.make_jaxpr(getattr(example, name))(example.params1, example.params2))
    rows = {int(n) for n in re.findall(r"f32\[(\d+),64\]", jaxpr)} - {100}  # stacked steps
    assert max(rows) == int(tangents)


def test_every_way_has_a_row() -> None:
    assert [row[0] for row in ROWS] == ["jointly", "one_by_one", "by_parts"]
