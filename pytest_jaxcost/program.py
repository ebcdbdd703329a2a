"""One function under test: what it is called with, and its three stages.

Each stage is made once for each target, when something asks for it. Nothing is ever executed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any

import jax
import numpy as np

from pytest_jaxcost import _compat
from pytest_jaxcost.targets import Target, is_native
from pytest_jaxcost.targets.noise import noise_kept_out
from pytest_jaxcost.targets.placement import lower

__tracebackhide__ = True

NOT_AN_ARRAY = (
    "jaxcost passes every argument to jax.jit, and {path} is {article} {kind}, no array and no "
    "pytree of arrays. Close over it, jaxcost(lambda x: f(x, {value}), x), or pass a function "
    "that is jitted with static_argnums"
)
NOT_CALLABLE = "jaxcost measures a function and its arguments, jaxcost(fn, *args); got {value!r}"


class Program:
    """A function with arguments; arrays, pytrees or ``jax.ShapeDtypeStruct``."""

    def __init__(
        self, fn: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], name: str
    ) -> None:
        self.fn, self.args, self.kwargs, self.name = fn, tuple(args), dict(kwargs), name
        self._traced: Any = None
        self._jaxpr: Any = None
        self._lowered: dict[Target, Any] = {}
        self._compiled: dict[Target, Any] = {}

    @classmethod
    def of_jaxpr(cls, jaxpr: Any, name: str) -> Program:
        """The program of a closed jaxpr that was traced already."""
        avals = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in jaxpr.in_avals]
        program = cls(_compat.as_function(jaxpr), avals, {}, name)
        program._jaxpr = jaxpr
        return program

    @property
    def has_arguments(self) -> bool:
        """Whether its arguments are what a function was called with, not the inputs of a jaxpr."""
        return self._jaxpr is None

    def with_jaxpr(self, jaxpr: Any, name: str) -> Program:
        """The program of another jaxpr, which is called and compiled as this one is.

        More arguments than this one has are new ones, placed wherever JAX places them.
        """
        if self._jaxpr is not None or len(jaxpr.in_avals) != len(self.jaxpr.in_avals):
            return Program.of_jaxpr(jaxpr, name)
        program = Program(self.fn, self.args, self.kwargs, name)
        program._traced = _compat.with_jaxpr(self.trace(), jaxpr)
        return program

    def trace(self) -> Any:
        """``jax.stages.Traced``; a jitted function keeps its static arguments and donation.

        Raises:
            TypeError: an argument is neither an array nor a pytree of arrays.
        """
        if self._traced is None:
            fn: Any = self.fn
            if not hasattr(fn, "trace"):
                _require_arrays(self.args, self.kwargs)
                fn = jax.jit(_with_hash(fn))
            try:
                self._traced = fn.trace(*self.args, **self.kwargs)
            except Exception as error:
                error.add_note(f"jaxcost: while tracing {self.call}")
                raise
        return self._traced

    @property
    def jaxpr(self) -> Any:
        """The closed jaxpr."""
        return self.trace().jaxpr if self._jaxpr is None else self._jaxpr

    @cached_property
    def lowered(self) -> Any:
        """``jax.stages.Lowered``."""
        return self.trace().lower()

    @cached_property
    def compiled(self) -> Any:
        """``jax.stages.Compiled``."""
        return self.lowered.compile()

    def lowered_for(self, target: Target | None) -> Any:
        """``jax.stages.Lowered`` for a target; None is the platform that JAX runs on.

        Raises:
            TargetError: the program cannot be put on the target's devices.
        """
        if target is None or is_native(target):
            return self.lowered
        if target not in self._lowered:
            with self._said_in_errors(target):
                self._lowered[target] = lower(self.trace(), target)
        return self._lowered[target]

    def compiled_for(self, target: Target | None) -> Any:
        """``jax.stages.Compiled`` for a target; None is the platform that JAX runs on.

        What the target's compiler prints is kept out of the output, and is shown if it fails.

        Raises:
            TargetError: as ``lowered_for`` does.
        """
        if target is None or is_native(target):
            return self.compiled
        if target not in self._compiled:
            lowered = self.lowered_for(target)
            with self._said_in_errors(target), noise_kept_out():
                self._compiled[target] = lowered.compile()
        return self._compiled[target]

    @contextmanager
    def _said_in_errors(self, target: Target) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            error.add_note(f"jaxcost: while compiling {self.call} for {target}")
            raise

    @property
    def call(self) -> str:
        """The measured call with the shapes of its arguments, for messages."""
        args = [_shape_text(arg) for arg in self.args]
        kwargs = [f"{name}={_shape_text(arg)}" for name, arg in self.kwargs.items()]
        return f"{self.name}({', '.join(args + kwargs)})"


def function_name(fn: Any) -> str:
    """What to call a function in messages: JAX's transformations are spelled out, ``grad(f)``."""
    if isinstance(fn, partial):
        return function_name(fn.func)
    wrapped = getattr(fn, "__wrapped__", None)
    if wrapped is not None and (by := _compat.transformation(fn)) is not None:
        return f"{by}({function_name(wrapped)})"
    if wrapped is not None and not hasattr(fn, "__code__"):  # jitted
        return function_name(wrapped)
    return str(getattr(fn, "__name__", type(fn).__name__))


def _with_hash(fn: Any) -> Any:
    """The function, or the same with a hash: jax.jit wants one, which a pytree of arrays lacks."""
    try:
        hash(fn)
    except TypeError:
        return partial(fn)
    return fn


def _require_arrays(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    for path, leaf in jax.tree_util.tree_leaves_with_path((args, kwargs)):
        if not _is_array(leaf):
            kind = type(leaf).__name__
            raise TypeError(
                NOT_AN_ARRAY.format(
                    path=_argument(path),
                    article="an" if kind[0] in "aeiou" else "a",
                    kind=kind,
                    value=_short(leaf),
                )
            )


def _is_array(leaf: Any) -> bool:
    if isinstance(leaf, bool | int | float | complex | np.generic):
        return True
    if isinstance(leaf, np.ndarray):
        return leaf.dtype.kind not in "OSU"
    return (hasattr(leaf, "shape") and hasattr(leaf, "dtype")) or hasattr(leaf, "__jax_array__")


def _argument(path: tuple[Any, ...]) -> str:
    where, argument, *rest = path
    named = where.idx == 1
    name = f"keyword argument {argument.key!r}" if named else f"argument {argument.idx}"
    return name + (f" at {jax.tree_util.keystr(tuple(rest))}" if rest else "")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 20 and "\n" not in text else "..."


def _shape_text(arg: Any) -> str:
    leaves = jax.tree.leaves(arg)
    if len(leaves) != 1:
        return f"<{len(leaves)} arrays>"
    (leaf,) = leaves
    if not hasattr(leaf, "shape"):
        return _short(leaf)
    return f"{leaf.dtype}[{','.join(map(str, leaf.shape))}]"
