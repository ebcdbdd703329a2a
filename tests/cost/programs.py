"""A small program and its operands, written as JAX prints their types: ``f32[4,6]``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

FLOATS = ("f16", "bf16", "f32", "f64")
INTEGERS = ("i8", "i32", "i64", "u8", "u32")
COMPLEX = ("c64", "c128")
DTYPES = {
    "f16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "f64": "float64",
    "i8": "int8",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "c64": "complex64",
    "c128": "complex128",
    "bool": "bool",
}


class Program(NamedTuple):
    """A function and its operands; it runs with 64-bit types where an operand has one."""

    name: str
    function: Callable[..., Any]
    args: tuple[jax.ShapeDtypeStruct, ...]

    @property
    def wide(self) -> bool:
        return any(arg.dtype.itemsize >= 8 and arg.dtype != np.complex64 for arg in self.args)


def array(text: str) -> jax.ShapeDtypeStruct:
    """The operand that is written ``f32[4,6]``."""
    match = re.fullmatch(r"(\w+)\[([\d,]*)\]", text)
    assert match is not None, text
    shape = tuple(int(size) for size in match[2].split(",") if size)
    with jax.enable_x64(True):
        return jax.ShapeDtypeStruct(shape, DTYPES[match[1]])


def program(name: str, function: Callable[..., Any], *args: str) -> Program:
    return Program(name, function, tuple(map(array, args)))
