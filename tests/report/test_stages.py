"""The stages as text and as HTML, from plain data."""

from __future__ import annotations

import json

from pytest_jaxcost.report.stage_table import stage_table
from pytest_jaxcost.report.stages import OTHER, Change, Stage, Stages, Step

ENVIRONMENT = {"jax": "0.12.0", "target": "cpu"}
TRACED = Stage(
    name="traced",
    instructions=3,
    flops=128,
    transcendentals=64,
    bytes_accessed=1024,
    argument_bytes=256,
    output_bytes=4,
    reasons={"temp_bytes": "not allocated", "peak_bytes": "not allocated"},
)
LOWERED = Stage(
    name="lowered",
    instructions=12,
    flops=2_100_000,
    transcendentals=64,
    bytes_accessed=4096,
    argument_bytes=256,
    output_bytes=4,
    bounds=frozenset({"flops", "transcendentals"}),
    caveats=("the work of eigh is not known and not counted",),
)
COMPILED = Stage(
    name="compiled",
    instructions=15,
    flops=128,
    transcendentals=128,
    bytes_accessed=512,
    argument_bytes=256,
    output_bytes=4,
    temp_bytes=0,
    peak_bytes=300,
)


STEPS = (
    Step(
        before="traced",
        after="lowered",
        changes=(
            Change(operation="sin", what="sin 1 -> 0", instructions=-1, transcendentals=-4_096),
            Change(operation=OTHER, what=OTHER, instructions=10, flops=-8),
        ),
    ),
    Step(
        before="lowered",
        after="compiled",
        changes=(
            Change(
                operation="random_bits",
                what="random_bits 1 -> shift-right-logical 12, multiply 10, add 9, ... of 1,038",
                instructions=1_037,
                flops=-2_100_000,
                transcendentals=-12_288,
                bytes_accessed=-3584,
            ),
        ),
    ),
)
STAGES = Stages(
    name="grad(loss)",
    environment=ENVIRONMENT,
    traced=TRACED,
    lowered=LOWERED,
    compiled=COMPILED,
    steps=STEPS,
)
TEXT = """\
grad(loss): traced, lowered and compiled for cpu, jax 0.12.0
                        traced              lowered  compiled
  eqns, instructions         3                   12        15
  flops               128 FLOP  at least 2.10 MFLOP  128 FLOP
  transcendentals           64          at least 64       128
  bytes accessed      1.00 KiB             4.00 KiB     512 B
  argument bytes         256 B                256 B     256 B
  output bytes             4 B                  4 B       4 B
  temp bytes                 -                    -       0 B
  peak bytes                 -                    -     300 B
  exactness              exact          lower bound     exact

  traced -> lowered  instr.    flops  transc.  bytes
    sin 1 -> 0           -1        0   -4,096      0
    other               +10  -8 FLOP        0      0

  lowered -> compiled                    instr.        flops  transc.      bytes
    random_bits 1 ->
      shift-right-logical 12,
      multiply 10, add 9, ... of 1,038   +1,037  -2.10 MFLOP  -12,288  -3.50 KiB
  lowered: the work of eigh is not known and not counted"""


def test_text() -> None:
    assert str(STAGES) == TEXT


def test_lines_fit() -> None:
    assert max(map(len, TEXT.splitlines())) <= 80
    assert max(map(len, stage_table(STAGES.to_dict(), width=70).splitlines())) <= 70


def test_color_is_asked_for() -> None:
    assert "\x1b" not in stage_table(STAGES.to_dict())
    assert "\x1b[1mgrad(loss): traced" in stage_table(STAGES.to_dict(), color=True)


def test_plain_data_shows_the_same() -> None:
    sent = json.loads(json.dumps(STAGES.to_dict()))
    assert stage_table(sent) == str(STAGES)


def test_a_step_without_changes_says_so() -> None:
    same = Step(before="traced", after="lowered")
    shown = stage_table({**STAGES.to_dict(), "steps": [same.to_dict()]})
    assert "    nothing               0      0        0      0" in shown


def test_a_stage_that_is_not_known_says_why() -> None:
    hidden = Stage(name="compiled", reasons={"flops": "the compiler does not show it"})
    shown = str(
        Stages(name="f", environment=ENVIRONMENT, traced=TRACED, lowered=LOWERED, compiled=hidden)
    )
    assert "  flops               128 FLOP  at least 2.10 MFLOP         -" in shown
    assert "  exactness              exact          lower bound         -" in shown
    assert shown.endswith("  compiled: the compiler does not show it")


def test_readings() -> None:
    assert TRACED.exact
    assert not LOWERED.exact
    assert TRACED.reading("temp_bytes").reason == "not allocated"
    assert not LOWERED.reading("flops").exact
    assert LOWERED.reading("instructions").exact


def test_html() -> None:
    shown = STAGES._repr_html_()
    assert "<th>traced</th><th>lowered</th><th>compiled</th>" in shown
    assert "<td>other</td><td>+10</td><td>-8 FLOP</td>" in shown
    assert "<p>lowered: the work of eigh is not known and not counted</p>" in shown
