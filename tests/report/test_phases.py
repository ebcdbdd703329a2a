"""Parts of a report and limits on them, on a measurement made from plain data."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from pytest_jaxcost.report import (
    PHASES,
    CostError,
    Findings,
    LimitError,
    Limits,
    Report,
    ScopeError,
    Totals,
    limit_names,
)
from pytest_jaxcost.report.numbers import Number
from pytest_jaxcost.report.records import PHASES as JAX_PHASES

from .fake import Fake, attention


def part(name: str, flops: int, **changes: Any) -> Fake:
    program = Totals(
        eqns=9, flops=flops, transcendentals=0, bytes_accessed=0, primitives={"dot_general": 2}
    )
    return Fake(name=name, program=program, **changes)


def divided() -> Fake:
    backward = part(
        "grad(loss) (backward)",
        20_000_000,
        found={"duplicates": Findings([attention(phase="transpose")])},
    )
    return Fake(
        phases={"backward": backward, "forward": part("grad(loss) (forward)", 13_800_000)},
        named={"attention": part("attention in grad(loss)", 4_200_000)},
    )


def test_each_phase_is_a_report() -> None:
    fake = divided()
    phases = Report(fake).phases
    assert fake.made == []
    assert tuple(phases) == tuple(PHASES) == ("forward", "backward", "remat", "unattributed")
    assert len(phases) == 4
    assert phases["backward"].flops == 20_000_000
    assert phases["remat"].eqns == 0
    assert phases["backward"].duplicates.eqns == 1
    assert fake.made == ["phase backward", "phase remat"]


@pytest.mark.parametrize("name", JAX_PHASES)
def test_the_phases_of_jax_are_accepted(name: str) -> None:
    fake = divided()
    assert Report(fake).phases[name].name
    assert fake.made == [f"phase {name}"]
    Report(fake).check(phases={name: {"max_eqns": 9}})


def test_the_repr_shows_what_each_phase_costs() -> None:
    assert repr(Report(divided()).phases) == (
        "<phases of grad(loss) in flops: forward 13,800,000, backward 20,000,000, remat 0,"
        " unattributed 0>"
    )


def test_a_scope_is_a_report() -> None:
    report = Report(divided())
    assert report.scopes == ("attention",)
    assert report.scope("attention").name == "attention in grad(loss)"
    with pytest.raises(ScopeError, match="no scope is named 'mlp'"):
        report.scope("mlp")


def test_what_is_read_of_a_part_says_of_which_part() -> None:
    count = Report(divided()).phases["backward"].primitives["dot_general"]
    assert count == 2
    assert isinstance(count, Number)
    assert count.origin.of == "grad(loss) (backward)"


def test_parts_ignore_what_the_report_ignores() -> None:
    report = Report(divided(), ignore=["dot_general"])
    assert report.phases["backward"].duplicates.eqns == 0


MESSAGE = """
jaxcost: 3 of 4 limits exceeded   grad(loss)
  traced, jax 0.12.0

  phases.backward.flops 59.2% > 50%
    20.0 MFLOP of 33.8 MFLOP, allowed 16.9 MFLOP

  phases.backward.duplicates 1 > 0

  attention is evaluated twice with the same values
    saves 2.10 Mop, 6.2%
    model.py:41 in attention   (backward)
    model.py:57 in loss
    dot_general f32[512,512]
    fix: both call attention(x); call it once and reuse the result JC101

  phases.forward.primitives["dot_general"] is forbidden
  within limits: phases.forward.flops 13.8 MFLOP of 15 MFLOP
"""


def test_the_message_names_the_phase_and_shares_of_the_whole() -> None:
    limits = {
        "backward": {"max_flops": "50%", "max_duplicates": 0},
        "forward": {"max_flops": "15 MFLOP", "forbid": "dot_general", "max_eqns": None},
        "remat": None,
    }
    with pytest.raises(CostError) as error:
        Report(divided()).check(phases=limits)
    assert str(error.value).splitlines() == MESSAGE.strip("\n").splitlines()


def test_a_multiple_is_of_the_same_phase_of_the_other_report() -> None:
    report = Report(divided())
    report.check(phases={"forward": {"max_flops": "1x"}}, relative_to=Report(divided()))
    with pytest.raises(CostError):
        report.check(phases={"forward": {"max_flops": "0.9x"}}, relative_to=Report(divided()))


def test_a_share_of_findings_is_of_the_whole_program() -> None:
    report = Report(divided())
    share = Fraction(2_100_000, 33_805_002)
    found = report.judge(
        Limits.of({"phases": {"backward": {"max_duplicates": "6%"}}}).parse().limits
    )
    assert [(each.share, each.exceeded) for each in found] == [(share, True)]
    report.check(phases={"backward": {"max_duplicates": "6.3%"}})


def attention_function() -> None: ...


def test_scopes_are_parts_by_name_or_by_function() -> None:
    fake = divided()
    fake.named[attention_function] = part("attention_function in grad(loss)", 7)
    limits = {"attention": {"max_flops": "4 MFLOP"}, attention_function: {"max_flops": 6}}
    with pytest.raises(CostError) as error:
        Report(fake).check(scopes=limits)
    assert [each.limit.label for each in error.value.verdicts] == [
        "scopes.attention.flops",
        "scopes.attention_function.flops",
    ]
    assert [each.reading.value for each in error.value.verdicts] == [4_200_000, 7]


def test_scopes_nest() -> None:
    inner = part("attention in grad(loss) (backward)", 5)
    fake = divided()
    fake.named["attention"].phases = {"backward": inner}
    scopes = {"attention": {"phases": {"backward": {"max_flops": 4}}}}
    with pytest.raises(CostError) as error:
        Report(fake).check(scopes=scopes)
    (verdict,) = error.value.verdicts
    assert verdict.limit.label == "scopes.attention.phases.backward.flops"
    assert verdict.reading.value == 5


def test_a_scope_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ScopeError, match="no scope is named 'mlp'"):
        Report(divided()).check(scopes={"mlp": {"max_flops": 1}})


UNDIVIDED = "the compiled program is not divided into phases and scopes"
INSIDE = "stands beside compiled, phases, scopes, not inside"
THERE_ARE = "There are forward, backward, remat, unattributed"
REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"phases": 3},
        'phases=3: not limits; write phases={"backward": {"max_flops": "1 MFLOP"}}',
    ),
    (
        {"phases": {}},
        'phases={}: not limits; write phases={"backward": {"max_flops": "1 MFLOP"}}',
    ),
    (
        {"scopes": {}},
        'scopes={}: not limits; write scopes={"attention": {"max_flops": "1 MFLOP"}}',
    ),
    ({"compiled": {}}, 'compiled={}: not limits; write compiled={"max_flops": "1 MFLOP"}'),
    (
        {"phases": {"transposed": {"max_flops": 1}}},
        f"phases: no phase is named 'transposed'; did you mean 'transpose'? {THERE_ARE}",
    ),
    (
        {"phases": {"sideward": {"max_flops": 1}}},
        f"phases: no phase is named 'sideward'. {THERE_ARE}",
    ),
    (
        {"phases": {"jvp": 3}},
        'phases[\'jvp\']=3: not limits; write phases={"backward": {"max_flops": "1 MFLOP"}}',
    ),
    ({"scopes": {3: {"max_flops": 1}}}, "scopes: 3 is no name of a scope and no function"),
    ({"phases": {"jvp": {"ignore": "mul"}}}, f"phases['jvp']: ignore {INSIDE}"),
    ({"compiled": {"relative_to": 3}}, f"compiled: relative_to {INSIDE}"),
    (
        {"phases": {"jvp": {"compiled": {"max_flops": 1}}}},
        f"phases['jvp']: compiled: {UNDIVIDED}",
    ),
    (
        {"compiled": {"phases": {"jvp": {"max_flops": 1}}}},
        f"compiled: phases: {UNDIVIDED}",
    ),
    (
        {"phases": {"jvp": {"max_primitives": {"tnh": 1}}}},
        (
            "phases['jvp']: max_primitives: no JAX primitive is named 'tnh'; did you mean 'tanh'"
            " or 'tan'?"
        ),
    ),
    (
        {"phases": {"jvp": {"max_flops": "2x"}}},
        (
            "phases['jvp']: max_flops='2x' is a multiple of another report; pass that report, or"
            " a function, as relative_to="
        ),
    ),
]


@pytest.mark.parametrize(("limits", "message"), REFUSED, ids=str)
def test_limits_in_scopes_that_cannot_be_meant(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(LimitError) as error:
        Report(divided()).check(**limits)
    assert str(error.value) == message


def test_scopes_are_among_the_limits() -> None:
    assert {"compiled", "phases", "scopes"} <= set(limit_names())
