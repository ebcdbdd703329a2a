"""Why a call cannot be traced: what was read, and what is accepted."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax

from .arguments import is_array, is_number
from .naming import call_text, function_name, short
from .tracing import is_jitted

NOT_CALLABLE = "jaxcost measures a function and its arguments, jaxcost(fn, *args); got {value!r}"
NOT_ARGUMENTS = "jaxcost takes the arguments of a function as a tuple, args=(x,); got {what}"

WRONG_ARGUMENTS = "{name} takes {signature}; {call}: {reason}"
UNHASHABLE = (
    "{path} is {what}, which is no array and has no hash: a jitted function takes it neither as "
    "an argument that is traced nor as one that is static"
)
NUMBER = (
    "{path} is {what}, which is traced as jax.jit traces numbers; to have it static, close over "
    "it, jaxcost(lambda x: f(x, {written}), x), or pass a function that is jitted with static_{by}"
)


def notes(
    error: Exception, fn: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Iterator[str]:
    """What of the call explains that it could not be traced."""
    if not isinstance(error, TypeError | ValueError):
        return
    if reason := _wrong_arguments(fn, args, kwargs):
        yield reason
    elif is_jitted(fn):
        yield from _about(UNHASHABLE, args, kwargs, _is_unhashable)
    elif "concrete" in str(error):  # of a shape, JAX says so in a plain TypeError
        yield from _about(NUMBER, args, kwargs, is_number)


def _wrong_arguments(fn: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):  # not to be had of every callable
        return ""
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        name = function_name(fn)
        call = call_text(name, args, kwargs)
        return WRONG_ARGUMENTS.format(name=name, signature=signature, call=call, reason=error)
    return ""


def _about(
    text: str, args: Sequence[Any], kwargs: Mapping[str, Any], is_meant: Callable[[Any], bool]
) -> Iterator[str]:
    for path, leaf in jax.tree_util.tree_leaves_with_path((tuple(args), dict(kwargs))):
        if is_meant(leaf):
            what, name = _what(leaf), getattr(path[1], "key", None)
            written, by = (what, "argnums") if name is None else (f"{name}={what}", "argnames")
            yield text.format(path=_argument(path), what=what, written=written, by=by)


def _is_unhashable(leaf: Any) -> bool:
    return not is_array(leaf) and not _has_hash(leaf)


def _has_hash(leaf: Any) -> bool:
    try:
        hash(leaf)
    except TypeError:
        return False
    return True


def _what(leaf: Any) -> str:
    return short(leaf) if is_number(leaf) else f"of type {type(leaf).__name__}"


def _argument(path: tuple[Any, ...]) -> str:
    where, argument, *rest = path
    named = where.idx == 1
    name = f"keyword argument {argument.key!r}" if named else f"argument {argument.idx}"
    return name + (f" at {jax.tree_util.keystr(tuple(rest))}" if rest else "")
