"""Where an equation comes from: its place in the user's source, its phase and its scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Equation, Site

PRIMAL = "primal"
JVP = "jvp"
TRANSPOSE = "transpose"
RECOMPUTE = "recompute"

REMATTED = ("rematted_computation", False)
"""The scope that JAX puts around what a differentiated checkpoint computes again."""


class Position(NamedTuple):
    """One expression of the user's source; lines count from 1, columns from 0."""

    file: str
    line: int
    column: int
    function: str


def name_stack(equation: Equation) -> tuple[tuple[str, bool], ...]:
    """The records of the whole name stack, outermost first: (name, whether it is a transform).

    Name stacks inside bodies are relative to the equation that holds the body.
    """
    return tuple(record for eqn in reversed(list(_chain(equation))) for record in _compat.name_stack(eqn))


def phase(equation: Equation) -> str:
    """Which part of a derivative the equation belongs to, from its transform records."""
    records = name_stack(equation)
    if is_recomputed(equation):
        return RECOMPUTE
    transforms = {name for name, is_transform in records if is_transform}
    return next((known for known in (TRANSPOSE, JVP) if known in transforms), PRIMAL)


def is_recomputed(equation: Equation) -> bool:
    """Whether a differentiated checkpoint computes the equation a second time."""
    site = equation.site
    return site is not None and site.remat and REMATTED in name_stack(equation)


def scope(equation: Equation) -> str:
    """The names that the user's ``named_scope`` put around the equation, joined by ``/``."""
    records = name_stack(equation)
    return "/".join(n for n, transform in records if not transform and (n, transform) != REMATTED)


def position(equation: Equation, libraries: tuple[str, ...] = ()) -> Position | None:
    """The innermost expression of the user's own code that made the equation.

    Frames inside JAX are skipped, and frames of files below one of the folders `libraries`.
    An equation that JAX cached without a source takes its call site's.
    """
    for eqn in _chain(equation):
        for frame in _compat.frames(eqn):
            if not frame.file.startswith(libraries or ("\0",)):
                return Position(frame.file, frame.line, frame.column, frame.function)
    return None


def _chain(equation: Equation) -> Iterator[Any]:
    """JAX's equation and those it was entered through, innermost first."""
    yield equation.eqn
    site: Site | None = equation.site
    while site is not None:
        yield site.eqn
        site = site.parent
