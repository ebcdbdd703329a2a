"""XLA's own list of a module's instructions, decoded from its serialized proto.

An independent oracle for the text reader: the wire format alone is used, with the field numbers
of `HloModuleProto` and the messages inside it (`xla/service/hlo.proto`, `xla/xla_data.proto`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

PRIMITIVE_TYPES = (
    *("invalid", "pred", "s8", "s16", "s32", "s64", "u8", "u16", "u32", "u64", "f16", "f32", "f64"),
    *("tuple", "opaque", "c64", "bf16", "token", "c128", "f8e5m2", "f8e4m3fn", "s4", "u4"),
    *("f8e4m3b11fnuz", "f8e5m2fnuz", "f8e4m3fnuz", "s2", "u2", "f8e4m3", "f8e3m4", "s1", "u1"),
    *("f4e2m1fn", "f8e8m0fnu"),
)


class ProtoInstruction(NamedTuple):
    """What the proto says of one instruction, operands and computations by name."""

    name: str
    opcode: str
    shape: str
    minor_to_major: tuple[tuple[int, ...], ...]
    operands: tuple[str, ...]
    called: tuple[str, ...]
    op_name: str
    stack_frame_id: int
    source: tuple[str, int]


class ProtoComputation(NamedTuple):
    """What the proto says of one computation."""

    name: str
    root: str
    instructions: tuple[ProtoInstruction, ...]


def read_proto(serialized: bytes) -> tuple[str, str, tuple[ProtoComputation, ...]]:
    """Return the module's name, its entry computation's name and its computations."""
    module = _fields(serialized)
    blocks = [_fields(block) for block in module.get(3, [])]
    names = {block[5][0]: block[1][0].decode() for block in blocks}
    computations = tuple(_computation(block, names) for block in blocks)
    return module[1][0].decode(), module[2][0].decode(), computations


def _computation(block: dict[int, list], names: dict[int, str]) -> ProtoComputation:
    instructions = [_fields(each) for each in block.get(2, [])]
    ids = {each[35][0]: each[1][0].decode() for each in instructions}
    read = tuple(_instruction(each, ids, names) for each in instructions)
    return ProtoComputation(block[1][0].decode(), ids[block[6][0]], read)


def _instruction(
    each: dict[int, list], ids: dict[int, str], names: dict[int, str]
) -> ProtoInstruction:
    metadata = _fields(each[7][0]) if 7 in each else {}
    shape, layouts = _shape(each[3][0])
    return ProtoInstruction(
        each[1][0].decode(),
        each[2][0].decode(),
        shape,
        layouts,
        tuple(ids[number] for number in _integers(each.get(36, []))),
        tuple(names[number] for number in _integers(each.get(38, []))),
        metadata.get(2, [b""])[0].decode(),
        metadata.get(15, [0])[0],
        (metadata.get(3, [b""])[0].decode(), metadata.get(4, [0])[0]),
    )


def _shape(serialized: bytes) -> tuple[str, tuple[tuple[int, ...], ...]]:
    """Return a shape's text without layouts, and the layouts of its arrays in order."""
    shape = _fields(serialized)
    kind = PRIMITIVE_TYPES[shape[2][0]]
    if kind == "tuple":
        parts = [_shape(part) for part in shape.get(4, [])]
        layouts = tuple(layout for _, inner in parts for layout in inner)
        return f"({', '.join(text for text, _ in parts)})", layouts
    dimensions = ",".join(map(str, _integers(shape.get(3, []))))
    layout = tuple(_integers(_fields(shape[5][0]).get(1, []))) if 5 in shape else ()
    return f"{kind}[{dimensions}]", (layout,)


def _integers(values: list) -> Iterator[int]:
    """Yield repeated integers, packed or not."""
    for value in values:
        if isinstance(value, int):
            yield value
        else:
            position = 0
            while position < len(value):
                number, position = _varint(value, position)
                yield number


def _fields(data: bytes) -> dict[int, list]:
    """Return the values of a message by field number: integers, or bytes where delimited."""
    found: dict[int, list] = {}
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        value, position = _value(data, position, key & 7)
        found.setdefault(key >> 3, []).append(value)
    return found


def _value(data: bytes, position: int, wire_type: int) -> tuple[int | bytes, int]:
    if wire_type == 0:
        return _varint(data, position)
    if wire_type == 2:
        length, position = _varint(data, position)
    else:
        length = {1: 8, 5: 4}[wire_type]
    return data[position : position + length], position + length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[position]
        number |= (byte & 127) << shift
        position += 1
        shift += 7
        if byte < 128:
            return number, position
