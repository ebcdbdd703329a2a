"""Nothing is lost: every line of every stored text is written back from its record."""

from __future__ import annotations

import re
import time

import pytest

from pytest_jaxcost.hlo.parse import parse
from pytest_jaxcost.hlo.records import Instruction, Module
from tests.hlo.texts import BACKENDS, STORED, of_backend, stored

LOOKS_LIKE_INSTRUCTION = re.compile(r"^ +(?:ROOT )?%\S+ = .*$", re.MULTILINE)
COMMENT = re.compile(r"/\*index=\d+\*/")


def write(instruction: Instruction, *, root: bool) -> str:
    """Return the line of text that an instruction was read from, comments left out."""
    operands = ", ".join(f"%{name}" for name in instruction.operands)
    inside = operands if instruction.argument is None else instruction.argument
    attributes = "".join(f", {key}={value}" for key, value in instruction.attributes.items())
    head = f"  {'ROOT ' if root else ''}%{instruction.name} = {instruction.shape}"
    return f"{head} {instruction.opcode}({inside}){attributes}"


def written(module: Module) -> list[str]:
    return [
        write(each, root=each is computation.root)
        for computation in module.computations.values()
        for each in computation.instructions
    ]


def instruction_lines(text: str) -> list[str]:
    return [COMMENT.sub("", line) for line in LOOKS_LIKE_INSTRUCTION.findall(text)]


def test_there_are_texts_of_every_backend_and_version() -> None:
    backends = list(BACKENDS)
    assert backends == [
        *("cpu-0.10.2", "cpu-0.12.0.1", "cpu-0.8.0", "cuda-0.10.2", "cuda-0.12.0.1"),
        *("tpu-0.10.2", "tpu-0.12.0.1", "tpu-0.8.0"),
    ]
    assert all(len(of_backend(backend)) >= 48 for backend in BACKENDS)


@pytest.mark.parametrize("name", STORED)
def test_every_instruction_is_written_back_as_it_stood(name: str) -> None:
    text = stored(name)
    lines = instruction_lines(text)
    assert lines
    assert written(parse(text)) == lines


def test_a_lost_line_would_be_seen() -> None:
    text = stored("cpu-0.10.2/grad_mlp")
    lines = instruction_lines(text)
    assert len(lines) > 20
    doubled = text.replace("parameter(0)", "parameter(1)", 1)
    assert written(parse(doubled)) != lines


@pytest.mark.parametrize("backend", BACKENDS)
def test_new_texts_name_source_places(backend: str) -> None:
    frames = [
        frame
        for name in of_backend(backend)
        for each in parse(stored(name)).instructions
        if each.metadata is not None
        for frame in each.metadata.frames[:1]
    ]
    assert any(frame.file.endswith("programs.py") and frame.line > 0 for frame in frames)
    assert all(frame.function is None for frame in frames) == backend.endswith("-0.8.0")


def test_the_innermost_frame_stands_first() -> None:
    module = parse(stored("cpu-0.12.0.1/grad_rnn"))
    tanh = next(each for each in module.instructions if each.opcode == "tanh")
    assert tanh.metadata is not None
    functions = [frame.function for frame in tanh.metadata.frames]
    assert functions[0] == "rnn.<locals>.step"
    assert functions[-1] == "<module>"
    assert functions.index("rnn") < functions.index("_total") < functions.index("write")


def test_fused_work_carries_several_names() -> None:
    names = [
        each.metadata.op_names
        for name in STORED
        for each in parse(stored(name)).instructions
        if each.metadata is not None
    ]
    assert max(map(len, names)) > 1


def test_reading_keeps_pace() -> None:
    """Fifty thousand instructions a second; the best of many, so that a busy machine can pass."""
    texts = [stored(name) for name in STORED if "transformer" in name or "rnn" in name]
    rates = [0.0]
    while max(rates) <= 50_000 and len(rates) <= 20:
        start = time.process_time()
        count = sum(len(parse(text).instructions) for text in texts)
        rates.append(count / (time.process_time() - start))
    assert max(rates) > 50_000
