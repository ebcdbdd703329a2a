"""Which axes of an equation's operands and results run together, one row per family of primitives.

A letter stands for one index of what the equation computes, as in ``einsum``: an axis that carries
it has the position of the index. If only some positions of a letter are wanted, every axis that
carries it is cut to them, and the primitive computes just these, the same as before bit by bit. An
axis without a letter is always taken whole: along it every position may depend on every other one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pytest_jaxcost.flow.zeros.spans import Spans, count
from pytest_jaxcost.tables import into

Letters = tuple[int | None, ...]
"""The letter of each axis of one operand or result."""

Wanted = Mapping[int, Spans]
"""The positions to compute, by letter; of other letters all."""

Params = Callable[[Any, Wanted], Mapping[str, Any]]
"""JAX's parameters for the wanted positions."""


class Axes(NamedTuple):
    """The letters of an equation's operands and results."""

    operands: tuple[Letters, ...]
    results: tuple[Letters, ...]
    params: Params = lambda eqn, wanted: eqn.params
    runs: frozenset[int] = frozenset()
    """Letters of which only positions that follow one another can be computed alone."""

    @property
    def letters(self) -> frozenset[int]:
        """All letters."""
        return frozenset(x for each in (*self.operands, *self.results) for x in each) - {None}  # type: ignore[return-value]

    @property
    def summed(self) -> frozenset[int]:
        """Letters that no result carries: positions of theirs are combined."""
        return self.letters - {letter for each in self.results for letter in each}

    def sizes(self, eqn: Any) -> dict[int, int]:
        """The number of positions of each letter, in JAX's equation."""
        atoms = zip((*eqn.invars, *eqn.outvars), (*self.operands, *self.results), strict=True)
        return {
            letter: size
            for atom, letters in atoms
            for letter, size in zip(letters, shape(atom), strict=True)
            if letter is not None
        }


Row = Callable[[Any], Axes | None]

ROWS: dict[str, Row] = {}


row = into(ROWS, "rows")
"""A decorator: the function gives the axes of equations of these primitives."""


def shape(atom: Any) -> tuple[int, ...]:
    """The shape of an operand or a result."""
    found: tuple[int, ...] = atom.aval.shape
    return found


def own(atom: Any) -> Letters:
    """No letter for any axis."""
    return (None,) * len(shape(atom))


def resized(sizes: Sequence[int], letters: Letters, wanted: Wanted) -> tuple[int, ...]:
    """A shape, of which the axes with wanted letters have as many positions as are wanted."""
    return tuple(
        int(size) if letter is None or letter not in wanted else count(wanted[letter])
        for size, letter in zip(sizes, letters, strict=True)
    )


def lettered(rank: int, *taken_whole: int) -> Letters:
    """A letter for each axis, its number, but for some that are taken whole."""
    whole = {int(axis) % rank for axis in taken_whole}
    return tuple(None if axis in whole else axis for axis in range(rank))
