"""One function under test: what it is called with, and its three stages.

Each stage is made once for each target, when something asks for it. Nothing is ever executed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import jax

from pytest_jaxcost import _compat
from pytest_jaxcost.targets import Target, is_native
from pytest_jaxcost.targets.noise import noise_kept_out
from pytest_jaxcost.targets.placement import lower

from .naming import call_text
from .refusals import notes
from .tracing import trace

__tracebackhide__ = True


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
        """``jax.stages.Traced``; a jitted function keeps its static arguments and donation."""
        if self._traced is None:
            try:
                self._traced = trace(self.fn, self.args, self.kwargs)
            except Exception as error:
                for note in notes(error, self.fn, self.args, self.kwargs):
                    error.add_note(f"jaxcost: {note}")
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
        return call_text(self.name, self.args, self.kwargs)
