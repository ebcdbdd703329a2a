"""Where an equation comes from: its place in the user's source, its phase and its scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Equation

PRIMAL = "primal"
JVP = "jvp"
TRANSPOSE = "transpose"
RECOMPUTE = "recompute"
UNATTRIBUTED = "unattributed"

REMATTED = ("rematted_computation", False)
"""The scope that JAX puts around what a differentiated checkpoint computes again."""

Records = tuple[tuple[str, bool], ...]
"""A name stack, outermost record first: (name, whether it is a transform)."""


class Position(NamedTuple):
    """One expression of the user's source; lines count from 1, columns from 0."""

    file: str
    line: int
    column: int
    function: str


def name_stack(equation: Equation) -> Records:
    """The whole name stack: inside bodies it is relative to the equation that holds the body."""
    records = _compat.name_records(equation.eqn.source_info.name_stack)
    site = equation.site
    while site is not None:
        records = _compat.name_records(site.eqn.source_info.name_stack) + records
        site = site.parent
    return records


def phase(equation: Equation) -> str:
    """Which part of a derivative the equation belongs to, from its transform records."""
    records = name_stack(equation)
    if _is_rematted(equation, records):
        return RECOMPUTE
    transforms = {name for name, is_transform in records if is_transform}
    return next((known for known in (TRANSPOSE, JVP) if known in transforms), PRIMAL)


def is_recomputed(equation: Equation) -> bool:
    """Whether a differentiated checkpoint computes the equation a second time."""
    return _is_rematted(equation, name_stack(equation))


def scope(equation: Equation) -> str:
    """The names that the user's ``named_scope`` put around the equation, joined by ``/``."""
    records = name_stack(equation)
    return "/".join(name for name, transform in records if not transform and name != REMATTED[0])


def source(equation: Equation) -> _compat.Frame | None:
    """The innermost frame of code that is not JAX's own; a key of the user's expression."""
    site = equation.site
    traceback = equation.eqn.source_info.traceback
    users = _compat.frames(traceback, "" if site is None else site.function).users
    if users:
        return users[0]
    return next((frames.users[0] for frames in _frames(equation) if frames.users), None)


def users_path(equation: Equation) -> tuple[_compat.Frame, ...]:
    """The frames of the user's own code that made the equation, innermost first."""
    return tuple([frame for frames in _frames(equation) for frame in frames.users])


def made_in(equation: Equation) -> Iterator[tuple[_compat.Frames, str]]:
    """The frames that made the equation, JAX's own included, and the function they stop at.

    Of one body after the other, innermost first; the function is ``file:line``, empty for the last.
    """
    for eqn, function in _chain(equation):
        frames = _compat.frames(eqn.source_info.traceback, function)
        yield frames, function
        if frames.users and not frames.complete:
            return  # the function is not among the frames, so they lead all the way out


def positions(equation: Equation, libraries: tuple[str, ...] = ()) -> tuple[Position, ...]:
    """The expressions of the user's own code that made the equation, innermost first.

    Frames inside JAX are skipped, and frames of files below one of the folders `libraries`.
    An equation of a function that JAX traced once and cached takes its call site's.
    """
    return tuple(
        Position(frame.file, *frame.location, frame.function)
        for frame in users_path(equation)
        if not (libraries and frame.file.startswith(libraries))
    )


def _is_rematted(equation: Equation, records: Records) -> bool:
    return equation.site is not None and equation.site.remat and REMATTED in records


def _frames(equation: Equation) -> Iterator[_compat.Frames]:
    return (frames for frames, _ in made_in(equation))


def _chain(equation: Equation) -> Iterator[tuple[Any, str]]:
    """JAX's equation and those it was entered through, innermost first, and in which function."""
    eqn, site = equation.eqn, equation.site
    while site is not None:
        yield eqn, site.function
        eqn, site = site.eqn, site.parent
    yield eqn, ""
