from __future__ import annotations

import json
import re

from pytest_jaxcost.report import Findings, Report, Totals, table, table_row

from .fake import Fake, attention

PROGRAM = Totals(eqns=1200, flops=2, transcendentals=0, bytes_accessed=8, exact=False)
ROWS = [
    table_row(Report(Fake(found={"duplicates": Findings([attention()])}))),
    table_row(Report(Fake(program=PROGRAM)), name="tests/test_model.py::test_loss: loss"),
]


def test_a_row_is_plain_data() -> None:
    assert json.loads(json.dumps(ROWS)) == ROWS
    assert ROWS[1] == {
        "name": "tests/test_model.py::test_loss: loss",
        "eqns": 1200,
        "flops": 2,
        "transcendentals": 0,
        "bytes_accessed": 8,
        "duplicates": 0,
        "dead": 0,
        "bounds": ["flops", "transcendentals", "bytes_accessed"],
    }


WIDE = """
name                                   eqns       flops  transc.     bytes  dupl.  dead
grad(loss)                               36  33.8 MFLOP    5,002  24.0 MiB      1     0
tests/test_model.py::test_loss: loss  1,200    >=2 FLOP      >=0     >=8 B      0     0
"""


def test_columns_are_aligned() -> None:
    assert table(ROWS, width=100).splitlines() == WIDE.strip("\n").splitlines()


NARROW = """
name                            eqns       flops  transc.     bytes  dupl.  dead
grad(loss)                        36  33.8 MFLOP    5,002  24.0 MiB      1     0
tests/te...y::test_loss: loss  1,200    >=2 FLOP      >=0     >=8 B      0     0
"""


def test_long_names_are_cut_in_the_middle() -> None:
    assert table(ROWS, width=80).splitlines() == NARROW.strip("\n").splitlines()


def test_a_metric_that_is_missing_is_a_question_mark() -> None:
    row = {key: value for key, value in ROWS[0].items() if key != "dead"}
    assert table([row]).splitlines()[1].endswith("1     ?")


def test_color_adds_nothing_but_color() -> None:
    assert re.sub(r"\x1b\[[\d;]*m", "", table(ROWS, color=True)) == table(ROWS)
