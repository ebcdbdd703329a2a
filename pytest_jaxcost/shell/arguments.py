"""Arguments as they are written in a shell: shapes as JAX prints them, or Python literals."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp

from .usage import UsageError

ACCEPTED = (
    "accepted are shapes as JAX prints them, such as f32[64,64], i32[] or key<fry>[], and Python "
    "literals, such as 3, 0.5 or {'w': 'f32[3,3]'}"
)
KINDS: Mapping[str, str] = MappingProxyType(
    {"f": "float", "bf": "bfloat", "i": "int", "u": "uint", "c": "complex"}
)
KEYS: Mapping[str, str] = MappingProxyType(
    {"fry": "threefry2x32", "rbg": "rbg", "urbg": "unsafe_rbg"}
)
_SHAPED = re.compile(r"(?P<dtype>[a-z]\w*|key<(?P<key>\w+)>)\[(?P<shape>[\d,\s]*)\]")
_DTYPE = re.compile(r"(?P<kind>bf|[fiuc])(?P<bits>\d+\w*)")


def argument(text: str) -> Any:
    """A ``jax.ShapeDtypeStruct``, or a literal in which texts that are shapes stand for such.

    Raises:
        UsageError: the text is neither.
    """
    if _SHAPED.fullmatch(text.strip()):
        return _aval(text.strip())
    try:
        literal = ast.literal_eval(text.strip())
    except (SyntaxError, ValueError):
        raise UsageError(f"{text!r} is no argument; {ACCEPTED}") from None
    return _with_avals(literal)


def _with_avals(literal: Any) -> Any:
    if isinstance(literal, dict):
        return {key: _with_avals(value) for key, value in literal.items()}
    if isinstance(literal, (list, tuple)):
        return type(literal)(map(_with_avals, literal))
    if isinstance(literal, str) and _SHAPED.fullmatch(literal):
        return _aval(literal)
    return literal


def _aval(text: str) -> jax.ShapeDtypeStruct:
    match = _SHAPED.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no shape; {ACCEPTED}")
    sizes = [size.strip() for size in match["shape"].split(",")]
    if not all(sizes) and sizes != [""]:
        raise UsageError(f"{text!r} has a size that is no number; {ACCEPTED}")
    dtype = _key_dtype(match["key"], text) if match["key"] else _dtype(match["dtype"], text)
    return jax.ShapeDtypeStruct(tuple(int(size) for size in sizes if size), dtype)


def _dtype(name: str, text: str) -> Any:
    match = _DTYPE.fullmatch(name)
    spelled = name if match is None else KINDS[match["kind"]] + match["bits"]
    try:
        dtype = jnp.dtype(spelled)
    except TypeError:
        raise UsageError(f"{text!r} has the unknown dtype {name!r}; {ACCEPTED}") from None
    if jax.dtypes.canonicalize_dtype(dtype) != dtype:
        raise UsageError(f"{text!r} has 64 bits, which JAX has with JAX_ENABLE_X64=1 only")
    return dtype


def _key_dtype(name: str, text: str) -> Any:
    if name not in KEYS:
        raise UsageError(f"{text!r} is no key; accepted are key<{'>, key<'.join(KEYS)}>")
    return jax.eval_shape(lambda: jax.random.key(0, impl=KEYS[name])).dtype
