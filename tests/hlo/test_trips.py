"""Trip counts: the compiler's own, and those worked out where it gives none."""

from __future__ import annotations

import re

import pytest

from pytest_jaxcost.hlo import Module, read
from pytest_jaxcost.hlo.walk import loops
from tests.hlo.texts import STORED, of_backend, stored

KNOWN = "known_trip_count"

LOOP = """HloModule m

%body (c: (s32[], f32[2])) -> (s32[], f32[2]) {
  %c = (s32[], f32[2]) parameter(0)
  %i = s32[] get-tuple-element(%c), index=0
  %step = s32[] constant(STEP)
  %next = s32[] OP(%i, %step)
  %x = f32[2] get-tuple-element(%c), index=1
  ROOT %t = (s32[], f32[2]) tuple(%next, %x)
}

%condition (d: (s32[], f32[2])) -> pred[] {
  %d = (s32[], f32[2]) parameter(0)
  %j = s32[] get-tuple-element(%d), index=0
  %stop = s32[] constant(STOP)
  ROOT %r = pred[] compare(LEFT, RIGHT), direction=DIRECTION
}

ENTRY %main (x: f32[2]) -> (s32[], f32[2]) {
  %p = f32[2] parameter(0)
  %start = s32[] constant(START)
  %init = (s32[], f32[2]) tuple(%start, %p)
  ROOT %w = (s32[], f32[2]) while(%init), condition=%condition, body=%body
}
"""

HOLDS = {
    "LT": int.__lt__,
    "LE": int.__le__,
    "GT": int.__gt__,
    "GE": int.__ge__,
    "NE": int.__ne__,
}


def simulated(start: int, step: int, stop: int, direction: str, *, mirrored: bool) -> int | None:
    """Run the loop; None where it does not end soon."""
    count, value = 0, start
    while HOLDS[direction](*((stop, value) if mirrored else (value, stop))):
        value += step
        count += 1
        if count > 1000:
            return None
    return count


def loop_text(start: int, op: str, step: int, stop: int, direction: str, *, mirrored: bool) -> str:
    left, right = ("%stop", "%j") if mirrored else ("%j", "%stop")
    words = {"START": start, "OP": op, "STEP": step, "STOP": stop, "DIRECTION": direction}
    text = LOOP.replace("LEFT", left).replace("RIGHT", right)
    for word, value in words.items():
        text = re.sub(rf"\b{word}\b", str(value), text)
    return text


def only_count(module: Module) -> int | None:
    (count,) = loops(module).counts.values()
    return count


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("direction", HOLDS)
@pytest.mark.parametrize("op", ["add", "subtract"])
@pytest.mark.parametrize(("start", "step", "stop"), [(0, 1, 7), (3, 2, 10), (9, -3, 0), (5, 0, 8)])
def test_a_counter_is_counted_as_if_it_ran(
    start: int, step: int, stop: int, op: str, direction: str, mirrored: bool
) -> None:
    text = loop_text(start, op, step, stop, direction, mirrored=mirrored)
    signed = step if op == "add" else -step
    assert only_count(read(text)) == simulated(start, signed, stop, direction, mirrored=mirrored)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("%stop = s32[] constant(7)", "%stop = s32[] get-tuple-element(%d), index=0"),
        ("%start = s32[] constant(0)", "%start = s32[] convert(%p)"),
        ("tuple(%next, %x)", "tuple(%step, %x)"),
        ("%next = s32[] add(%i, %step)", "%next = s32[] multiply(%i, %step)"),
        ("%next = s32[] add(%i, %step)", "%next = s32[] add(%i, %i)"),
        ("ROOT %r = pred[] compare(%j, %stop), direction=LT", "ROOT %r = pred[] not(%j)"),
    ],
)
def test_what_is_no_plain_counter_is_unknown(right: str, wrong: str) -> None:
    text = loop_text(0, "add", 1, 7, "LT", mirrored=False)
    assert only_count(read(text)) == 7
    assert right in text
    assert only_count(read(text.replace(right, wrong))) is None


def test_a_limit_that_the_carry_hands_on_is_known() -> None:
    text = loop_text(0, "add", 1, 7, "LT", mirrored=False)
    carried = (
        text.replace("(s32[], f32[2])", "(s32[], f32[2], s32[])")
        .replace("%stop = s32[] constant(7)", "%stop = s32[] get-tuple-element(%d), index=2")
        .replace("%x = f32[2]", "%n = s32[] get-tuple-element(%c), index=2\n  %x = f32[2]")
        .replace("tuple(%next, %x)", "tuple(%next, %x, %n)")
        .replace("%init =", "%seven = s32[] constant(7)\n  %init =")
        .replace("tuple(%start, %p)", "tuple(%start, %p, %seven)")
    )
    assert only_count(read(carried)) == 7
    assert only_count(read(carried.replace("%x, %n)", "%x, %next)"))) is None


@pytest.mark.parametrize("name", [name for name in STORED if not name.startswith("tpu")])
def test_what_is_worked_out_is_what_the_compiler_knows(name: str) -> None:
    text = stored(name)
    known = loops(read(text)).counts
    worked_out = loops(read(text.replace(KNOWN, "unknown"))).counts
    assert all(count in (None, known[key]) for key, count in worked_out.items())


def test_most_loops_can_be_worked_out() -> None:
    texts = [stored(name) for name in STORED if not name.startswith("tpu")]
    bare = [
        count
        for text in texts
        for count in loops(read(text.replace(KNOWN, "unknown"))).counts.values()
    ]
    known = [count for text in texts for count in loops(read(text)).counts.values()]
    found, there = (sum(count is not None for count in each) for each in (bare, known))
    assert found > 0.7 * there


@pytest.mark.parametrize("backend", ["tpu-0.8.0", "tpu-0.10.2", "tpu-0.12.0.1"])
def test_tpu_loops_of_known_length_are_worked_out(backend: str) -> None:
    unknown = [
        name.partition("/")[2]
        for name in of_backend(backend)
        for count in loops(read(stored(name))).counts.values()
        if count is None
    ]
    # Those of the decomposition end when it has converged.
    assert sorted(unknown) == [
        *("conjugate_gradient", "linalg_svd", "linalg_svd", "linalg_svd"),
        *("vmap_while", "while_unknown"),
    ]
