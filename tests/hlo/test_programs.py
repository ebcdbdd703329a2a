"""The reader against XLA's own list of instructions, on programs compiled here."""

from __future__ import annotations

import re

import pytest

from pytest_jaxcost.hlo.parse import parse
from pytest_jaxcost.hlo.records import Instruction
from tests.hlo.programs import PROGRAMS
from tests.hlo.proto import ProtoInstruction, read_proto
from tests.hlo.test_texts import instruction_lines, written
from tests.hlo.texts import compiled

LAYOUT = re.compile(r"\{[^}]*\}")


def in_our_words(instruction: ProtoInstruction, *, frames: bool) -> tuple[object, ...]:
    return (
        instruction.name,
        instruction.opcode,
        instruction.shape,
        instruction.minor_to_major,
        instruction.operands,
        sorted(instruction.called),
        instruction.op_name,
        instruction.stack_frame_id if frames else 0,
    )


def as_read(instruction: Instruction) -> tuple[object, ...]:
    fields = instruction.metadata.fields if instruction.metadata else {}
    return (
        instruction.name,
        instruction.opcode,
        LAYOUT.sub("", str(instruction.shape)),
        tuple(leaf.minor_to_major or () for leaf in instruction.shape.leaves),
        instruction.operands,
        sorted(name for names in instruction.called.values() for name in names),
        fields.get("op_name", ""),
        int(fields.get("stack_frame_id", 0)),
    )


def test_there_are_programs_enough() -> None:
    assert len(PROGRAMS) >= 300


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_instruction_that_xla_lists_is_read(name: str) -> None:
    text = compiled(name).as_text()
    module = parse(text)
    assert written(module) == instruction_lines(text)
    serialized = compiled(name).runtime_executable().hlo_modules()[0]
    own_name, entry, computations = read_proto(serialized.as_serialized_hlo_module_proto())
    assert (module.name, module.entry) == (own_name, entry)
    assert sorted(module.computations) == sorted(each.name for each in computations)
    frames = "StackFrames" in text
    for computation in computations:
        read = module.computations[computation.name]
        assert read.root.name == computation.root
        theirs = [in_our_words(each, frames=frames) for each in computation.instructions]
        assert sorted(map(as_read, read.instructions)) == sorted(theirs)
