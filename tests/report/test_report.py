from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pytest_jaxcost.report import METRICS, Findings, Place, Report, Totals
from pytest_jaxcost.report.metrics import OPTIMIZED

from .fake import Fake, attention, found

SIN = found(kind="dead", primitive="sin", aval="f32[8]", transcendentals=8)
ARRAY = found(kind="intermediates", primitive="exp", aval="f32[1024]", nbytes=4096)


def wasteful(**changes: Any) -> Fake:
    found = {
        "duplicates": Findings([attention()]),
        "dead": Findings(from_jax=[SIN]),
        "intermediates": Findings([ARRAY]),
    }
    return Fake(found=found, **changes)


def test_totals_are_attributes() -> None:
    report = Report(Fake())
    assert (report.eqns, report.flops, report.transcendentals) == (36, 33_800_000, 5_002)
    assert (report.bytes_accessed, report.exact, report.caveats) == (25_165_824, True, ())
    assert report.primitives == {"dot_general": 5, "mul": 4, "tanh": 2}
    assert report.executions["dot_general"] == 50
    assert report.primitives["pjit"] == 3


def test_each_kind_of_findings_is_an_attribute() -> None:
    report = Report(wasteful())
    assert report.duplicates.eqns == 1
    assert report.dead.eqns == 0
    assert report.dead.from_jax.eqns == 1
    assert {"duplicates", "key_reuse"} <= set(dir(report))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("duplicate", "a jaxcost report has no 'duplicate'; did you mean 'duplicates'?"),
        ("primitive", "a jaxcost report has no 'primitive'; did you mean 'primitives'?"),
        ("zzz", "a jaxcost report has no 'zzz'"),
    ],
)
def test_an_unknown_attribute_names_the_nearest(name: str, message: str) -> None:
    with pytest.raises(AttributeError) as error:
        getattr(Report(Fake()), name)
    assert str(error.value) == message


def test_an_error_inside_a_property_is_not_hidden() -> None:
    class Broken(Fake):
        def totals(self) -> Totals:
            raise AttributeError("the measurement is broken")

    with pytest.raises(AttributeError, match=r"^the measurement is broken$"):
        _ = Report(Broken()).flops


def test_a_report_can_be_copied() -> None:
    assert copy.copy(Report(wasteful())).duplicates.eqns == 1


def test_every_metric_is_computed_when_read() -> None:
    fake = wasteful()
    metrics = Report(fake).metrics
    kinds = (None, "waste", *OPTIMIZED, *fake.findings_kinds)
    assert [*metrics] == [each.name for each in METRICS.values() if each.kind in kinds]
    assert fake.made == []
    assert metrics["duplicates"] == 1
    assert metrics["largest_intermediate_bytes"] == 4096
    assert set(fake.made) == {"duplicates", "intermediates"}
    assert metrics["compiled.temp_bytes"] == 4096
    assert fake.made[-1] == "compiled"


def test_an_unknown_metric_is_none_with_a_reason() -> None:
    metrics = Report(Fake(reasons={"peak_bytes": "not told"})).metrics
    assert metrics["compiled.peak_bytes"] is None
    assert metrics.reading("compiled.peak_bytes").reason == "not told"


def test_a_metric_that_does_not_exist_names_the_nearest() -> None:
    metrics = Report(Fake()).metrics
    assert "flop" not in metrics
    with pytest.raises(KeyError, match="no metric is named 'flop'; did you mean 'flops'"):
        metrics["flop"]


def test_metrics_of_findings_that_were_not_looked_for_are_left_out() -> None:
    class Little(Fake):
        findings_kinds = ("duplicates",)

    metrics = Report(Little()).metrics
    assert "duplicates" in metrics
    assert "dead" not in metrics


def test_check_returns_the_report() -> None:
    report = Report(wasteful())
    assert report.check(max_duplicates=1, max_flops="40 MFLOP") is report
    assert report.check() is report


def test_ignored_primitives_are_ignored_by_alias_everywhere() -> None:
    jit = attention(primitive="jit")
    report = Report(Fake(found={"duplicates": Findings([jit, attention()])}), ignore=["pjit"])
    assert [each.primitive for each in report.duplicates] == ["dot_general"]
    assert report.metrics["duplicates"] == 1
    assert len(report.to_dict()["findings"]["duplicates"]) == 1


def test_to_dict_is_plain_json_data() -> None:
    data = Report(wasteful()).to_dict()
    assert json.loads(json.dumps(data)) == data
    assert list(data) == [
        "name",
        "environment",
        "metrics",
        "primitives",
        "executions",
        "findings",
        "caveats",
    ]
    assert data["environment"] == {"jax": "0.12.0", "target": "cpu"}
    assert data["primitives"] == {"dot_general": 5, "mul": 4, "tanh": 2}
    assert data["findings"]["duplicates"][0]["places"][1]["line"] == 57


@pytest.mark.parametrize("made", [False, True])
def test_compiled_metrics_are_in_the_data_only_if_that_stage_was_made(made: bool) -> None:
    report = Report(wasteful())
    if made:
        assert report.compiled.temp_bytes == 4096
    metrics = report.to_dict()["metrics"]
    assert metrics["largest_intermediate_bytes"] == 4096
    assert ("compiled.temp_bytes" in metrics) is made
    assert "compiled.peak_bytes" not in metrics
    assert report.has_compiled is made


SUMMARY = """
grad(loss)                                                    traced, jax 0.12.0
  eqns 36   flops 33.8 MFLOP   transcendentals 5,002   bytes_accessed 24.0 MiB
  primitives: dot_general 5, mul 4, tanh 2
  duplicates 1   2.10 Mop

  attention is evaluated twice with the same values         saves 2.10 Mop, 6.2%
    model.py:41 in attention   (forward)
    model.py:57 in loss
    dot_general f32[512,512]
    fix: both call attention(x); call it once and reuse the result         JC101
  dead 0   0 op   JAX's own 1
  largest_intermediate_bytes 4.00 KiB
    exp f32[1024]   4.00 KiB
  nothing found: recomputed, key_reuse, constants
"""


def test_the_summary_has_totals_and_findings() -> None:
    fake = wasteful()
    assert str(Report(fake)).splitlines() == SUMMARY.strip("\n").splitlines()
    assert "compiled" not in fake.made


BOUNDS = """
grad(loss)                               traced and compiled for cpu, jax 0.12.0
  eqns 1   flops at least 2 FLOP   transcendentals at least 0
    bytes_accessed at least 8 B
  primitives: none
  compiled.temp_bytes 4.00 KiB
  nothing found: duplicates, dead, recomputed, key_reuse, intermediates,
    constants
  caveat: the while at model.py:9 has no known trip count
"""


def test_the_summary_says_what_is_a_bound_and_why() -> None:
    caveats = ("the while at model.py:9 has no known trip count",)
    program = Totals(
        eqns=1, flops=2, transcendentals=0, bytes_accessed=8, exact=False, caveats=caveats
    )
    report = Report(Fake(program=program))
    assert report.compiled is not None
    assert str(report).splitlines() == BOUNDS.strip("\n").splitlines()


def test_the_summary_shows_three_findings_of_a_kind() -> None:
    found = [attention(aval=f"f32[{n}]", flops=n) for n in range(1, 6)]
    text = str(Report(Fake(found={"duplicates": Findings(found)})))
    assert text.count("is evaluated twice") == 3
    assert "    ... and 2 more in report.duplicates" in text.splitlines()


def test_the_repr_is_one_line() -> None:
    assert repr(Report(Fake())) == "<jaxcost report of grad(loss): 36 eqns, 33,800,000 flops>"
    assert repr(Report(wasteful()).duplicates) == f"<Findings count=1: {attention().title}>"
    assert repr(Findings()) == "<Findings count=0>"


def test_html_is_escaped() -> None:
    evil = attention(
        primitive="<b>", hint="a < b & c", places=(Place(file="<script>", line=1, function="<f>"),)
    )
    caveats = ("<caveat>",)
    program = Totals(eqns=1, flops=1, transcendentals=0, bytes_accessed=0, caveats=caveats)
    found = {"duplicates": Findings([evil])}
    html = Report(Fake(name="<lambda>", program=program, found=found))._repr_html_()
    assert "<strong>&lt;lambda&gt;</strong>" in html
    assert "<td>&lt;script&gt;:1 &lt;f&gt;</td><td>a &lt; b &amp; c</td>" in html
    assert "<p>caveat: &lt;caveat&gt;</p>" in html
    assert not {"<lambda>", "<script>", "<b>", "<f>", "<caveat>"} & set(html.split())
    assert html.count("<table>") == html.count("</table>") == 2
