"""Which instructions of an optimized program do the work of which equations.

JAX hands each equation's name stack, primitive and frames on to the compiler, and instructions keep
them as op name and frames, through fusion and inlining. Both are brought into one form here. What
the two sides say of how control got there differs between releases, so that is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache

from pytest_jaxcost import _compat, hlo
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation

DEPTH = 8
"""Frames that tell places apart; JAX hands on the innermost ten of each traced function."""

_STRUCTURE = re.compile(
    r"(jit|pjit|xla_call)\(.*|while|body|cond|scan|closed_call|core_call|core_closed_call"
    r"|eval_jaxpr|branch_\d+_fun|checkpoint|remat2?|custom_(jvp|vjp)_call(_jaxpr)?|shard_map"
    r"|shmap_body|custom_lin|custom_linear_solve"
)
"""Parts of an op name that say through which calls, loops and branches control got there."""

_TRANSFORM = re.compile(r"(jvp|vmap|transpose|linearize|pmap)\((.*)\)")

REPEATED_BY_LOWERING = "body_pred"
"""In the op name of a loop's predicate that lowering evaluates once more, in the loop's body."""

OPEN = frozenset({"checkpoint", "cond", "remat2", "while"})
"""Primitives whose bodies JAX lowers in place, in 0.8 under the frames of the equation itself."""

Frame = tuple[str, int, int | None]
"""File, line and column."""


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where something comes from: scopes and transforms around it, and the frames that made it.

    Equal ones are the same: `Origins` makes them.
    """

    path: tuple[str, ...]
    frames: tuple[Frame, ...]

    @property
    def line(self) -> tuple[str, int] | None:
        """File and line of the innermost frame."""
        return self.frames[0][:2] if self.frames else None


Level = Callable[[Origin, int], Hashable]


def frames(origin: Origin, _: int) -> Hashable:
    """The frames alone."""
    return origin.frames


def line(origin: Origin, _: int) -> Hashable:
    """The innermost line alone."""
    return origin.line


def anywhere(_: Origin, size: int) -> Hashable:
    """Every place, for work of one size."""
    return size


LEVELS: tuple[Level, ...] = (
    lambda origin, _: origin,
    frames,
    lambda origin, _: (origin.path, origin.line),
    line,
)
"""How finely places are told apart, the finest first; texts of JAX 0.8 name one frame only."""


def sized(level: Level) -> Level:
    """The level with work of different sizes told apart, too."""
    return lambda origin, size: (level(origin, size), size)


SIZED_LEVELS = tuple(map(sized, LEVELS))


class Origins:
    """The origins of one traced program and of what it was compiled to."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], tuple[Frame, ...]], Origin] = {}
        self._compiled_frames: dict[tuple[hlo.SourceFrame, ...], tuple[Frame, ...]] = {}

    def at(self, path: tuple[str, ...], frames: tuple[Frame, ...]) -> Origin:
        """The origin with this path and these frames."""
        known = self._known.get((path, frames))
        if known is None:
            known = self._known[path, frames] = Origin(path, frames)
        return known

    def of_equation(self, equation: Equation, *, own_frames: bool = True) -> Origin:
        """Where an equation comes from, in the words of the lowered program.

        Unless it has `own_frames`, what stands in a branch, in the body of a while or in a
        checkpoint is said to come from where that is.
        """
        stacks = [str(equation.eqn.source_info.name_stack)]
        site = equation.site
        while site is not None:
            stacks.append(str(site.eqn.source_info.name_stack))
            site = site.parent
        made = equation if own_frames else _around(equation)
        return self.at(_path_of(tuple(reversed(stacks))), _traced_frames(made))

    def of_instruction(self, instruction: hlo.Instruction, op_name: str, depth: int) -> Origin:
        """Where an instruction comes from, if so many parts of its op name lead to it."""
        path = _without_structure(tuple(op_name.split("/")[:depth]))
        frames = instruction.metadata.frames if instruction.metadata else ()
        known = self._compiled_frames.get(frames)
        if known is None:
            known = self._compiled_frames[frames] = _compiled_frames(frames)
        return self.at(path, known)


@lru_cache(maxsize=10_000)
def _path_of(stacks: tuple[str, ...]) -> tuple[str, ...]:
    return _without_structure(tuple("/".join(stack for stack in stacks if stack).split("/")))


def _around(equation: Equation) -> Equation:
    """The ``cond``, ``while`` or checkpoint around an equation, if one is immediately."""
    while equation.site is not None and equation.site.eqn.primitive.name in OPEN:
        equation = equation._replace(eqn=equation.site.eqn, site=equation.site.parent)
    return equation


@lru_cache(maxsize=10_000)
def names_in(op_name: str) -> tuple[tuple[str, int], ...]:
    """The primitives that an op name may be of, and how many of its parts lead to each."""
    parts = op_name.split("/")
    if REPEATED_BY_LOWERING in parts:
        return ()
    return tuple((parts[k], k) for k in range(len(parts) - 1, -1, -1))


@lru_cache(maxsize=10_000)
def _without_structure(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([kept for part in parts if (kept := _kept(part))])


@lru_cache(maxsize=10_000)
def _kept(part: str) -> str:
    """A part of an op name, without what transforms wrap if that is structure: `vmap(jit(f))`."""
    if _STRUCTURE.fullmatch(part):
        return ""
    wrapped = _TRANSFORM.fullmatch(part)
    return f"{wrapped[1]}({_kept(wrapped[2])})" if wrapped else part


def _traced_frames(equation: Equation) -> tuple[Frame, ...]:
    found: dict[Frame, None] = {}
    for made, _ in where.made_in(equation):
        located, is_outermost = _located(made)
        found.update(dict.fromkeys(located))
        if is_outermost:
            break
    return tuple(found)[:DEPTH]


@lru_cache(maxsize=10_000)
def _located(made: _compat.Frames) -> tuple[tuple[Frame, ...], bool]:
    """The frames that JAX names to the compiler, and whether they lead out to our own."""
    found: list[Frame] = []
    for frame in made.every:
        if _compat.is_ours(frame.file):
            return tuple(found), True
        if _compat.is_located(frame.file):
            found.append((frame.file, *frame.location))
    return tuple(found), False


def _compiled_frames(frames: tuple[hlo.SourceFrame, ...]) -> tuple[Frame, ...]:
    found: dict[Frame, None] = {}
    for frame in frames:
        if _compat.is_ours(frame.file):
            break
        found[frame.file, frame.line, frame.column] = None
    return tuple(found)[:DEPTH]
