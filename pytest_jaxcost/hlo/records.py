"""The records that an optimized-HLO text is read into."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pytest_jaxcost.hlo.lexer import unquote

_ELEMENT_BITS = re.compile(r"E\((\d+)\)")
_MEMORY_SPACE = re.compile(r"S\((\d+)\)")
_POINTER_BYTES = 8
_JSON = ('{"', "{}")
"""How a configuration in JSON begins; LAPACK calls have MLIR's `{uplo = 76 : ui8}` instead."""

DTYPE_BITS: Mapping[str, int] = {
    "pred": 8,
    **{f"{sign}{bits}": max(bits, 8) for sign in "su" for bits in (1, 2, 4, 8, 16, 32, 64)},
    **{"bf16": 16, "f16": 16, "f32": 32, "f64": 64, "c64": 64, "c128": 128},
    **dict.fromkeys(
        (
            *("f4e2m1fn", "f8e3m4", "f8e4m3", "f8e4m3b11fnuz", "f8e4m3fn", "f8e4m3fnuz"),
            *("f8e5m2", "f8e5m2fnuz", "f8e8m0fnu"),
        ),
        8,
    ),
    **{"token": 0, "opaque": 0},
}
"""Bits of one element as XLA stores it when the layout does not say otherwise."""


class Shape(NamedTuple):
    """The shape of a value: an array, or a tuple of shapes when `elements` is not None."""

    dtype: str
    dimensions: tuple[int, ...] = ()
    layout: str | None = None
    dynamic: tuple[bool, ...] = ()
    elements: tuple[Shape, ...] | None = None

    @property
    def size(self) -> int:
        """The number of elements of an array; those of all leaves of a tuple, summed."""
        if self.elements is None:
            return math.prod(self.dimensions)
        return sum(leaf.size for leaf in self.leaves)

    @property
    def nbytes(self) -> int:
        """Bytes of an array, tiling and padding left out; of a tuple, those of its leaves."""
        if self.elements is None:
            return -(-self.size * self.element_bits // 8)
        return sum(leaf.nbytes for leaf in self.leaves)

    @property
    def buffer_bytes(self) -> int:
        """Bytes of the value's own buffer: for a tuple its table of 8-byte pointers."""
        return self.nbytes if self.elements is None else _POINTER_BYTES * len(self.elements)

    @property
    def element_bits(self) -> int:
        """Bits of one element, as packed by the layout (`E(4)`) where it packs."""
        packed = _ELEMENT_BITS.search(self.layout) if self.layout else None
        return int(packed[1]) if packed else DTYPE_BITS[self.dtype]

    @property
    def leaves(self) -> tuple[Shape, ...]:
        """The array shapes inside, in order; of an array, itself."""
        pending, leaves = [self], []
        while pending:
            shape = pending.pop()
            if shape.elements is None:
                leaves.append(shape)
            else:
                pending.extend(reversed(shape.elements))
        return tuple(leaves)

    @property
    def minor_to_major(self) -> tuple[int, ...] | None:
        """The order of dimensions in memory, fastest first; None without a layout."""
        if self.layout is None:
            return None
        order = self.layout.partition(":")[0]
        return tuple(int(dimension) for dimension in order.split(",") if dimension)

    @property
    def memory_space(self) -> int:
        """The memory the layout places the value in; 0 is the device's main memory."""
        space = _MEMORY_SPACE.search(self.layout) if self.layout else None
        return int(space[1]) if space else 0

    def __str__(self) -> str:
        """The shape as HLO text writes it, comments left out."""
        if self.elements is not None:
            return f"({', '.join(map(str, self.elements))})"
        bounds = zip(self.dimensions, self.dynamic or (False,) * len(self.dimensions), strict=True)
        dimensions = ",".join(f"<={size}" if dynamic else str(size) for size, dynamic in bounds)
        layout = "" if self.layout is None else f"{{{self.layout}}}"
        return f"{self.dtype}[{dimensions}]{layout}"


class SourceFrame(NamedTuple):
    """One place in the user's program; `function` is None where the text does not name it."""

    file: str
    line: int
    function: str | None = None
    column: int | None = None


class Metadata(NamedTuple):
    """Where an instruction came from; `frames` run from the innermost outwards."""

    op_names: tuple[str, ...] = ()
    frames: tuple[SourceFrame, ...] = ()
    fields: Mapping[str, str] = {}


class Instruction(NamedTuple):
    """One instruction; `argument` is what a parameter or constant holds in its parentheses."""

    name: str
    opcode: str
    shape: Shape
    operands: tuple[str, ...]
    called: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, str]
    metadata: Metadata | None
    argument: str | None
    line: int

    @property
    def backend_config(self) -> Mapping[str, Any] | str | None:
        """The compiler's own configuration: JSON where it is JSON, else its text."""
        text = self.attributes.get("backend_config")
        if text is None:
            return None
        text = unquote(text)
        if not text.startswith(_JSON):
            return text
        config: Mapping[str, Any] = json.loads(text, strict=False)
        return config

    @property
    def known_trip_count(self) -> int | None:
        """How often a while runs its body; None where the compiler does not say."""
        config = self.backend_config
        count = config.get("known_trip_count") if isinstance(config, Mapping) else None
        return int(count["n"]) if count else None

    @property
    def target(self) -> str | None:
        """The name of the library function that a custom call calls."""
        text = self.attributes.get("custom_call_target")
        return None if text is None else unquote(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """A list of instructions in the text's order, and the same by name."""

    name: str
    instructions: tuple[Instruction, ...]
    named: Mapping[str, Instruction]
    root: Instruction
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> tuple[Instruction, ...]:
        """The parameter instructions in the order of their numbers."""
        found = [each for each in self.instructions if each.opcode == "parameter"]
        return tuple(sorted(found, key=lambda each: int(each.argument or 0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One compiled program: its computations by name, in the text's order."""

    name: str
    entry: str
    computations: Mapping[str, Computation]
    attributes: Mapping[str, str]

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """Every instruction of every computation, in the text's order."""
        return tuple(each for found in self.computations.values() for each in found.instructions)
