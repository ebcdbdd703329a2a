"""The axes of primitives that compute: elementwise, sums, products, factorizations."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.flow.axis_rules import ELEMENTWISE
from pytest_jaxcost.flow.zeros.spans import hull
from pytest_jaxcost.rewrite.axes import Axes, Letters, Wanted, lettered, own, row, shape


@row(*ELEMENTWISE, "mulhi")
def elementwise(eqn: Any) -> Axes:
    """Each axis of the result; scalars, and axes of one position, serve all positions."""
    to = shape(eqn.outvars[0])
    return Axes(tuple(_stretched(shape(v), to) for v in eqn.invars), (lettered(len(to)),))


def _stretched(sizes: tuple[int, ...], to: tuple[int, ...]) -> Letters:
    if len(sizes) != len(to):
        return (None,) * len(sizes)
    pairs = zip(sizes, to, strict=True)
    return tuple(axis if n == m else None for axis, (n, m) in enumerate(pairs))


@row("reduce_sum", "reduce_or", "reduce_xor", "reduce_max", "reduce_min")
def reduction(eqn: Any) -> Axes:
    """Each axis of the operand: positions of a reduced one may be left out if they add nothing."""
    return _reduced(eqn, lettered(len(shape(eqn.invars[0]))))


@row("reduce_prod", "reduce_and", "argmax", "argmin")
def whole_reduction(eqn: Any) -> Axes:
    """The axes that are kept: of the others every position counts."""
    return _reduced(eqn, lettered(len(shape(eqn.invars[0])), *eqn.params["axes"]))


def _reduced(eqn: Any, letters: Letters) -> Axes:
    reduced = {int(axis) for axis in eqn.params["axes"]}
    kept = tuple(letter for axis, letter in enumerate(letters) if axis not in reduced)
    return Axes((letters,), (kept,))


@row("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")
def cumulation(eqn: Any) -> Axes:
    """All axes but the one that is followed."""
    letters = lettered(len(shape(eqn.invars[0])), eqn.params["axis"])
    return Axes((letters,), (letters,))


@row("sort")
def sort(eqn: Any) -> Axes:
    """All axes but the one that is sorted, alike in all operands."""
    letters = lettered(len(shape(eqn.invars[0])), eqn.params["dimension"])
    return Axes((letters,) * len(eqn.invars), (letters,) * len(eqn.outvars))


@row("top_k")
def top_k(eqn: Any) -> Axes:
    """All axes but the one that is searched."""
    letters = lettered(len(shape(eqn.invars[0])), eqn.params.get("axis", -1))
    return Axes((letters,), (letters, letters))


_WINDOW = ("window_dimensions", "window_strides", "padding", "base_dilation", "window_dilation")
_ALONE = (1, 1, (0, 0), 1, 1)


@row("reduce_window_sum", "reduce_window_max", "reduce_window_min")
def windows(eqn: Any) -> Axes:
    """The axes with windows of one position each."""
    params = eqn.params
    each = zip(*(params[name] for name in _WINDOW), strict=True)
    letters = tuple(k if axis == _ALONE else None for k, axis in enumerate(each))
    return Axes((letters,), (letters,))


@row("dot_general")
def dot_general(eqn: Any) -> Axes:
    """Batch axes, the free ones of the left and the right operand, then the contracted ones.

    That is the order of ``flow/zeros/rules/contractions.py:Products``.
    """
    contracted, batch = eqn.params["dimension_numbers"]
    sides: tuple[list[int | None], ...] = tuple([None] * len(shape(v)) for v in eqn.invars)
    rank = len(shape(eqn.outvars[0]))
    for side, letters in enumerate(sides):
        for letter, axis in enumerate(batch[side]):
            letters[axis] = letter
        for letter, axis in enumerate(contracted[side], start=rank):
            letters[axis] = letter
    free = len(batch[0])
    for letters in sides:
        for axis, letter_ in enumerate(letters):
            if letter_ is None:
                letters[axis], free = free, free + 1
    return Axes(tuple(map(tuple, sides)), (lettered(rank),))


@row("conv_general_dilated")
def conv_general_dilated(eqn: Any) -> Axes:
    """A letter for each axis of the result, and one for the input features.

    Other padding, which may be negative, computes fewer windows, if they follow one another.
    Grouped convolutions take features and images whole.
    """
    params, numbers = eqn.params, eqn.params["dimension_numbers"]
    rank = len(numbers.out_spec)
    images, filters = ([None] * rank, [None] * rank)  # type: tuple[list[int | None], list[int | None]]
    result: list[int | None] = list(range(rank))
    in_groups = params["feature_group_count"] != 1 or params["batch_group_count"] != 1
    batch, features = numbers.out_spec[:2]
    if in_groups:
        result[batch] = result[features] = None
    else:
        images[numbers.lhs_spec[0]], images[numbers.lhs_spec[1]] = batch, rank
        filters[numbers.rhs_spec[0]], filters[numbers.rhs_spec[1]] = features, rank
    runs = frozenset(numbers.out_spec[2:])
    return Axes((tuple(images), tuple(filters)), (tuple(result),), _of_windows, runs)


def _of_windows(eqn: Any, wanted: Wanted) -> dict[str, Any]:
    numbers, padding = eqn.params["dimension_numbers"], list(eqn.params["padding"])
    for k, axis in enumerate(numbers.out_spec[2:]):
        if axis in wanted:
            padding[k] = _padding(eqn, k, *hull(wanted[axis]))
    return {**eqn.params, "padding": tuple(padding)}


def _padding(eqn: Any, k: int, start: int, stop: int) -> tuple[int, int]:
    """The padding with which the windows from `start` to `stop` are all there are."""
    params, numbers = eqn.params, eqn.params["dimension_numbers"]
    images, filters = (shape(v) for v in eqn.invars)
    stride, low = int(params["window_strides"][k]), int(params["padding"][k][0])
    spread = (images[numbers.lhs_spec[2 + k]] - 1) * params["lhs_dilation"][k] + 1
    reach = (filters[numbers.rhs_spec[2 + k]] - 1) * params["rhs_dilation"][k] + 1
    before = low - start * stride
    return before, (stop - start - 1) * stride + reach - spread - before


@row("fft")
def fft(eqn: Any) -> Axes | None:
    """The axes that are not transformed."""
    return _leading(eqn, len(eqn.params["fft_lengths"]))


@row("cholesky", "lu", "qr", "geqrf", "householder_product", "eigh", "eig", "svd", "schur")
def factorization(eqn: Any) -> Axes | None:
    """The axes before the matrices."""
    return _leading(eqn, 2)


@row("tridiagonal_solve")
def tridiagonal_solve(eqn: Any) -> Axes:
    """The axes before the diagonals, and the columns of the right-hand side."""
    batch = len(shape(eqn.invars[0])) - 1
    diagonal, solved = (*range(batch), None), (*range(batch), None, batch)
    return Axes((diagonal, diagonal, diagonal, solved), (solved,))


@row("triangular_solve")
def triangular_solve(eqn: Any) -> Axes:
    """The axes before the matrices, and the right-hand sides."""
    batch = len(shape(eqn.invars[0])) - 2
    columns = (None, batch) if eqn.params["left_side"] else (batch, None)
    sides = (*range(batch), *columns)
    return Axes(((*range(batch), None, None), sides), (sides,))


def _leading(eqn: Any, own_axes: int) -> Axes | None:
    batch = len(shape(eqn.invars[0])) - own_axes

    def letters(atom: Any) -> Letters:
        rest = len(shape(atom)) - batch
        return (*range(batch), *[None] * rest) if rest >= 0 else own(atom)

    return Axes(tuple(map(letters, eqn.invars)), tuple(map(letters, eqn.outvars)))
