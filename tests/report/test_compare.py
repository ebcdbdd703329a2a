from __future__ import annotations

import pytest

from pytest_jaxcost.report import Findings, Place, Report, explain

from .fake import Fake, attention, found

TANH = found(
    kind="occurrences",
    primitive="tanh",
    aval="f32[512]",
    count=2,
    transcendentals=512,
    places=(Place(file="model.py", line=12, function="layer", phase="jvp"),),
)


def measured() -> Report:
    return Report(Fake(where=Findings([TANH]), found={"duplicates": Findings([attention()])}))


DIFFERENCES = [
    "counts by primitive differ",
    "mul    4 counted, 5 expected",
    "sin    0 counted, 1 expected",
    "tanh   2 counted, 0 expected",
    "1 other agrees",
]


def test_mappings_show_only_the_names_that_differ() -> None:
    expected = {"dot_general": 5, "mul": 5, "sin": 1}
    counts = measured().primitives
    assert explain("==", counts, expected) == DIFFERENCES
    assert explain("==", expected, counts) == DIFFERENCES
    assert explain("!=", counts, expected) is None


def test_a_count_says_where_it_comes_from() -> None:
    report = measured()
    assert explain("==", report.primitives["tanh"], 3, [report]) == [
        "2 == 3",
        'primitives["tanh"] of grad(loss) is 2:',
        "    tanh f32[512]   twice   512 transcendentals",
        "      model.py:12 in layer   (jvp)",
    ]
    assert explain("<", 1, report.executions["sin"], [report]) == [
        "1 < 0",
        'executions["sin"] of grad(loss) is 0',
    ]


FOUND = [
    "    dot_general f32[512,512]   computed twice   2.10 MFLOP",
    "      model.py:41 in attention   (jvp)",
    "      model.py:57 in loss        (jvp)",
    "      hint: both call attention(x); call it once and reuse the result",
]


@pytest.mark.parametrize("field", ["count", "flops"])
def test_a_sum_of_findings_says_where_they_are(field: str) -> None:
    report = measured()
    value = getattr(report.duplicates, field)
    lines = [f"{value} == 0", f"duplicates.{field} of grad(loss) is {value:,}:", *FOUND]
    assert explain("==", value, 0, [report]) == lines


def test_findings_say_where_they_are() -> None:
    found = measured().duplicates
    first = "<Findings count=1: dot_general f32[512,512]> == ()"
    assert explain("==", found, (), []) == [first, *FOUND]


def test_the_last_read_of_all_reports_is_explained() -> None:
    first, second = measured(), Report(Fake(name="other"))
    assert first.primitives["tanh"] == second.primitives["tanh"]
    lines = explain("==", 2, 3, [second, first])
    assert lines is not None
    assert lines[1] == 'primitives["tanh"] of other is 2'
    assert first.primitives["tanh"] == 2
    lines = explain("==", 2, 3, [second, first])
    assert lines is not None
    assert lines[1] == 'primitives["tanh"] of grad(loss) is 2:'


@pytest.mark.parametrize(
    ("left", "right"), [(7, 3), (2.0, 3), (True, 2), ("2", 2), ([2], [3]), ({"tanh": 2}, {})]
)
def test_what_is_not_about_a_report_is_left_to_pytest(left: object, right: object) -> None:
    report = measured()
    assert report.primitives["tanh"] == 2
    assert explain("==", left, right, [report]) is None


def test_nothing_read_nothing_explained() -> None:
    assert explain("==", 2, 3, [measured()]) is None
    assert explain("==", 2, 3) is None
