from __future__ import annotations

import pytest

from pytest_jaxcost.report import FAMILIES, METRICS, SUBJECTS, Findings, Metric, Totals
from pytest_jaxcost.report.metrics import OPTIMIZED, WHOLES
from pytest_jaxcost.report.units import EXAMPLES


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_each_line_of_the_table_is_sound(metric: Metric) -> None:
    assert metric.unit in EXAMPLES
    assert metric.meaning.endswith(".")
    assert "\n" not in metric.meaning
    assert metric.name == f"{'compiled.' * (metric.stage == 'compiled')}{_bare(metric)}"
    assert _bare(metric) in SUBJECTS
    priced = metric.in_operations
    assert (priced.whole is None) == (metric.unit not in ("findings", "op"))
    if priced.whole is not None:
        whole = WHOLES[priced.whole]
        stage = "compiled" if metric.kind in OPTIMIZED else "traced"  # as it was traced
        assert (
            (whole.unit, whole.stage, whole.whole)
            == (priced.unit, stage, None)
            == ("op", stage, None)
        )


def _bare(metric: Metric) -> str:
    return metric.name.removeprefix("compiled.")


def test_a_number_of_findings_is_a_part_of_nothing() -> None:
    assert not [each for each in METRICS.values() if each.unit == "findings" and each.whole]


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_each_metric_reads_a_field_that_exists(metric: Metric) -> None:
    source, field = metric.reads
    if source in ("totals", "written"):
        assert field in Totals.__dataclass_fields__ or isinstance(getattr(Totals(), field), int)
    elif source != "compiled":
        assert isinstance(getattr(Findings(), field), int)


@pytest.mark.parametrize("stage", ["traced", "compiled"])
def test_both_stages_have_metrics(stage: str) -> None:
    named = [name for name, metric in METRICS.items() if metric.stage == stage]
    assert len(named) >= 9


def test_no_metric_is_named_like_a_family_or_like_another_limit() -> None:
    prefixes = ("max_", "min_")
    assert not METRICS.keys() & FAMILIES.keys()
    assert not [name for name in (*METRICS, *FAMILIES) if name.startswith(prefixes)]
