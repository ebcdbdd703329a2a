"""Operands and parameters of an equation whose image has another number of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jax import lax

from pytest_jaxcost.flow.basis import Image
from pytest_jaxcost.ir.equation import Equation

Sizes = Callable[[Mapping[str, Any], int, int], Mapping[str, Any]]
"""Of parameters, an axis and its length: the parameters that change."""

OF_OPERANDS: dict[str, Sizes] = {}
OF_RESULTS: dict[str, Sizes] = {}
"""The parameters that hold the length of an operand's or a result's axis, by primitive."""

ALIKE = frozenset(
    {
        *("mul", "div", "add", "sub", "add_any", "select_n"),
        *("concatenate", "stack", "dynamic_update_slice"),
    }
)
"""Primitives whose operands have the image's axis at the same place."""


def fitted(
    equation: Equation,
    operands: Sequence[Any],
    read: Sequence[Image | None],
    made: Sequence[Image | None],
    rows: int,
) -> tuple[Mapping[str, Any], list[Any]]:
    """The parameters and operands for so many rows; `read` and `made` are what is an image."""
    before = next(image for image in (*read, *made) if image is not None)
    after = next(image for image in (*made, *read) if image is not None)
    params = dict(equation.eqn.params)
    for table, image in ((OF_OPERANDS, before), (OF_RESULTS, after)):
        if equation.primitive in table:
            params.update(table[equation.primitive](params, image.axis, image.length(rows)))
    if "sharding" in params and equation.primitive != "sharding_constraint":
        params["sharding"] = None
    length = before.length(rows)
    cut = [
        array if image is not None else _shortened(equation, k, array, before, after, length)
        for k, (array, image) in enumerate(zip(operands, read, strict=True))
    ]
    return params, cut


def _shortened(
    equation: Equation, k: int, array: Any, before: Image, after: Image, length: int
) -> Any:
    if equation.primitive == "gather":
        return _indices(equation, array, before, length)
    axis = after.axis if equation.primitive.startswith("scatter") else before.axis
    alike = equation.primitive in ALIKE or (equation.primitive.startswith("scatter") and k == 0)
    if not alike or array.ndim <= axis:
        return array
    return lax.slice_in_dim(array, 0, min(array.shape[axis], length), axis=axis)


def _indices(equation: Equation, array: Any, before: Image, length: int) -> Any:
    """The indices of a gather, of as many rows if each row is looked up on its own."""
    numbers = equation.eqn.params["dimension_numbers"]
    if before.axis not in numbers.operand_batching_dims:
        return array
    axis = numbers.operand_batching_dims.index(before.axis)
    dims = numbers.start_indices_batching_dims[axis]
    return lax.slice_in_dim(array, 0, length, axis=dims)


def _with(sizes: Sequence[int], axis: int, length: int) -> tuple[int, ...]:
    return (*sizes[:axis], length, *sizes[axis + 1 :])


def _looked_up(params: Mapping[str, Any], axis: int, length: int) -> Mapping[str, Any]:
    sizes = params["slice_sizes"]
    is_whole = sizes[axis] != 1  # rows may be looked up one by one
    return {"slice_sizes": _with(sizes, axis, length)} if is_whole else {}


OF_OPERANDS.update(
    {
        "slice": lambda params, axis, length: {
            "limit_indices": _with(params["limit_indices"], axis, length)
        },
        "dynamic_slice": _looked_up,
        "gather": _looked_up,
        "split": lambda params, axis, length: (
            {"sizes": (length,)} if params["axis"] == axis else {}
        ),
    }
)
OF_RESULTS.update(
    {
        "broadcast_in_dim": lambda params, axis, length: {
            "shape": _with(params["shape"], axis, length)
        },
        "reshape": lambda params, axis, length: {
            "new_sizes": _with(params["new_sizes"], axis, length)
        },
    }
)
