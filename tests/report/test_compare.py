from __future__ import annotations

import pytest

from pytest_jaxcost.report import Findings, Place, Report, explain, number_lines

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
    assert number_lines(report.primitives["tanh"], 3) == [
        'primitives["tanh"] of grad(loss) is 2:',
        "    tanh f32[512]   twice   512 transcendentals",
        "      model.py:12 in layer   (forward)",
    ]
    assert number_lines(1, report.executions["sin"]) == ['executions["sin"] of grad(loss) is 0']


FOUND = [
    "  attention is evaluated twice with the same values",
    "    saves 2.10 Mop, 6.2%",
    "    model.py:41 in attention   (forward)",
    "    model.py:57 in loss",
    "    dot_general f32[512,512]",
    "    fix: both call attention(x); call it once and reuse the result JC101",
]


@pytest.mark.parametrize("field", ["count", "flops", "operations"])
def test_a_sum_of_findings_says_where_they_are(field: str) -> None:
    value = getattr(measured().duplicates, field)
    assert number_lines(value) == [f"duplicates.{field} of grad(loss) is {value:,}:", *FOUND]


def test_findings_say_where_they_are() -> None:
    found = measured().duplicates
    first = f"<Findings count=1: {attention().title}> == ()"
    assert explain("==", found, ()) == [first, *FOUND]


def test_a_total_says_what_contributes_most() -> None:
    assert number_lines(measured().flops) == ["flops of grad(loss) is 33,800,000"]
    assert number_lines(measured().transcendentals) == [
        "transcendentals of grad(loss) is 5,002:",
        "    tanh f32[512]   twice   512 transcendentals",
        "      model.py:12 in layer   (forward)",
    ]


def test_waste_says_what_it_is() -> None:
    waste = Report(Fake(found={"waste": Findings([attention()])})).waste
    assert number_lines(waste) == ["waste of grad(loss) is 2,100,000:", *FOUND]


def test_two_numbers_are_both_explained() -> None:
    one, other = measured(), Report(Fake(name="other"))
    assert number_lines(one.primitives["tanh"], other.primitives["mul"]) == [
        'primitives["tanh"] of grad(loss) is 2:',
        "    tanh f32[512]   twice   512 transcendentals",
        "      model.py:12 in layer   (forward)",
        'primitives["mul"] of other is 4',
    ]


@pytest.mark.parametrize(
    ("left", "right"),
    [(2, 2), (2, 3), (33_800_000, 3), (True, 2), ("2", 2), ([2], [3]), ({"tanh": 2}, {})],
)
def test_what_was_not_read_of_a_report_is_left_to_pytest(left: object, right: object) -> None:
    report = measured()
    assert report.primitives["tanh"] == 2
    assert report.flops == 33_800_000
    assert explain("==", left, right) is None
    assert number_lines(left, right) == []


def test_what_is_computed_of_a_number_is_left_to_pytest() -> None:
    report = measured()
    assert number_lines(report.primitives["tanh"] + 1, report.flops / report.eqns) == []
