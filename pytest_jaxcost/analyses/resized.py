"""Operands and parameters of an equation whose image has another number of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jax import lax

from pytest_jaxcost.flow.basis import Image
from pytest_jaxcost.ir.equation import Equation

if TYPE_CHECKING:
    from pytest_jaxcost.analyses.rerun import Rerun

Sizes = Callable[["Rerun", Equation, Image, Image], Mapping[str, Any]]

SIZES: dict[str, Sizes] = {}
"""The parameters that hold the length of an image's axis, by primitive."""

ALIKE = frozenset(
    {
        *("mul", "div", "add", "sub", "add_any", "select_n"),
        *("concatenate", "stack", "dynamic_update_slice"),
    }
)
"""Primitives whose operands have the image's axis at the same place."""


def sizes_of(*primitives: str) -> Callable[[Sizes], Sizes]:
    """A decorator that registers which parameters of primitives hold lengths."""

    def add(sizes: Sizes) -> Sizes:
        SIZES.update(dict.fromkeys(primitives, sizes))
        return sizes

    return add


def fitted(run: Rerun, equation: Equation) -> tuple[Mapping[str, Any], list[Any]]:
    """The parameters and operands for the number of rows that there are now."""
    read = [run.image(value, equation) for value in equation.inputs]
    made = [run.images.get(value) for value in equation.outputs]
    before = next(image for image in (*read, *made) if image is not None)
    after = next(image for image in (*made, *read) if image is not None)
    params = dict(equation.eqn.params)
    sizes = SIZES.get(equation.primitive)
    if sizes is not None:
        params.update(sizes(run, equation, before, after))
    if "sharding" in params and equation.primitive != "sharding_constraint":
        params["sharding"] = None
    operands = [run.read(v, image) for v, image in zip(equation.inputs, read, strict=True)]
    for k, image in enumerate(read):
        if image is None:
            operands[k] = _shortened(run, equation, k, operands[k], before, after)
    return params, operands


def _shortened(
    run: Rerun, equation: Equation, k: int, array: Any, before: Image, after: Image
) -> Any:
    if equation.primitive == "gather":
        return _indices(run, equation, array, before)
    axis = after.axis if equation.primitive.startswith("scatter") else before.axis
    alike = equation.primitive in ALIKE or (equation.primitive.startswith("scatter") and k == 0)
    if not alike or array.ndim <= axis:
        return array
    return lax.slice_in_dim(array, 0, min(array.shape[axis], run.length(before)), axis=axis)


def _indices(run: Rerun, equation: Equation, array: Any, before: Image) -> Any:
    """The indices of a gather, of as many rows if each row is looked up on its own."""
    numbers = equation.eqn.params["dimension_numbers"]
    if before.axis not in numbers.operand_batching_dims:
        return array
    axis = numbers.operand_batching_dims.index(before.axis)
    dims = numbers.start_indices_batching_dims[axis]
    return lax.slice_in_dim(array, 0, run.length(before), axis=dims)


def _with(sizes: Sequence[int], axis: int, length: int) -> tuple[int, ...]:
    return (*sizes[:axis], length, *sizes[axis + 1 :])


@sizes_of("broadcast_in_dim")
def _broadcast(run: Rerun, equation: Equation, before: Image, after: Image) -> Mapping[str, Any]:
    return {"shape": _with(equation.eqn.params["shape"], after.axis, run.length(after))}


@sizes_of("reshape")
def _reshaped(run: Rerun, equation: Equation, before: Image, after: Image) -> Mapping[str, Any]:
    return {"new_sizes": _with(equation.eqn.params["new_sizes"], after.axis, run.length(after))}


@sizes_of("slice")
def _sliced(run: Rerun, equation: Equation, before: Image, after: Image) -> Mapping[str, Any]:
    limits = equation.eqn.params["limit_indices"]
    return {"limit_indices": _with(limits, before.axis, run.length(before))}


@sizes_of("dynamic_slice", "gather")
def _looked_up(run: Rerun, equation: Equation, before: Image, after: Image) -> Mapping[str, Any]:
    sizes = equation.eqn.params["slice_sizes"]
    if sizes[before.axis] == 1:  # rows are looked up one by one
        return {}
    return {"slice_sizes": _with(sizes, before.axis, run.length(before))}


@sizes_of("split")
def _split(run: Rerun, equation: Equation, before: Image, after: Image) -> Mapping[str, Any]:
    params = equation.eqn.params
    return {"sizes": (run.length(before),)} if params["axis"] == before.axis else {}
