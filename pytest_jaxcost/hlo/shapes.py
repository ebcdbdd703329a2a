"""Shapes from their text."""

from __future__ import annotations

from pytest_jaxcost.hlo.lexer import ARRAY_SHAPE, LEADING_COMMENT, split_top
from pytest_jaxcost.hlo.records import DTYPE_BITS, Shape


def read_shape(text: str) -> Shape:
    """Return the shape that `text` writes; raises ValueError naming what is wrong with it."""
    if text.startswith("("):
        parts = (LEADING_COMMENT.sub("", part).strip() for part in split_top(text[1:-1]))
        return Shape("tuple", elements=tuple(read_shape(part) for part in parts))
    match = ARRAY_SHAPE.match(text)
    if match is None:
        raise ValueError("a shape such as f32[2,3]{1,0}")
    dtype, dimensions, layout = match.groups()
    if dtype not in DTYPE_BITS:
        raise ValueError(f"a known element type in place of {dtype!r}")
    return _array(dtype, dimensions, layout)


def _array(dtype: str, text: str, layout: str | None) -> Shape:
    parts = text.split(",") if text else []
    sizes = [part.removeprefix("<=") for part in parts]
    if not all(size.isdecimal() for size in sizes):
        raise ValueError(f"dimension sizes in place of {text!r}")
    dynamic = tuple(part.startswith("<=") for part in parts) if "<" in text else ()
    return Shape(dtype, tuple(map(int, sizes)), layout, dynamic)
