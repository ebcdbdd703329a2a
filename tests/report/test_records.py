from __future__ import annotations

import json

import pytest

from pytest_jaxcost.report import Findings

from .fake import attention, found

BROADCAST = found(
    kind="duplicates", primitive="broadcast_in_dim", bookkeeping=True, bytes_accessed=10**9
)


def test_bookkeeping_is_listed_and_never_counted() -> None:
    findings = Findings([BROADCAST, attention()])
    assert [each.primitive for each in findings] == ["dot_general"]
    assert [each.primitive for each in findings.all] == ["dot_general", "broadcast_in_dim"]
    assert (findings.count, findings.bytes_accessed) == (1, 3_145_728)


def test_sums_are_over_counts_and_the_costliest_comes_first() -> None:
    cheap = attention(primitive="tanh", count=3, flops=0, transcendentals=30)
    findings = Findings([cheap, attention()])
    assert [each.primitive for each in findings] == ["dot_general", "tanh"]
    assert (findings.eqns, findings.flops, findings.transcendentals) == (4, 2_100_000, 30)


def test_order_does_not_depend_on_the_order_found() -> None:
    alike = [attention(aval=f"f32[{n}]") for n in range(5)]
    assert list(Findings(alike)) == list(Findings(reversed(alike)))


def test_sizes_sum_and_have_a_largest() -> None:
    findings = Findings([attention(nbytes=8), attention(nbytes=24)])
    assert (findings.nbytes, findings.largest_nbytes) == (32, 24)
    assert (Findings().nbytes, Findings().largest_nbytes) == (0, 0)


@pytest.mark.parametrize("exact", [True, False])
def test_one_inexact_cost_makes_the_sums_inexact(exact: bool) -> None:
    assert Findings([attention(), attention(exact=exact)]).exact is exact


def test_what_is_jax_s_is_apart() -> None:
    findings = Findings([attention()], from_jax=[attention(primitive="sin")])
    assert findings.count == 1
    assert [each.primitive for each in findings.from_jax] == ["sin"]


def test_ignored_primitives_are_gone_everywhere() -> None:
    findings = Findings([attention(), BROADCAST], from_jax=[attention(primitive="sin")])
    assert findings.without({"dot_general", "sin"}) == Findings([BROADCAST])
    assert findings.without(set()) is findings


def test_a_finding_is_plain_json_data() -> None:
    data = attention().to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["places"][0] == {
        "file": "model.py",
        "line": 41,
        "function": "attention",
        "phase": "",
    }


def test_times_scales_every_amount() -> None:
    three = attention(transcendentals=5, nbytes=7).times(3)
    assert (three.count, three.flops, three.transcendentals, three.nbytes) == (3, 6_300_000, 15, 21)
    assert three.share == pytest.approx(3 * attention().share)


def test_what_a_compiler_repeats_is_held_against_what_was_asked_for() -> None:
    assert (attention().computed, attention().factor) == (None, None)
    wave = attention(kind="recomputed_by_xla", asked=2, count=9)
    assert (wave.computed, wave.factor) == (11, 5.5)
    assert (wave.times(3).asked, wave.times(3).computed, wave.times(3).factor) == (6, 33, 5.5)
    assert wave.to_dict()["equations"][0]["asked"] == 2
