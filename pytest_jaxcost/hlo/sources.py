"""Source places: the header tables of newer texts, and the metadata that points into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from pytest_jaxcost.hlo.lexer import METADATA_FIELD, unquote
from pytest_jaxcost.hlo.records import Metadata, SourceFrame

Fields: TypeAlias = Mapping[str, int]
Chains: TypeAlias = Mapping[int, tuple[SourceFrame, ...]]
Row = TypeVar("Row")

NAME_TABLES = ("FileNames", "FunctionNames")
FIELD_TABLES = ("FileLocations", "StackFrames")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTables:
    """The header tables: rows by number, as names or as integer fields."""

    names: Mapping[str, dict[int, str]] = field(
        default_factory=lambda: {table: {} for table in NAME_TABLES}
    )
    fields: Mapping[str, dict[int, Fields]] = field(
        default_factory=lambda: {table: {} for table in FIELD_TABLES}
    )


def read_chains(tables: SourceTables) -> Chains:
    """Return, for each stack frame number, its frames from the innermost outwards.

    Raises ValueError naming the row or field that is missing.
    """
    frames = tables.fields["StackFrames"]
    offset = _parent_offset(frames)
    chains: dict[int, tuple[SourceFrame, ...]] = {}
    for number in sorted(frames):
        parent = frames[number].get("parent_frame_id", offset) - offset
        outer = _row(chains, "StackFrames", parent) if parent else ()
        chains[number] = (_frame(tables, _field(frames[number], "file_location_id")), *outer)
    return chains


def _parent_offset(frames: Mapping[int, Fields]) -> int:
    """Return what parent numbers are too large by.

    The printers of jaxlib 0.9 to 0.12 write a parent's number plus one. The first frame has no
    parent, so what it names as its own is the offset.
    """
    return frames[min(frames)].get("parent_frame_id", 0) if frames else 0


def _frame(tables: SourceTables, location_id: int) -> SourceFrame:
    location = _row(tables.fields["FileLocations"], "FileLocations", location_id)
    file = _row(tables.names["FileNames"], "FileNames", _field(location, "file_name_id"))
    function_id = _field(location, "function_name_id")
    function = _row(tables.names["FunctionNames"], "FunctionNames", function_id)
    return SourceFrame(file, _field(location, "line"), function, location.get("column"))


def _row(rows: Mapping[int, Row], table: str, number: int) -> Row:
    if number not in rows:
        raise ValueError(f"row {number} in the table {table}")
    return rows[number]


def _field(row: Fields, name: str) -> int:
    if name not in row:
        raise ValueError(f"a field {name}")
    return row[name]


def read_metadata(text: str, chains: Chains) -> Metadata:
    """Return what `metadata={...}` says; raises ValueError where it is malformed."""
    fields, end = {}, 1
    for match in METADATA_FIELD.finditer(text, 1, len(text) - 1):
        if text[end : match.start()].strip():
            break
        fields[match[1]] = unquote(match[2])
        end = match.end()
    if text[end:-1].strip():
        raise ValueError(f"fields of metadata in place of {text[end:-1].strip()!r}")
    op_name = fields.get("op_name", "")
    return Metadata(tuple(op_name.split(";")) if op_name else (), _frames(fields, chains), fields)


def _frames(fields: Mapping[str, str], chains: Chains) -> tuple[SourceFrame, ...]:
    frame_id = int(fields.get("stack_frame_id", 0))
    if frame_id:
        return _row(chains, "StackFrames", frame_id)
    if "source_file" not in fields:
        return ()
    column = fields.get("source_column")
    line = int(fields.get("source_line", 0))
    return (SourceFrame(fields["source_file"], line, None, int(column) if column else None),)
