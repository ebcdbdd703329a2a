"""Optimized-HLO text to records: `parse`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import NoReturn

from pytest_jaxcost.hlo import lexer
from pytest_jaxcost.hlo.errors import HloSyntaxError
from pytest_jaxcost.hlo.records import Computation, Instruction, Metadata, Module, Shape
from pytest_jaxcost.hlo.shapes import read_shape
from pytest_jaxcost.hlo.sources import (
    FIELD_TABLES,
    NAME_TABLES,
    Chains,
    SourceTables,
    read_chains,
    read_metadata,
)

CALLING_ATTRIBUTES = frozenset(
    (
        *("to_apply", "body", "condition", "calls", "branch_computations", "true_computation"),
        *("false_computation", "called_computations", "select", "scatter", "comparator"),
    )
)
"""The attributes whose values name computations."""

_HOLDING_TEXT = frozenset(("parameter", "constant"))
"""Opcodes whose parentheses hold a number or a literal instead of operands."""

_NOTHING: Mapping[str, str] = {}
_NO_CALLS: Mapping[str, tuple[str, ...]] = {}


def parse(text: str) -> Module:
    """Return the module that an optimized-HLO text writes.

    Raises `HloSyntaxError` with line and column where the text is malformed, where an operand or
    a called computation is not defined, or where a table row is missing.
    """
    state = _State(lines=text.split("\n"))
    name, attributes = _read_module_line(state)
    for index in range(state.index + 1, len(state.lines)):
        state.index, line = index, state.lines[index]
        if state.block is not None:
            _read_in_block(state, state.block, line)
        elif line.strip():
            _read_at_top(state, line)
        else:
            state.table = None
    return _finish(state, name, attributes)


@dataclass(slots=True)
class _Block:
    """A computation while its lines are read."""

    name: str
    entry: bool
    instructions: dict[str, Instruction] = field(default_factory=dict)
    root: Instruction | None = None


@dataclass(slots=True)
class _State:
    """What one reading knows so far; shapes and metadata repeat, so each text is read once."""

    lines: list[str]
    index: int = 0
    table: str | None = None
    tables: SourceTables = field(default_factory=SourceTables)
    chains: Chains = field(default_factory=dict)
    frames_index: int | None = None
    block: _Block | None = None
    entry: str | None = None
    computations: dict[str, Computation] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    metadata: dict[str, Metadata] = field(default_factory=dict)


def _fail(state: _State, column: int, expected: str, *, index: int | None = None) -> NoReturn:
    """Raise the error for a place of the text; `column` counts from 0."""
    index = state.index if index is None else index
    found = state.lines[index][column:] if index < len(state.lines) else ""
    raise HloSyntaxError(index + 1, column + 1, expected, found or "the end of the line")


def _fail_at(state: _State, instruction: Instruction, name: str, expected: str) -> NoReturn:
    """Raise the error for a name that an instruction uses."""
    index = instruction.line - 1
    line = state.lines[index]
    word = re.compile(rf"(?<![\w.\-]){re.escape(name)}(?![\w.\-])")
    match = word.search(line, line.index(" = "))
    _fail(state, match.start() if match else 0, expected, index=index)


def _read_module_line(state: _State) -> tuple[str, Mapping[str, str]]:
    while state.index < len(state.lines) - 1 and not state.lines[state.index].strip():
        state.index += 1
    match = lexer.MODULE.match(state.lines[state.index])
    if match is None:
        _fail(state, 0, "'HloModule name'")
    return match[1], _read_attributes(state, match[2], match.start(2))


def _read_at_top(state: _State, line: str) -> None:
    if state.table is not None:
        _read_row(state, state.table, line)
    elif line in NAME_TABLES or line in FIELD_TABLES:
        state.table = line
        state.frames_index = state.index if line == "StackFrames" else state.frames_index
    else:
        _open_block(state, line)


def _read_row(state: _State, table: str, line: str) -> None:
    match = lexer.TABLE_ROW.match(line)
    if match is None or (match[2] is None) == (table in NAME_TABLES):
        _fail(state, 0, f"a row of {table}")
    number, name, fields = int(match[1]), match[2], match[3]
    if name is not None:
        state.tables.names[table][number] = lexer.unquote(name)
        return
    pairs = (part.partition("=") for part in fields.split())
    values = {key: value for key, _, value in pairs}
    if not all(value.isdecimal() for value in values.values()):
        _fail(state, match.start(3), "fields of the form name=number")
    state.tables.fields[table][number] = {key: int(value) for key, value in values.items()}


def _open_block(state: _State, line: str) -> None:
    match = lexer.COMPUTATION.match(line)
    if match is None:
        _fail(state, 0, "a computation '%name (parameters) -> shape {' or a table of sources")
    if match[2] in state.computations:
        _fail(state, match.start(2), f"a computation name other than {match[2]!r}, already taken")
    if not state.computations:
        state.chains = _read_chains(state)
    state.block = _Block(match[2], match[1] is not None)


def _read_chains(state: _State) -> Chains:
    try:
        return read_chains(state.tables)
    except ValueError as error:
        _fail(state, 0, str(error), index=state.frames_index)


def _close_block(state: _State, block: _Block, line: str) -> None:
    match = lexer.COMPUTATION_END.match(line)
    if match is None:
        _fail(state, 0, "'}' at the end of a computation")
    if block.root is None:
        _fail(state, 0, f"a ROOT instruction in computation {block.name!r}")
    _check_operands(state, block)
    if block.entry:
        state.entry = block.name
    state.computations[block.name] = Computation(
        name=block.name,
        instructions=tuple(block.instructions.values()),
        named=block.instructions,
        root=block.root,
        attributes=_read_attributes(state, match[1], match.start(1)),
    )
    state.block = None


def _check_operands(state: _State, block: _Block) -> None:
    known = block.instructions.keys()
    for instruction in block.instructions.values():
        if not known >= set(instruction.operands):
            missing = next(name for name in instruction.operands if name not in known)
            _fail_at(state, instruction, missing, f"an operand defined in {block.name!r}")


def _read_in_block(state: _State, block: _Block, line: str) -> None:
    match = lexer.INSTRUCTION.match(line)
    if match is None:
        if line.startswith("}"):
            _close_block(state, block, line)
        elif line.strip():
            _fail_in_instruction(state, line)
        return
    root, name, shape_text, opcode, inside, rest = match.groups()
    shape = state.shapes.get(shape_text) or _read_shape(state, shape_text, match.start(3))
    attributes = _read_attributes(state, rest, match.start(6)) if rest else _NOTHING
    holds_text = opcode in _HOLDING_TEXT
    instruction = Instruction(
        name,
        opcode,
        shape,
        () if holds_text else _read_operands(state, inside, match.start(5)),
        _read_calls(attributes),
        attributes,
        _read_metadata(state, attributes, match.start(6)),
        inside[1:-1] if holds_text else None,
        state.index + 1,
    )
    if name in block.instructions:
        _fail(state, match.start(2), f"an instruction name other than {name!r}, already taken")
    block.instructions[name] = instruction
    if root:
        block.root = instruction


def _fail_in_instruction(state: _State, line: str) -> NoReturn:
    """Raise the error for the first part of an instruction that is not as it should be."""
    column = 0
    for pattern, expected in lexer.INSTRUCTION_STEPS:
        match = pattern.match(line, column)
        if match is None:
            _fail(state, column, expected)
        column = match.end()
    _fail(state, column, "the end of the line")


def _read_shape(state: _State, text: str, column: int) -> Shape:
    try:
        shape = read_shape(text)
    except ValueError as error:
        _fail(state, column, str(error))
    state.shapes[text] = shape
    return shape


def _read_operands(state: _State, text: str, column: int) -> tuple[str, ...]:
    if "[" not in text and "/" not in text:
        names = text[1:-1].split(", ")
        if all(name.startswith("%") for name in names):
            return tuple([name[1:] for name in names])
    parts = lexer.split_top(text[1:-1])
    matches = [lexer.OPERAND.match(part) for part in parts]
    if None in matches:
        _fail(state, column, "operands separated by commas")
    return tuple(match[1] for match in matches if match)


def _read_attributes(state: _State, text: str, column: int) -> Mapping[str, str]:
    attributes = {}
    position, end = 0, len(text)
    match_attribute = lexer.ATTRIBUTE.match
    while position < end:
        match = match_attribute(text, position)
        if match is None:
            _fail(state, column + position, "', attribute=value'")
        attributes[match[1]] = match[2]
        position = match.end()
    return attributes


def _read_calls(attributes: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    found = CALLING_ATTRIBUTES & attributes.keys()
    if not found:
        return _NO_CALLS
    return {key: _names(attributes[key]) for key in attributes if key in found}


def _names(text: str) -> tuple[str, ...]:
    inside = text.removeprefix("{").removesuffix("}")
    return tuple(part.strip().removeprefix("%") for part in lexer.split_top(inside))


def _read_metadata(state: _State, attributes: Mapping[str, str], column: int) -> Metadata | None:
    text = attributes.get("metadata")
    if text is None:
        return None
    if text in state.metadata:
        return state.metadata[text]
    try:
        metadata = read_metadata(text, state.chains)
    except ValueError as error:
        _fail(state, state.lines[state.index].index(text, column), str(error))
    state.metadata[text] = metadata
    return metadata


def _finish(state: _State, name: str, attributes: Mapping[str, str]) -> Module:
    if state.block is not None:
        _fail(state, 0, f"'}}' to end computation {state.block.name!r}")
    if state.entry is None:
        _fail(state, 0, "a computation marked ENTRY")
    _check_calls(state)
    return Module(
        name=name, entry=state.entry, computations=state.computations, attributes=attributes
    )


def _check_calls(state: _State) -> None:
    for computation in state.computations.values():
        for instruction in computation.instructions:
            for called in chain.from_iterable(instruction.called.values()):
                if called not in state.computations:
                    _fail_at(state, instruction, called, "a computation of this module")
