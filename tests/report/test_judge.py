from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from pytest_jaxcost.report import (
    CostError,
    Family,
    Findings,
    Limits,
    Metric,
    Reading,
    Report,
    Totals,
    Verdict,
    judge,
)

from .fake import Fake, attention


def verdict(reading: Reading, whole: Reading | None = None, **limit: Any) -> Verdict:
    """The verdict on one limit where every metric reads the same, and wholes their own."""
    settings = Limits.of({**limit, "relative_to": object()}).parse()
    (subject,) = (each.subject for each in settings.limits)

    def read(asked: Metric | Family, item: str | None) -> Reading:
        return reading if asked is subject or whole is None else whole

    return judge(settings.limits, read, read)[0]


# limit, the most or least that keeps it, the first that does not
BOUNDARIES = [
    ({"max_eqns": 100}, 100, 101),
    ({"max_eqns": 0}, 0, 1),
    ({"max_flops": "2 GFLOP"}, 2 * 10**9, 2 * 10**9 + 1),
    ({"max_flops": 2**53}, 2**53, 2**53 + 1),
    ({"compiled": {"max_temp_bytes": "24 MiB"}}, 24 * 2**20, 24 * 2**20 + 1),
    ({"max_transcendentals": "1.5k"}, 1500, 1501),
    ({"min_eqns": 100}, 100, 99),
    ({"min_flops": "1k"}, 1000, 999),
    ({"eqns": 100}, 100, 101),
    ({"eqns": 100}, 100, 99),
    ({"primitives": {"tanh": 2}}, 2, 3),
    ({"primitives": {"tanh": 2}}, 2, 1),
    ({"max_primitives": {"tanh": 2}}, 2, 3),
    ({"min_primitives": {"tanh": 2}}, 2, 1),
    ({"max_executions": {"dot_general": 40}}, 40, 41),
    ({"forbid": ("while",)}, 0, 1),
    ({"compiled": {"opcodes": {"dot": 2}}}, 2, 1),
    ({"compiled": {"max_opcodes": {"dot": 2}}}, 2, 3),
    ({"compiled": {"max_executions": {"dot": 20}}}, 20, 21),
    ({"compiled": {"forbid": ("custom-call",)}}, 0, 1),
    ({"compiled": {"max_collectives": {"all-gather": 0}}}, 0, 1),
    ({"compiled": {"max_collective_executions": {"all-reduce": 10}}}, 10, 11),
    ({"compiled": {"max_collective_bytes": "1 MiB"}}, 2**20, 2**20 + 1),
    ({"compiled": {"max_flops": "1 MFLOP"}}, 10**6, 10**6 + 1),
    ({"compiled": {"max_waste": "1 kop"}}, 1000, 1001),
    ({"max_waste": 0}, 0, 1),
    ({"max_duplicates": 2}, 2, 3),
    ({"max_duplicates": "2 kop"}, 2000, 2001),
    ({"max_dead": "2 op"}, 2, 3),
    ({"phases": {"backward": {"max_flops": "1 MFLOP"}}}, 10**6, 10**6 + 1),
    ({"scopes": {"attention": {"max_zeros": "1 kop"}}}, 1000, 1001),
]


@pytest.mark.parametrize(("limit", "kept", "exceeded"), BOUNDARIES, ids=str)
def test_a_value_on_the_limit_keeps_it_and_one_more_does_not(
    limit: dict[str, Any], kept: int, exceeded: int
) -> None:
    assert verdict(Reading(value=kept), **limit).kept
    over = verdict(Reading(value=exceeded), **limit)
    assert over.exceeded
    assert over.margin == exceeded - kept


@pytest.mark.parametrize(
    ("share", "kept", "exceeded"),
    [("5%", 50, 51), ("0.1%", 1, 2), ("0%", 0, 1), ("100%", 1000, 1001)],
)
def test_a_share_is_of_the_whole(share: str, kept: int, exceeded: int) -> None:
    whole = Reading(value=1000)
    limit = {"max_duplicates": share}
    assert verdict(Reading(value=kept), whole, **limit).kept
    over = verdict(Reading(value=exceeded), whole, **limit)
    assert over.exceeded
    assert over.share == Fraction(exceeded, 1000)


def test_a_share_of_nothing_is_nothing() -> None:
    assert verdict(Reading(value=0), Reading(value=0), max_dead="5%").kept
    assert verdict(Reading(value=1), Reading(value=0), max_dead="5%").exceeded


@pytest.mark.parametrize(("times", "kept", "exceeded"), [("5x", 50, 51), ("1.1x", 11, 12)])
def test_a_multiple_is_of_the_other_report(times: str, kept: int, exceeded: int) -> None:
    other = Report(Fake(program=totals(flops=10)))
    limits = {"max_flops": times, "relative_to": other}
    assert Report(Fake(program=totals(flops=kept))).check(**limits)
    with pytest.raises(CostError) as error:
        Report(Fake(program=totals(flops=exceeded))).check(**limits)
    assert error.value.verdicts[0].multiple == Fraction(exceeded, 10)


def test_a_multiple_of_counts_by_name() -> None:
    other = Report(Fake())
    assert Report(Fake()).check(max_primitives={"tanh": "1x"}, relative_to=other)
    with pytest.raises(CostError):
        Report(Fake()).check(max_primitives={"tanh": "0.9x"}, relative_to=other)


@pytest.mark.parametrize("name", ["jit", "pjit"])
def test_limits_on_calls_count_the_call_sites(name: str) -> None:
    report = Report(Fake())
    assert report.check(primitives={name: 3}) is report
    with pytest.raises(CostError):
        report.check(primitives={name: 2})


@pytest.mark.parametrize("limit", [{"max_peak_bytes": 10**9}, {"min_peak_bytes": 0}])
def test_an_unknown_value_never_keeps_a_limit(limit: dict[str, int]) -> None:
    unknown = verdict(Reading(value=None, reason="this compiler does not say"), compiled=limit)
    assert unknown.exceeded
    assert unknown.undecided == "this compiler does not say"


def test_a_multiple_of_an_unknown_value_never_keeps_a_limit() -> None:
    known, unknown = Fake(memory={"peak_bytes": 1}), Fake(reasons={"peak_bytes": "not told"})
    with pytest.raises(CostError) as error:
        Report(known).check(compiled={"max_peak_bytes": "2x"}, relative_to=Report(unknown))
    assert error.value.verdicts[0].undecided == "2x of an unknown amount: not told"


# A lower bound decides a maximum it exceeds and a minimum it reaches; a maximum it keeps is kept.
LOWER_BOUNDS: list[tuple[dict[str, int], bool, bool]] = [
    ({"max_flops": 50}, True, True),
    ({"max_flops": 49}, False, True),
    ({"min_flops": 50}, True, True),
    ({"min_flops": 51}, False, False),
    ({"flops": 49}, False, True),
    ({"flops": 50}, False, False),
    ({"flops": 51}, False, False),
]


@pytest.mark.parametrize(("limit", "kept", "decided"), LOWER_BOUNDS, ids=str)
def test_a_lower_bound_is_judged_where_it_decides(
    limit: dict[str, int], kept: bool, decided: bool
) -> None:
    found = verdict(Reading(value=50, exact=False), **limit)
    assert (found.kept, not found.undecided) == (kept, decided)


@pytest.mark.parametrize("metric", ["flops", "transcendentals", "bytes_accessed"])
def test_inexact_totals_are_lower_bounds(metric: str) -> None:
    assert not Report(Fake(program=totals(exact=False))).metrics.reading(metric).exact
    assert Report(Fake(program=totals(exact=True))).metrics.reading(metric).exact


def test_a_count_of_equations_is_exact_even_then() -> None:
    report = Report(Fake(program=totals(exact=False)))
    assert report.metrics.reading("eqns").exact
    assert report.check(primitives={"tanh": 0})
    with pytest.raises(CostError):
        report.check(executions={"tanh": 0})


MADE: list[tuple[dict[str, Any], set[str]]] = [
    ({"max_flops": 10**9}, {"totals"}),
    ({"forbid": "while"}, {"totals"}),
    ({"max_key_reuse": 0}, {"key_reuse"}),
    ({"max_key_reuse": "5%"}, {"key_reuse", "totals"}),
    ({"max_dead": "5%"}, {"dead", "written"}),
    ({"max_largest_intermediate_bytes": 0}, {"intermediates"}),
    ({"compiled": {"max_temp_bytes": 10**9}}, {"compiled"}),
    ({"relative_to": len, "max_flops": 10**9}, {"totals"}),
]


@pytest.mark.parametrize(("limits", "made"), MADE, ids=lambda each: ",".join(sorted(each)))
def test_only_what_the_limits_name_is_made(limits: dict[str, Any], made: set[str]) -> None:
    fake = Fake()
    Report(fake).check(**limits)
    assert set(fake.made) == made


def test_ignored_primitives_are_no_findings_in_this_check() -> None:
    report = Report(Fake(found={"duplicates": Findings([attention()])}))
    assert report.check(max_duplicates=0, ignore=("dot_general",)) is report
    with pytest.raises(CostError):
        report.check(max_duplicates=0, ignore=("tanh",))
    assert report.ignoring(["dot_general"]).duplicates.eqns == 0
    assert report.duplicates.eqns == 1


def totals(**changes: Any) -> Totals:
    none: dict[str, Any] = {"eqns": 0, "flops": 0, "transcendentals": 0, "bytes_accessed": 0}
    return Totals(**none | changes)
