"""What linear primitives with dimension numbers make of a batch of basis vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_jaxcost.flow.basis import Image
from pytest_jaxcost.flow.basis_rules import NOTHING, Images, rule_for
from pytest_jaxcost.flow.basis_use import Use


def _along(image: Image | None, axis: int | None) -> Images:
    return NOTHING if image is None or axis is None else (image._replace(axis=axis, diagonal=None),)


@rule_for("gather")
def _gathered(use: Use) -> Images:
    image, numbers = use.images[0], use.params["dimension_numbers"]
    if image is None or use.images[1] is not None:
        return NOTHING
    collapsed = numbers.collapsed_slice_dims
    if image.diagonal is not None and {image.axis, image.diagonal} <= set(collapsed):
        use.contract(0, 1, "diagonal")
        return NOTHING
    if use.params["slice_sizes"][image.axis] == use.shapes[0][image.axis]:
        windows = _left(len(use.shapes[0]), (*collapsed, *numbers.operand_batching_dims))
        return _along(image, _paired(image.axis, windows, numbers.offset_dims))
    if _is_looked_up_by_row(use, image.axis):
        return NOTHING
    batches = _left(len(use.out_shape), numbers.offset_dims)
    indexed = [batches[k] for k in numbers.start_indices_batching_dims]
    return _along(image, _paired(image.axis, numbers.operand_batching_dims, indexed))


def _is_looked_up_by_row(use: Use, axis: int) -> bool:
    """Whether each row has indices of its own."""
    numbers = use.params["dimension_numbers"]
    dims = _paired(axis, numbers.operand_batching_dims, numbers.start_indices_batching_dims)
    return dims is not None and use.varies(1, dims)


@rule_for("scatter-add")
def _scattered(use: Use) -> Images:
    operand, indices, updates = use.images
    if indices is not None or (operand is None and not use.is_zero(0)):
        return NOTHING
    if updates is None:
        return _along(operand, operand.axis if operand and use.is_zero(2) else None)
    axis = _scattered_axis(use, updates.axis)
    (made,) = _along(updates, axis) or (None,)
    if operand is not None and operand._replace(diagonal=None) != made:
        return NOTHING
    return (made,)


def _scattered_axis(use: Use, axis: int) -> int | None:
    """The axis of the operand that an axis of the updates is added to as a whole."""
    numbers, shape = use.params["dimension_numbers"], use.shapes[0]
    batching = numbers.operand_batching_dims
    windows = _left(len(shape), (*numbers.inserted_window_dims, *batching))
    found = _paired(axis, numbers.update_window_dims, windows)
    if found is None:
        scattered = _left(len(use.shapes[2]), numbers.update_window_dims)
        indexed = [scattered[k] for k in numbers.scatter_indices_batching_dims]
        found = _paired(axis, indexed, batching)
    is_whole = found is not None and shape[found] == use.shapes[2][axis]
    return found if is_whole else None


@rule_for("conv_general_dilated")
def _convolved(use: Use) -> Images:
    left, right = use.images
    numbers, groups = use.params["dimension_numbers"], use.params["feature_group_count"]
    if (left is not None and right is not None) or use.params["batch_group_count"] != 1:
        return NOTHING
    if left is not None:
        return _along(left, _paired(left.axis, numbers.lhs_spec[:1], numbers.out_spec[:1]))
    if right is None or groups != 1:
        return NOTHING
    return _along(right, _paired(right.axis, numbers.rhs_spec[:1], numbers.out_spec[1:2]))


@rule_for("fft")
def _transformed(use: Use) -> Images:
    return _batched(use, 0, len(use.params["fft_lengths"]))


@rule_for("triangular_solve")
def _solved(use: Use) -> Images:
    if use.images[0] is not None:
        return NOTHING
    image, ndim = use.images[1], len(use.shapes[1])
    side = ndim - 1 if use.params["left_side"] else ndim - 2
    if image is not None and image.axis == side:
        return _along(image, side)
    return _batched(use, 1, 2)


@rule_for("reduce_window_sum")
def _windowed(use: Use) -> Images:
    image = use.images[0]
    is_whole = image is not None and use.params["window_dimensions"][image.axis] == 1
    return _along(image, image.axis if image is not None and is_whole else None)


def _batched(use: Use, position: int, worked: int) -> Images:
    """An image whose axis is none of the last ones, along which the equation works."""
    image = use.images[position]
    is_batch = image is not None and image.axis < len(use.shapes[position]) - worked
    return _along(image, image.axis if image is not None and is_batch else None)


def _left(ndim: int, without: Sequence[int]) -> list[int]:
    return [axis for axis in range(ndim) if axis not in without]


def _paired(axis: int, axes: Sequence[Any], others: Sequence[Any]) -> int | None:
    """The axis at the place of `axis` in another list."""
    return int(others[list(axes).index(axis)]) if axis in axes else None
