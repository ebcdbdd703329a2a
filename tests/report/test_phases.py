"""Parts of a report and limits on them, on a measurement made from plain data."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_jaxcost.report import (
    PHASES,
    CostError,
    Findings,
    LimitError,
    Report,
    ScopeError,
    Totals,
    limit_names,
)
from pytest_jaxcost.report.numbers import Number

from .fake import Fake, attention


def part(name: str, flops: int, **changes: Any) -> Fake:
    program = Totals(
        eqns=9, flops=flops, transcendentals=0, bytes_accessed=0, primitives={"dot_general": 2}
    )
    return Fake(name=name, program=program, **changes)


def divided() -> Fake:
    backward = part(
        "grad(loss) (transpose)",
        20_000_000,
        found={"duplicates": Findings([attention(phase="transpose")])},
    )
    return Fake(
        phases={"transpose": backward, "jvp": part("grad(loss) (jvp)", 13_800_000)},
        named={"attention": part("attention in grad(loss)", 4_200_000)},
    )


def test_each_phase_is_a_report() -> None:
    fake = divided()
    phases = Report(fake).phases
    assert fake.made == []
    assert tuple(phases) == PHASES
    assert len(phases) == 5
    assert phases["transpose"].flops == 20_000_000
    assert phases["recompute"].eqns == 0
    assert phases["transpose"].duplicates.eqns == 1
    assert fake.made == ["phase transpose", "phase recompute"]


def test_the_repr_shows_what_each_phase_costs() -> None:
    assert repr(Report(divided()).phases) == (
        "<phases of grad(loss) in flops: primal 0, jvp 13,800,000, transpose 20,000,000,"
        " recompute 0, unattributed 0>"
    )


def test_a_scope_is_a_report() -> None:
    report = Report(divided())
    assert report.scopes == ("attention",)
    assert report.scope("attention").name == "attention in grad(loss)"
    with pytest.raises(ScopeError, match="no scope is named 'mlp'"):
        report.scope("mlp")


def test_what_is_read_of_a_part_says_of_which_part() -> None:
    count = Report(divided()).phases["transpose"].primitives["dot_general"]
    assert count == 2
    assert isinstance(count, Number)
    assert count.origin.of == "grad(loss) (transpose)"


def test_parts_ignore_what_the_report_ignores() -> None:
    report = Report(divided(), ignore=["dot_general"])
    assert report.phases["transpose"].duplicates.eqns == 0


MESSAGE = """
jaxcost: 3 of 4 limits exceeded by grad(loss)
  traced, jax 0.12.0

  phases["transpose"].flops        20.0 MFLOP   allowed 50% = 16.9 MFLOP
    59.2% of 33.8 MFLOP
  phases["transpose"].duplicates   1   allowed 0   2.8% of 36 eqns
    dot_general f32[512,512]   computed twice   2.10 MFLOP
      model.py:41 in attention   (transpose)
      model.py:57 in loss        (transpose)
      hint: both call attention(x); call it once and reuse the result
  phases["jvp"].primitives["dot_general"]   2   forbidden
  within limits: phases["jvp"].flops 13.8 MFLOP of 15 MFLOP
"""


def test_the_message_names_the_phase_and_shares_of_the_whole() -> None:
    limits = {
        "transpose": {"max_flops": "50%", "max_duplicates": 0},
        "jvp": {"max_flops": "15 MFLOP", "forbid": "dot_general", "max_eqns": None},
        "recompute": None,
    }
    with pytest.raises(CostError) as error:
        Report(divided()).check(phases=limits)
    assert str(error.value).splitlines() == MESSAGE.strip("\n").splitlines()


def test_a_multiple_is_of_the_same_phase_of_the_other_report() -> None:
    report = Report(divided())
    report.check(phases={"jvp": {"max_flops": "1x"}}, relative_to=Report(divided()))
    with pytest.raises(CostError):
        report.check(phases={"jvp": {"max_flops": "0.9x"}}, relative_to=Report(divided()))


REFUSED: list[tuple[Any, str]] = [
    (3, 'phases=3: not limits by phase; write phases={"transpose": {"max_flops": "1 MFLOP"}}'),
    ({}, 'phases={}: not limits by phase; write phases={"transpose": {"max_flops": "1 MFLOP"}}'),
    (
        {"transposed": {"max_flops": 1}},
        (
            "phases: no phase is named 'transposed'; did you mean 'transpose'? There are primal,"
            " jvp, transpose, recompute, unattributed"
        ),
    ),
    (
        {"jvp": 3},
        'phases[\'jvp\']=3: not limits; write phases={"transpose": {"max_flops": "1 MFLOP"}}',
    ),
    ({"jvp": {"ignore": "mul"}}, "phases['jvp']: ignore stands beside phases, not inside"),
    ({"jvp": {"phases": {}}}, "phases['jvp']: phases stands beside phases, not inside"),
    (
        {"jvp": {"max_temp_bytes": 1}},
        "phases['jvp']: max_temp_bytes: the compiled program is not divided into phases",
    ),
    (
        {"jvp": {"max_primitives": {"tnh": 1}}},
        (
            "phases['jvp']: max_primitives: no JAX primitive is named 'tnh'; did you mean 'tanh'"
            " or 'tan'?"
        ),
    ),
    (
        {"jvp": {"max_flops": "2x"}},
        (
            "phases['jvp']: max_flops='2x' is a multiple of another report; pass that report as"
            " relative_to="
        ),
    ),
]


@pytest.mark.parametrize(("phases", "message"), REFUSED, ids=str)
def test_limits_on_phases_that_cannot_be_meant(phases: Any, message: str) -> None:
    with pytest.raises(LimitError) as error:
        Report(divided()).check(phases=phases)
    assert str(error.value) == message


def test_phases_are_among_the_limits() -> None:
    assert "phases" in limit_names()
