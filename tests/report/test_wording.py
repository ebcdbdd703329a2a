"""The words for one finding."""

from __future__ import annotations

import pytest

from pytest_jaxcost.report.culprits import Culprit
from pytest_jaxcost.report.wording import amounts, what

from .fake import found

MANY = ", ".join(["i32[]", "f32[8]", "bool[2,3]", "f32[]", "f32[1]"])


@pytest.mark.parametrize(
    ("primitive", "aval", "expected"),
    [
        ("tanh", "f32[8,8]", "tanh f32[8,8]"),
        ("slice", "", "slice"),
        ("eigh", "f32[8,8], f32[8]", "eigh f32[8,8], f32[8]"),
        ("while", "i32[], i32[], f32[8], f32[]", "while i32[], i32[], f32[8], f32[]"),
        ("while", MANY, "while i32[], f32[8], bool[2,3], ... of 5"),
    ],
)
def test_of_many_results_the_first_ones_are_named(primitive: str, aval: str, expected: str) -> None:
    assert what(found(primitive=primitive, aval=aval, kind="intermediates")) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(1, "1 transcendental"), (1200, "1,200 transcendentals")]
)
def test_one_transcendental_is_one(number: int, expected: str) -> None:
    finding = found(primitive="sin", transcendentals=number, kind="duplicates")
    assert amounts(Culprit(finding, 1), "transcendentals") == (expected,)
