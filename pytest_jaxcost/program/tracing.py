"""The call of a function as a ``jax.stages.Traced``, by its own rules if it is jitted already."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import MethodType
from typing import Any, NamedTuple

import jax

from pytest_jaxcost import _compat

from .arguments import apart, function_apart, is_array, objects
from .naming import function_name, is_partial

__tracebackhide__ = True

ARRAYS_OF_FUNCTION = "<function>"
"""The argument that hands over the arrays of a function that is a pytree."""


class Call(NamedTuple):
    """A function and its arguments."""

    fn: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def trace(fn: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The ``jax.stages.Traced`` of ``fn(*args, **kwargs)``."""
    call = _bound(Call(fn, tuple(args), dict(kwargs)))
    if _has_own_rules(call):
        return _traced_by_own_rules(call)
    function = function_apart(call.fn)
    positional = [apart(each) for each in call.args]
    named = {name: apart(each) for name, each in call.kwargs.items()}

    def whole(*args: Any, **kwargs: Any) -> Any:
        arrays = kwargs.pop(ARRAYS_OF_FUNCTION, ())
        given = Call(
            function.whole(arrays),
            tuple([part.whole(arg) for part, arg in zip(positional, args, strict=True)]),
            {name: named[name].whole(arg) for name, arg in kwargs.items()},
        )
        return _results(given)

    _stand_for(whole, call.fn)
    arrays = {ARRAYS_OF_FUNCTION: function.traced} if function.traced else {}
    traced = {name: part.traced for name, part in named.items()}
    return jax.jit(whole).trace(*(part.traced for part in positional), **traced, **arrays)


def is_jitted(fn: Any) -> bool:
    """Whether `fn` is what ``jax.jit``, or a library's counterpart, made of a function."""
    return hasattr(fn, "lower") and hasattr(fn, "__wrapped__")


def _bound(call: Call) -> Call:
    """The call of the function that a partial or a method binds arguments of.

    A partial is opened if its function is jitted, and has rules of its own about the arguments; a
    method if its object is a pytree, whose arrays are arguments as well.
    """
    fn, args, kwargs = call
    if isinstance(fn, MethodType) and not jax.tree_util.all_leaves([fn.__self__]):
        return Call(fn.__func__, (fn.__self__, *args), kwargs)
    if is_partial(fn) and is_jitted(fn.func):
        return Call(fn.func, (*fn.args, *args), {**fn.keywords, **kwargs})
    return call


def _has_own_rules(call: Call) -> bool:
    """Whether the function is jitted by rules that take what the call gives.

    A library that lowers without tracing first looks for arrays, and a shape is none.
    """
    if not is_jitted(call.fn):
        return False
    leaves = jax.tree.leaves(call[1:])
    return hasattr(call.fn, "trace") or not any(
        isinstance(leaf, jax.ShapeDtypeStruct) for leaf in leaves
    )


def _traced_by_own_rules(call: Call) -> Any:
    fn, args, kwargs = call
    if not hasattr(fn, "trace"):
        return _compat.traced_to_lower(partial(fn.lower, *args, **kwargs))
    traced = fn.trace(*args, **kwargs)
    if isinstance(traced, jax.stages.Traced):
        return traced
    return _compat.traced_to_lower(traced.lower)


def _results(call: Call) -> Any:
    """What the call returns, and the arrays that it puts in place of others in its arguments.

    Modules of Flax NNX are changed in place; ``nnx.jit`` returns what has changed.
    """
    mutable = [each for each in objects(call) if not is_array(each)]
    given = {id(leaf): leaf for leaf in jax.tree.leaves(mutable)}
    result = call.fn(*call.args, **call.kwargs)
    changed = [leaf for each in mutable for leaf in _arrays_of(each) if id(leaf) not in given]
    return (apart(result).traced, changed) if changed else apart(result).traced


def _arrays_of(value: Any) -> list[Any]:
    # equinox.nn.State refuses to be read where another has taken its place
    with suppress(ValueError):
        return [leaf for leaf in jax.tree.leaves(value) if is_array(leaf)]
    return []


def _stand_for(whole: Callable[..., Any], fn: Any) -> None:
    """Give a function the name, the source and the names of arguments of another."""
    whole.__name__ = function_name(fn)
    with suppress(TypeError, ValueError):  # a signature is not to be had of every callable
        whole.__signature__ = inspect.signature(fn)  # type: ignore[attr-defined]
    while isinstance(fn, partial):
        fn = fn.func
    whole.__wrapped__ = fn  # type: ignore[attr-defined]
