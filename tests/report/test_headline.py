"""The message in one line."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_jaxcost.report import CostError, Findings, Place, Report

from .fake import Fake, attention

FOUND = {"duplicates": Findings([attention()])}
WORST = "attention is evaluated twice with the same values (model.py:41, 57)"

LINES: list[tuple[dict[str, Any], str]] = [
    ({"max_duplicates": 0}, f"duplicates 1 > 0: {WORST}"),
    ({"max_duplicates": "1%"}, f"duplicates 6.2% > 1%: {WORST}"),
    ({"max_duplicates": "1 kop"}, f"duplicates 2.10 Mop > 1 kop: {WORST}"),
    ({"max_flops": "5 MFLOP"}, "flops 33.8 MFLOP > 5 MFLOP"),
    ({"min_eqns": 40}, "eqns 36 < 40"),
    ({"eqns": 40}, "eqns 36 != 40"),
    ({"forbid": "tanh"}, 'primitives["tanh"] is forbidden'),
    ({"max_duplicates": 0, "max_eqns": 9}, f"duplicates 1 > 0, and 1 more limit: {WORST}"),
    (
        {"max_duplicates": 0, "max_eqns": 9, "max_flops": 9},
        f"duplicates 1 > 0, and 2 more limits: {WORST}",
    ),
    (
        {"compiled": {"max_peak_bytes": 9}},
        "compiled.peak_bytes cannot be checked: the compiler does not say",
    ),
]


@pytest.mark.parametrize(("limits", "line"), LINES)
def test_headline(limits: dict[str, Any], line: str) -> None:
    with pytest.raises(CostError) as raised:
        Report(Fake(found=FOUND)).check(**limits)
    assert raised.value.headline == f"jaxcost: {line}"


def test_a_multiple_is_told_as_one() -> None:
    with pytest.raises(CostError) as raised:
        Report(Fake()).check(max_flops="0.5x", relative_to=Report(Fake()))
    assert raised.value.headline == "jaxcost: flops 1x > 0.5x"


def test_places_of_several_files() -> None:
    places = (Place(file="a.py", line=1), Place(file="b.py", line=2), Place(file="a.py", line=3))
    many = attention(title="it is twice", places=(*places, Place(file="c.py", line=4)))
    with pytest.raises(CostError) as raised:
        Report(Fake(found={"duplicates": Findings([many])})).check(max_duplicates=0)
    assert raised.value.headline.endswith("it is twice (a.py:1, 3, b.py:2)")


def test_an_error_without_one_has_its_first_line() -> None:
    assert CostError("one\ntwo").headline == "one"
