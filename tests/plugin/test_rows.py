"""Rows are plain JSON data, whatever the numbers of a report are made of."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pytest_jaxcost.plugin.rows import row
from pytest_jaxcost.report import Report, Totals
from tests.report.fake import Fake

NUMPY = Totals(
    eqns=np.int64(3),  # type: ignore[arg-type]
    flops=np.int32(8),  # type: ignore[arg-type]
    transcendentals=np.uint8(16),  # type: ignore[arg-type]
    bytes_accessed=2**70,
    exact=False,
    caveats=("a while of unknown trip count",),
)


def test_a_row_is_json() -> None:
    made = row(Report(Fake(name="f", program=NUMPY)))
    assert json.loads(json.dumps(made)) == made
    assert made == {
        "name": "f",
        "eqns": 3,
        "flops": 8,
        "transcendentals": 16,
        "bytes_accessed": 2**70,
        "duplicates": 0,
        "dead": 0,
        "bounds": ["flops", "transcendentals", "bytes_accessed"],
    }


def test_what_it_is_made_from_is_not() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(NUMPY.eqns)
