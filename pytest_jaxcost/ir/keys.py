"""Structural keys: equal keys mean the same computation, whatever it is called or made by.

Nested jaxprs are compared up to renaming, arrays by content, floats by their bits.
Names, debug information and sources do not matter.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.contents import content_of

IGNORED = frozenset({"name", "debug_info", "debug", "name_and_src_info", "metadata"})


def param_key(eqn: Any) -> Hashable:
    """A key of the parameters of `eqn`; with the primitive's name it says what is computed."""
    params = eqn.params
    if not params:
        return ()
    return tuple((name, key_of(params[name])) for name in sorted(params) if name not in IGNORED)


def key_of(value: Any) -> Hashable:
    """A key of one parameter."""
    kind = value.__class__
    if kind in _PLAIN:
        return value  # type: ignore[no-any-return]
    make = _MAKERS.get(kind)
    if make is None:
        make = _MAKERS[kind] = _maker(value)
    return make(value)


def _maker(value: Any) -> Callable[[Any], Hashable]:
    """How values of the class of `value` become keys."""
    if _compat.is_jaxpr(value):
        return jaxpr_key
    if isinstance(value, tuple):  # named tuples keep their type
        return lambda named: (named.__class__, *map(key_of, named))
    if all(hasattr(value, name) for name in ("shape", "dtype", "__array__")):
        return array_key
    return _hashable


def array_key(value: Any) -> Hashable:
    """A key of an array's dtype, shape and content; of its identity where it cannot be read."""
    content = content_of(value)
    if content is None:
        return ("array", id(value))
    dtype = content.dtype
    return ("array", dtype.str, dtype.name, content.shape, content.tobytes())


def jaxpr_key(jaxpr: Any) -> Hashable:
    """A key of a jaxpr up to the names of its variables."""
    body, consts = _compat.open_jaxpr(jaxpr)
    names: dict[Any, int] = {}

    def name(atom: Any) -> Hashable:
        if isinstance(atom, _compat.Literal):
            return literal_key(atom)
        return names.setdefault(atom, len(names))

    binders = tuple((name(v), str(v.aval)) for v in (*body.constvars, *body.invars))
    equations = tuple(
        (
            eqn.primitive.name,
            param_key(eqn),
            tuple(map(name, eqn.invars)),
            tuple((name(v), str(v.aval)) for v in eqn.outvars),
        )
        for eqn in body.eqns
    )
    return ("jaxpr", binders, tuple(map(key_of, consts)), equations, tuple(map(name, body.outvars)))


def literal_key(literal: Any) -> Hashable:
    """A key of a literal's dtype, shape and content; weak types do not matter."""
    value, dtype = literal.val, literal.aval.dtype
    if not isinstance(dtype, np.dtype):
        return ("literal", dtype, id(value))
    # bytes, because 0.0 == -0.0 and nan != nan
    return ("literal", dtype, literal.aval.shape, np.asarray(value, dtype=dtype).tobytes())


def _mapping_key(value: Mapping[Any, Any]) -> Hashable:
    return ("dict", tuple(sorted(((key_of(k), key_of(v)) for k, v in value.items()), key=repr)))


def _hashable(value: Any) -> Hashable:
    try:
        hash(value)
    except TypeError:
        return ("object", id(value))
    return value  # type: ignore[no-any-return]


_PLAIN = frozenset({int, str, bytes, type(None)})
_MAKERS: dict[type, Callable[[Any], Hashable]] = {
    bool: lambda value: ("bool", value),
    float: lambda value: ("float", struct.pack("<d", value)),
    tuple: lambda value: tuple(map(key_of, value)),
    list: lambda value: ("list", *map(key_of, value)),
    dict: _mapping_key,
}
