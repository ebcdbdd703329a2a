"""Sums along a basis where the rows are the vectors: each takes its rows, and nothing is summed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import jax.numpy as jnp
from jax import lax

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.basis import Contraction, Image
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.rewrite.edits import RewriteError

OWN_VECTORS = "each example of a batch has vectors of its own"
LOOK_UP = "the diagonal is looked up in a way that is not followed"


Read = Callable[[int], Any]
"""Gives a value as an array, with rows in the basis's place."""


def summed(
    facts: Facts,
    images: Mapping[int, Image],
    read: Read,
    contraction: Contraction,
    first: int,
) -> Any:
    """What the sum is, of rows that start at `first`."""
    equation = contraction.equation
    value = contraction.operands[0]
    if contraction.over == "diagonal":
        value = next(v for v in contraction.operands if _has_diagonal(images.get(v)))
    image, rows = images[value], read(value)
    if equation.primitive == "dot_general":
        made = _dotted(facts, equation, equation.inputs.index(value), rows, first)
    elif equation.primitive == "gather":
        made = _looked_up(facts, equation, read(equation.inputs[1]), _row(rows, image, first))
    else:
        made = _reduced(equation, image, _row(rows, image, first))
    aval = facts.program.avals[equation.outputs[0]]
    return made if made.dtype == aval.dtype else lax.convert_element_type(made, aval.dtype)


def _has_diagonal(image: Image | None) -> bool:
    return image is not None and image.diagonal is not None


def _row(rows: Any, image: Image, first: int) -> Any:
    return lax.index_in_dim(rows, first, image.axis, keepdims=False)


def _dotted(facts: Facts, equation: Equation, position: int, rows: Any, first: int) -> Any:
    (contracting, batch) = equation.eqn.params["dimension_numbers"]
    if batch[0]:
        raise RewriteError(OWN_VECTORS)
    other = 1 - position
    (axis,), (seed_axis,) = contracting[position], contracting[other]
    shape = facts.program.avals[equation.inputs[other]].shape
    free = [size for k, size in enumerate(shape) if k != seed_axis]
    taken = lax.slice_in_dim(rows, first, first + prod(free), axis=axis)
    moved = jnp.moveaxis(taken, axis, 0 if position == 1 else -1)
    rest = [size for k, size in enumerate(rows.shape) if k != axis]
    return moved.reshape([*free, *rest] if position == 1 else [*rest, *free])


def _reduced(equation: Equation, image: Image, row: Any) -> Any:
    axes = [int(axis) for axis in equation.eqn.params["axes"]]
    if image.axis in axes:
        rest = [axis for axis in axes if axis != image.axis]
        return _total(row, [axis - (axis > image.axis) for axis in rest])
    assert image.diagonal is not None
    rest = [axis for axis in axes if axis != image.diagonal]
    kept = [axis for axis in range(row.ndim + 1) if axis not in (*rest, image.axis)]
    summed = _total(row, [axis - (axis > image.axis) for axis in rest])
    end = [axis for axis in range(row.ndim + 1) if axis not in axes].index(image.axis)
    return jnp.moveaxis(summed, kept.index(image.diagonal), end)


def _total(array: Any, axes: Sequence[int]) -> Any:
    return array.sum(tuple(axes)) if axes else array


def _looked_up(facts: Facts, equation: Equation, indices: Any, row: Any) -> Any:
    params = equation.eqn.params
    numbers = params["dimension_numbers"]
    if numbers.offset_dims or numbers.operand_batching_dims or row.ndim != 1:
        raise RewriteError(LOOK_UP)
    one = lax.slice_in_dim(indices, 0, 1, axis=-1)
    found = lax.gather(
        row,
        one,
        lax.GatherDimensionNumbers((), (0,), (0,)),
        (1,),
        mode=params["mode"],
        fill_value=params["fill_value"],
    )
    if _are_alike(facts, equation.inputs[1]):
        return found
    other = lax.slice_in_dim(indices, 1, 2, axis=-1)
    return jnp.where((one == other)[..., 0], found, 0)


def _are_alike(facts: Facts, indices: int) -> bool:
    """Whether the two indices of each element are equal, made by one expression."""
    for _, equation in facts.program.walk():
        if indices in equation.outputs:
            numbers = {facts.numbers[value] for value in equation.inputs}
            return equation.primitive == "concatenate" and len(numbers) == 1
    return False
