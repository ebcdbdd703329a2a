"""What sums make of a batch of basis vectors: where a Jacobian is contracted."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from pytest_jaxcost.flow.basis import Image, Of
from pytest_jaxcost.flow.basis_rules import NOTHING, Images, both, mapped, rule_for
from pytest_jaxcost.flow.basis_use import Use


class Side(NamedTuple):
    """One operand of a dot: the axes it is summed along, those of the batch, and its image."""

    position: int
    contracting: tuple[int, ...]
    batch: tuple[int, ...]
    shape: tuple[int, ...]
    image: Image | None

    @property
    def free(self) -> list[int]:
        """The axes that are left in the result."""
        bound = (*self.contracting, *self.batch)
        return [axis for axis in range(len(self.shape)) if axis not in bound]


@rule_for("reduce_sum")
def _reduced(use: Use) -> Images:
    image = use.images[0]
    assert image is not None
    summed = [int(axis) for axis in use.params["axes"]]
    if image.axis in summed and (image.is_merged or image.of is Of.VECTORS):
        return NOTHING
    remains = use.rest(0, without=[]) - prod(use.out_shape)
    if image.of is Of.BOTH and image.axis in summed:
        use.contract_again(remains)
    elif image.diagonal in summed or (image.axis in summed and image.diagonal is not None):
        use.contract(0, 1, "diagonal", remains=remains if image.axis in summed else 0)
    elif image.axis in summed:
        use.contract(0, 1, "basis", remains=remains)
    else:
        use.contract(0, use.rest(0, without=summed), "outputs")
    kept = [axis for axis in range(len(use.shapes[0])) if axis not in summed]
    return (mapped(image, {axis: k for k, axis in enumerate(kept)}),)


@rule_for("dot_general")
def _dot(use: Use) -> Images:
    contracting, batch = use.params["dimension_numbers"]
    left, right = (
        Side(k, tuple(contracting[k]), tuple(batch[k]), use.shapes[k], use.images[k])
        for k in (0, 1)
    )
    if left.image is None or (right.image is not None and _is_plain(use, left, right)):
        return _dot_of_one(use, right, left)
    if right.image is None or _is_plain(use, right, left):
        return _dot_of_one(use, left, right)
    return _dot_of_both(use, left, right, left.image, right.image)


def _is_plain(use: Use, side: Side, other: Side) -> bool:
    """Whether the vectors stand beside an image of theirs: ``v`` twice in ``v @ H @ v``."""
    assert side.image is not None
    assert other.image is not None
    is_same = side.image.of is other.image.of
    return is_same and use.is_seed(side.position) and not use.is_seed(other.position)


def _dot_of_both(use: Use, left: Side, right: Side, one: Image, other: Image) -> Images:
    product = both(one, other._replace(axis=one.axis))
    if product is None or product.is_merged:
        return NOTHING
    if (one.axis, other.axis) in zip(left.contracting, right.contracting, strict=True):
        use.contract_again()
    elif (one.axis, other.axis) in zip(left.batch, right.batch, strict=True):
        return (product._replace(axis=left.batch.index(one.axis)),)
    return NOTHING


def _dot_of_one(use: Use, side: Side, other: Side) -> Images:
    image = side.image
    assert image is not None
    outside = prod(other.shape[axis] for axis in other.free)
    if image.axis in side.contracting:
        if len(side.contracting) == 1 and not image.is_merged and image.of is Of.ROWS:
            (axis,), seed = other.contracting, use.equation.inputs[other.position]
            use.contract(side.position, outside, "basis", seed=seed)
            use.scale_rows(other.position, axis)
        return NOTHING
    if image.axis in side.batch:
        return NOTHING
    use.contract(
        side.position, use.rest(side.position, without=side.contracting) * outside, "outputs"
    )
    start = len(side.batch) + (len(other.free) if side.position == 1 else 0)
    axes = {axis: k for k, axis in enumerate(side.batch)}
    axes.update({axis: start + k for k, axis in enumerate(side.free)})
    return (mapped(image, axes),)
