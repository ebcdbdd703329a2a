"""Vectors that hold several arguments: cut into parts that are used as arrays of their own.

``ravel_pytree`` makes one vector of a tree of parameters, and the function that is differentiated
cuts it up again. Cuts that do not overlap and leave nothing out are such parts if JAX's own
function made them, or if one of them takes the shape of a matrix. Other indexing is what a
function does with one argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Equation, Inlined

CUTS = frozenset({"slice", "split"})

Cut = tuple[int, int, int]
"""An axis, the first position of a part and the one after its last."""


class Slices:
    """The cuts of a program that take the arguments out of a vector, looked up when asked for."""

    def __init__(self, program: Inlined) -> None:
        self._program = program
        self._arguments: dict[int, bool] = {}

    def are_arguments(self, cut: Equation) -> bool:
        """Whether `cut` and the others of the same vector take it apart into arguments."""
        vector = cut.inputs[0]
        known = self._arguments.get(vector)
        if known is None:
            known = self._arguments[vector] = self._is_taken_apart(vector)
        return known

    def _is_taken_apart(self, vector: int) -> bool:
        equations = [each for each in self._readers.get(vector, ()) if each.primitive in CUTS]
        cuts = {cut for each in equations for cut in _cuts(each)}
        shape = self._program.avals[vector].shape
        if len(cuts) < 2 or not _tile(sorted(cuts), shape):
            return False
        return any(
            _compat.is_of_raveled_tree(each.eqn) or self._becomes_matrix(each) for each in equations
        )

    def _becomes_matrix(self, cut: Equation) -> bool:
        return any(
            len(each.eqn.outvars[0].aval.shape) > len(self._program.avals[part].shape)
            for part in cut.outputs
            for each in self._readers.get(part, ())
            if each.primitive == "reshape"
        )

    @cached_property
    def _readers(self) -> dict[int, list[Equation]]:
        readers: dict[int, list[Equation]] = {}
        for _, equation in self._program.walk():
            for value in equation.inputs if equation.control is None else ():
                readers.setdefault(value, []).append(equation)
        return readers


def _cuts(equation: Equation) -> Iterator[Cut]:
    params, shape = equation.eqn.params, equation.eqn.invars[0].aval.shape
    if equation.primitive == "slice":
        ends = zip(params["start_indices"], params["limit_indices"], shape, strict=True)
        strides = params["strides"] or (1,) * len(shape)
        for axis, (start, stop, size) in enumerate(ends):
            if (start, stop) != (0, size) or strides[axis] != 1:
                # one that skips positions leaves some out
                yield (axis, int(start), int(stop)) if strides[axis] == 1 else (axis, 0, 0)
        return
    start = 0
    for size in params["sizes"]:
        yield int(params["axis"]), start, start + int(size)
        start += int(size)


def _tile(cuts: Sequence[Cut], shape: Sequence[int]) -> bool:
    """Whether sorted cuts are of one axis and hold each of its positions once."""
    axis, first, _ = cuts[0]
    is_joined = all(a[0] == b[0] and a[2] == b[1] for a, b in pairwise(cuts))
    return first == 0 and is_joined and cuts[-1][2] == shape[axis]
