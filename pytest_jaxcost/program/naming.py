"""What to call a function and its arguments in messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax

from pytest_jaxcost import _compat

from .arguments import is_array


def call_text(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """A call with the shapes of its arguments."""
    positional = [shape_text(arg) for arg in args]
    named = [f"{key}={shape_text(arg)}" for key, arg in kwargs.items()]
    return f"{name}({', '.join(positional + named)})"


def function_name(fn: Any) -> str:
    """What to call a function: JAX's transformations are spelled out, ``grad(f)``."""
    if is_partial(fn):
        return function_name(fn.func)
    wrapped = getattr(fn, "__wrapped__", None)
    if wrapped is not None and (by := _compat.transformation(fn)) is not None:
        return f"{by}({function_name(wrapped)})"
    if wrapped is not None and not hasattr(fn, "__code__"):  # jitted
        return function_name(wrapped)
    return str(getattr(fn, "__name__", type(fn).__name__))


def is_partial(fn: Any) -> bool:
    """Whether `fn` binds arguments of a function, as ``functools.partial`` does."""
    return all(hasattr(fn, name) for name in ("func", "args", "keywords"))


def shape_text(value: Any) -> str:
    """A pytree in a few letters: an array's type, a short value, or how many arrays there are."""
    if not jax.tree_util.all_leaves([value]):
        arrays = sum(map(is_array, jax.tree.leaves(value)))
        return f"<{arrays} {'array' if arrays == 1 else 'arrays'}>"
    if not hasattr(value, "shape"):
        return short(value)
    return f"{value.dtype}[{','.join(map(str, value.shape))}]"


def short(value: Any) -> str:
    """A value as it is written, or three dots if that is long."""
    text = str(getattr(value, "__name__", repr(value)))
    return text if len(text) <= 20 and "\n" not in text else "..."
