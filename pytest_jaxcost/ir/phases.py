"""The phase of each equation, as far as the whole program tells.

JAX leaves no transform record on what it moves out of a differentiated loop's body, nor on the
basis that ``jax.jacfwd`` pushes. Such equations belong to a derivative, and nothing says to which
part of it: they are unattributed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from pytest_jaxcost import _compat
from pytest_jaxcost.ir import higher_order, where
from pytest_jaxcost.ir.equation import Equation, Inlined, Loop

PHASES = (where.PRIMAL, where.JVP, where.TRANSPOSE, where.RECOMPUTE, where.UNATTRIBUTED)


class Phases:
    """The phases of one program's equations."""

    def __init__(self, program: Inlined) -> None:
        self._program = program

    def of(self, equation: Equation) -> str:
        """One of `PHASES`."""
        phase = where.phase(equation)
        if phase != where.PRIMAL or not self._is_differentiated:
            return phase
        return where.UNATTRIBUTED if self._belongs_to_derivative(equation) else phase

    @cached_property
    def _is_differentiated(self) -> bool:
        return any(where.phase(equation) != where.PRIMAL for _, equation in self._program.walk())

    @cached_property
    def _looped(self) -> frozenset[str]:
        """The functions that loops of the program run, as ``file:line``."""
        return frozenset(
            _compat.function_source(body)
            for _, holder in self._program.walk()
            if isinstance(holder.control, Loop)
            for body in higher_order.sub_jaxprs(holder.eqn)
        )

    def _belongs_to_derivative(self, equation: Equation) -> bool:
        return any(
            bool(_compat.derivative_of(frame)) or self._left_loop(frames.every, k, function)
            for frames, function in where.made_in(equation)
            for k, frame in enumerate(frames.every)
        )

    def _left_loop(self, frames: Sequence[_compat.Frame], k: int, function: str) -> bool:
        """Whether a loop ran frame `k`, in whose body the equation does not stand."""
        source = frames[k].of.source
        if source == function or source not in self._looped:
            return False
        caller = frames[k + 1 : k + 2]
        return not caller or not caller[0].of.is_users  # the user may call it outside the loop too
