from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pytest_jaxcost.report import (
    CostError,
    Findings,
    Limits,
    Place,
    Report,
    Style,
    Totals,
)
from pytest_jaxcost.report.finding_lines import price

from .fake import Fake, attention, found

TANH = attention(
    primitive="tanh",
    aval="f32[512]",
    flops=0,
    transcendentals=512,
    survival="removed",
    places=(
        Place(file="model.py", line=12, function="layer", phase="jvp"),
        Place(file="model.py", line=12, function="layer", phase="transpose"),
    ),
    scope="block_3/mlp",
    hint="",
)


def message(fake: Fake, **limits: Any) -> str:
    with pytest.raises(CostError) as error:
        Report(fake).check(**limits)
    return str(error.value)


def lines(text: str) -> list[str]:
    return text.strip("\n").splitlines()


ONE_CULPRIT = """
jaxcost: duplicates 2.10 Mop > 0 op   grad(loss)
  traced, jax 0.12.0

  attention is evaluated twice with the same values
    saves 2.10 Mop, 6.2%
    model.py:41 in attention   (forward)
    model.py:57 in loss
    dot_general f32[512,512]
    all of it survives compilation (cpu)
    fix: both call attention(x); call it once and reuse the result JC101
  within limits: flops 33.8 MFLOP of 40 MFLOP
"""


def test_a_layer_called_twice() -> None:
    fake = Fake(found={"duplicates": Findings([attention(survival="survives")])})
    text = message(fake, max_duplicates="0 op", max_flops="40 MFLOP")
    assert lines(text) == lines(ONE_CULPRIT)


UNDECIDED = """
jaxcost: duplicates 2.10 Mop > 0 op   grad(loss)
  traced, jax 0.12.0

  attention is evaluated twice with the same values
    saves 2.10 Mop, 6.2%
    model.py:41 in attention   (forward)
    model.py:57 in loss
    dot_general f32[512,512]
    it may survive compilation (cpu): instructions of its kind and size
      do not say where they come from
    fix: both call attention(x); call it once and reuse the result JC101
"""


def test_a_long_reason_is_wrapped() -> None:
    reason = "instructions of its kind and size do not say where they come from"
    undecided = attention(survival="unknown", survival_reason=reason)
    fake = Fake(found={"duplicates": Findings([undecided])})
    assert lines(message(fake, max_duplicates="0 op")) == lines(UNDECIDED)


ALL_AT_ONCE = """
jaxcost: 7 of 10 limits exceeded, 1 cannot be checked   grad(loss)
  traced and compiled for cpu, jax 0.12.0

  duplicates 2 > 0
    set by --jaxcost-max

  attention is evaluated twice with the same values
    saves 2.10 Mop, 6.2%
    model.py:41 in attention   (forward)
    model.py:57 in loss
    dot_general f32[512,512]
    fix: both call attention(x); call it once and reuse the result JC101

  attention is evaluated twice with the same values   saves 512 op, 6.2%
    model.py:12 in layer   (forward)
    model.py:12 in layer   (backward)
    tanh f32[512]
    the compiler removes it (cpu)
    JC101

  waste 6.2% > 5%
    2.10 Mop of 33.8 Mop, allowed 1.69 Mop; set by --jaxcost-max
    1 of the findings above

  dead 1 > 0
    set by --jaxcost-max
    JAX drops dead equations when it lowers: tracing time, not run time.

  the result of jnp.sin(x) is never used                 8 op as written
    model.py:3
    sin f32[8]
    JC401

  primitives["tanh"] 2 != 1
    set by --jaxcost-max
    tanh f32[512]   twice   512 transcendentals
      model.py:12 in layer   (forward)

  primitives["tanh"] is forbidden
    set by --jaxcost-max
    1 of the findings above

  compiled.temp_bytes 4.00 KiB > 4000
    set by --jaxcost-max

  compiled.peak_bytes cannot be checked
    the CPU compiler does not report it
    set by --jaxcost-max

  transcendentals 5,002 < 6k
    set by --jaxcost-max
  within limits: flops 33.8 MFLOP of 40 MFLOP, eqns 36 (at least 10)
"""


def test_all_breaches_at_once() -> None:
    dead = found(
        kind="dead",
        code="JC401",
        title="the result of jnp.sin(x) is never used",
        primitive="sin",
        aval="f32[8]",
        transcendentals=8,
        places=(Place(file="model.py", line=3),),
    )
    tanh = found(
        kind="occurrences",
        primitive="tanh",
        aval="f32[512]",
        count=2,
        transcendentals=512,
        places=(Place(file="model.py", line=12, function="layer", phase="jvp"),),
    )
    fake = Fake(
        found={
            "duplicates": Findings([attention(), TANH]),
            "dead": Findings([dead]),
            "waste": Findings([attention()]),
        },
        where=Findings([tanh]),
        reasons={"peak_bytes": "the CPU compiler does not report it"},
    )
    limits = {
        "max_duplicates": 0,
        "max_waste": "5%",
        "max_flops": "40 MFLOP",
        "max_dead": 0,
        "primitives": {"tanh": 1},
        "forbid": "tanh",
        "compiled": {"max_temp_bytes": 4000, "max_peak_bytes": "24 MiB"},
        "min_transcendentals": "6k",
        "min_eqns": 10,
    }
    with pytest.raises(CostError) as error:
        Report(fake).enforce(Limits.of(limits, origin="--jaxcost-max"))
    assert lines(str(error.value)) == lines(ALL_AT_ONCE)
    assert len(error.value.verdicts) == 10


CANNOT_CHECK = """
jaxcost: 2 of 3 limits cannot be checked   grad(loss)
  traced and compiled for cpu, jax 0.12.0

  flops cannot be checked
    only a lower bound is known

  compiled.peak_bytes cannot be checked
    the compiler does not say
  within limits: bytes_accessed at least 24.0 MiB of 25 MiB
  caveat: the while at model.py:9 has no known trip count; its body is
    counted once
"""


def test_what_cannot_be_checked_says_why() -> None:
    program = Totals(
        eqns=36,
        flops=33_800_000,
        transcendentals=0,
        bytes_accessed=24 * 2**20,
        exact=False,
        caveats=("the while at model.py:9 has no known trip count; its body is counted once",),
    )
    text = message(
        Fake(program=program),
        min_flops="40 MFLOP",
        compiled={"max_peak_bytes": "24 MiB"},
        max_bytes_accessed="25 MiB",
    )
    assert lines(text) == lines(CANNOT_CHECK)


OTHER_REPORT = """
jaxcost: flops 3.2x > 3x   grad(loss)
  traced, jax 0.12.0
  33.8 MFLOP; relative_to has 10.7 MFLOP, allowed 32.1 MFLOP
    dot_general f32[512,512]   5 times   33.0 MFLOP   97.6% of the work
      model.py:41 in attention   (forward)
"""


def test_a_multiple_names_both_amounts() -> None:
    dot = found(
        kind="occurrences",
        primitive="dot_general",
        aval="f32[512,512]",
        count=5,
        flops=33_000_000,
        share=0.97631,
        phase="jvp",
        places=(Place(file="model.py", line=41, function="attention"),),
    )
    other = Report(Fake(name="loss", program=program(10_700_000)))
    text = message(Fake(where=Findings([dot])), max_flops="3x", relative_to=other)
    assert lines(text) == lines(OTHER_REPORT)


NEAR_MISS = """
jaxcost: 2 of 2 limits exceeded   grad(loss)
  traced, jax 0.12.0

  flops 40.000001 MFLOP > 40 MFLOP

  duplicates 5.000002% > 5%
    2.000001 Mop of 40.0 Mop, allowed 2.00 Mop

  attention is evaluated twice with the same values
    saves 2.00 Mop, 6.2%
    model.py:41 in attention   (forward)
    model.py:57 in loss
    dot_general f32[512,512]
    fix: both call attention(x); call it once and reuse the result JC101
"""


def test_rounding_never_hides_a_breach() -> None:
    duplicate = attention(flops=2_000_001)
    fake = Fake(program=program(40_000_001), found={"duplicates": Findings([duplicate])})
    text = message(fake, max_flops="40 MFLOP", max_duplicates="5%")
    assert lines(text) == lines(NEAR_MISS)


LOWER_BOUND = """
jaxcost: duplicates at least 2.10 Mop > 0 op   grad(loss)
  traced, jax 0.12.0

  attention is evaluated twice with the same values
    saves at least 2.10 Mop, 6.2%
    model.py:41 in attention   (forward)
    model.py:57 in loss
    dot_general f32[512,512]
    fix: both call attention(x); call it once and reuse the result JC101
  caveat: the while at model.py:9 has no known trip count
"""


def test_a_lower_bound_is_called_one() -> None:
    caveats = ("the while at model.py:9 has no known trip count",)
    fake = Fake(
        program=replace(program(33_800_000), exact=False, caveats=caveats),
        found={"duplicates": Findings([attention(exact=False)])},
    )
    assert lines(message(fake, max_duplicates="0 op")) == lines(LOWER_BOUND)


def twelve(n: int = 12) -> Fake:
    """Duplicates at ``n`` places, each larger than the one before."""
    found = (
        attention(flops=1000 + k, hint="", places=(Place(file="model.py", line=k),))
        for k in range(n)
    )
    return Fake(found={"duplicates": Findings(found)})


@pytest.mark.parametrize(
    ("n", "verbosity", "shown", "last"),
    [
        (10, 0, 10, "    JC101"),
        (11, 0, 10, "    ... and 1 more (-vv shows all)"),
        (12, 1, 10, "    ... and 2 more (-vv shows all)"),
        (12, 2, 12, "    JC101"),
    ],
)
def test_ten_culprits_at_most_unless_very_verbose(
    n: int, verbosity: int, shown: int, last: str
) -> None:
    report = Report(twelve(n))
    verdicts = report.judge(Limits.of({"max_duplicates": 0}).parse().limits)
    text = report.explain(verdicts, verbosity=verbosity)
    assert text.count("is evaluated twice") == shown
    assert text.splitlines()[-1] == last


@pytest.mark.parametrize(("verbosity", "shown"), [(0, 3), (2, 5)])
def test_a_total_has_three_contributors_unless_very_verbose(verbosity: int, shown: int) -> None:
    found = Findings(attention(kind="occurrences", flops=n) for n in range(1, 6))
    report = Report(Fake(where=found))
    verdicts = report.judge(Limits.of({"max_flops": 0}).parse().limits)
    text = report.explain(verdicts, verbosity=verbosity)
    assert re.findall(r"once   (\d) FLOP", text) == ["5", "4", "3", "2", "1"][:shown]
    assert ("... and 2 more (-vv shows all)" in text) is (shown == 3)


def test_identical_contributors_are_folded_and_share_their_places() -> None:
    same = attention(kind="occurrences", primitive="mul", hint="")
    other = attention(kind="occurrences", hint="")
    text = message(Fake(where=Findings([same, other, same, same])), max_flops=0)
    assert lines(text)[2:] == [
        "    mul f32[512,512]   3 times   6.30 MFLOP   18.6% of the work",
        "    dot_general f32[512,512]   once   2.10 MFLOP   6.2% of the work",
        "      model.py:41 in attention   (forward)",
        "      model.py:57 in loss   (forward)",
    ]


def test_occurrences_at_one_place_are_added_up() -> None:
    tanh = attention(kind="occurrences", primitive="tanh", count=1, executions=7, hint="")
    text = message(Fake(where=Findings([tanh, tanh])), max_primitives={"tanh": 1})
    amounts = "    tanh f32[512,512]   twice, run 14 times   4.20 MFLOP\n"
    assert amounts + "      12.4% of the work\n" in text


@pytest.mark.parametrize(
    ("kind", "price"),
    [
        ("duplicates", "saves 2.10 Mop, 6.2%"),
        ("dead", "2.10 Mop, 6.2% as written"),
        ("recomputed", "costs 2.10 Mop, 6.2%"),
        ("vmapped_conds", "runs 2.10 Mop, 6.2%"),
    ],
)
def test_what_mending_it_does_not_save_is_not_called_so(kind: str, price: str) -> None:
    fake = Fake(found={kind: Findings([attention(kind=kind, title="one sentence")])})
    report = Report(fake)
    verdicts = report.judge(Limits.of({f"max_{kind}": 0}).parse().limits)
    assert price in report.explain(verdicts)


def test_calls_are_saved_where_no_operations_are_known() -> None:
    (call,) = Findings([attention(kind="repeated_callbacks", flops=0, count=2)])
    assert price(call) == "saves 2 calls"


def test_of_a_largest_array_only_those_over_the_limit_are_shown() -> None:
    arrays = [
        attention(kind="intermediates", primitive=name, flops=0, nbytes=size * 2**20, hint="")
        for name, size in [("exp", 3), ("mul", 2), ("add", 1)]
    ]
    fake = Fake(found={"intermediates": Findings(arrays)})
    text = message(fake, max_largest_intermediate_bytes="1 MiB")
    assert re.findall(r"^    (\w+) \S+   (.*)$", text, re.MULTILINE) == [
        ("exp", "3.00 MiB"),
        ("mul", "2.00 MiB"),
    ]


def test_of_the_largest_arrays_each_is_shown_with_its_own_size() -> None:
    array = attention(kind="intermediates", primitive="exp", flops=0, nbytes=2**20, hint="")
    fake = Fake(found={"intermediates": Findings([array, array])})
    text = message(fake, max_largest_intermediate_bytes="1 kB")
    assert "    exp f32[512,512]   2 such   1.00 MiB each\n" in text


ONCE = """
jaxcost: 2 of 2 limits exceeded   grad(loss)
  traced, jax 0.12.0

  duplicates 4.20 Mop != 0 op

  attention is evaluated twice with the same values
    saves 2.10 Mop, 6.2%
    model.py:41 in attention   (forward)
    model.py:57 in loss
    dot_general f32[512,512]
    fix: both call attention(x); call it once and reuse the result JC101

  attention is evaluated twice with the same values
    saves 2.10 Mop, 6.2%
    model.py:41 in attention   (backward)
    model.py:57 in loss
    dot_general f32[512,512]
    fix: both call attention(x); call it once and reuse the result JC101

  duplicates 3 > 0
    2 of the findings above

  attention is evaluated twice with the same values
    model.py:12 in layer   (forward)
    model.py:12 in layer   (backward)
    tanh f32[512]
    the compiler removes it (cpu)
    JC101
"""


def test_nothing_is_said_twice() -> None:
    free = replace(TANH, transcendentals=0)
    fake = Fake(found={"duplicates": Findings([attention(), attention(phase="transpose"), free])})
    text = message(fake, duplicates="0 op", max_duplicates=0)
    assert lines(text) == lines(ONCE)


def test_findings_that_do_not_add_to_the_metric_are_not_blamed() -> None:
    free = replace(TANH, transcendentals=0)
    fake = Fake(found={"duplicates": Findings([attention(), free])})
    assert "tanh" in message(fake, max_duplicates=0)
    assert "tanh" not in message(fake, max_duplicates="0 op")


def test_long_names_wrap_and_places_are_never_broken() -> None:
    path = "a_very_long_folder_name/" * 4 + "model.py"
    finding = attention(
        aval="f32[512,512,512,512,512,512,512,512,512]",
        places=(Place(file=path, line=1, function="a_function_with_a_long_name"),),
        hint="word " * 40,
    )
    name = "grad(functools.partial(a_function_with_a_long_name, flag=True, other=False))"
    text = message(Fake(name=name, found={"duplicates": Findings([finding])}), max_duplicates=0)
    assert [line.strip() for line in text.splitlines() if len(line) > 72] == [
        f"{path}:1 in a_function_with_a_long_name"
    ]


def test_paths_are_shown_from_the_folder_of_the_run(tmp_path: Any) -> None:
    inside = Place(file=str(tmp_path / "pkg" / "model.py"), line=1, function="f")
    outside = Place(file="/elsewhere/model.py", line=2, function="g")
    fake = Fake(found={"duplicates": Findings([attention(places=(inside, outside))])})
    report = Report(fake)
    verdicts = report.judge(Limits.of({"max_duplicates": 0}).parse().limits)
    text = report.explain(verdicts, style=Style(root=str(tmp_path)))
    assert re.findall(r"^    (\S+:\d+) in", text, re.MULTILINE) == [
        "pkg/model.py:1",
        "/elsewhere/model.py:2",
    ]


def test_color_adds_nothing_but_color() -> None:
    report = Report(twelve())
    verdicts = report.judge(Limits.of({"max_duplicates": 0}).parse().limits)
    plain = report.explain(verdicts, style=Style())
    colored = report.explain(verdicts, style=Style(color=True))
    assert "\x1b[" not in plain
    assert colored.startswith("\x1b[1;31mjaxcost: duplicates 12 > 0   grad(loss)\x1b[0m")
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain


def test_the_error_carries_the_verdicts_and_the_report() -> None:
    report = Report(twelve())
    with pytest.raises(AssertionError) as error:
        report.check(max_duplicates=0, max_flops=10**9)
    assert isinstance(error.value, CostError)
    assert error.value.report is report
    assert [verdict.kept for verdict in error.value.verdicts] == [False, True]


def program(flops: int) -> Totals:
    return Totals(eqns=36, flops=flops, transcendentals=0, bytes_accessed=0)
