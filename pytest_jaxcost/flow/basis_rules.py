"""What each linear primitive makes of a batch of basis vectors.

A primitive without a rule ends the image: nothing is claimed about what it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from pytest_jaxcost.flow.basis import Image, Of
from pytest_jaxcost.flow.basis_use import Use
from pytest_jaxcost.tables import into

Images = Sequence[Image | None]
Rule = Callable[[Use], Images]

RULES: dict[str, Rule] = {}

NOTHING: Images = ()


rule_for = into(RULES, "rules")
"""A decorator that registers what primitives make of an image."""


@rule_for("neg", "copy", "name", "reduce_precision", "real", "imag", "sharding_constraint")
def _unchanged(use: Use) -> Images:
    return (use.images[0],)


@rule_for("convert_element_type")
def _converted(use: Use) -> Images:
    inexact = getattr(use.params["new_dtype"], "kind", "V") in "fcV"
    return (use.images[0],) if inexact else NOTHING


@rule_for("mul")
def _product(use: Use) -> Images:
    left, right = use.images
    if left is None or right is None:
        return _scaled(use, 0 if left is not None else 1)
    if left.of is right.of:
        return next((_scaled(use, k) for k in (0, 1) if not use.varies(1 - k, left.axis)), NOTHING)
    return (both(left, right),)


def both(left: Image, right: Image) -> Image | None:
    """A product of the basis's image and one of the vectors that it is summed with."""
    of = {left.of, right.of}
    if of != {Of.ROWS, Of.VECTORS} or (left.axis, left.around) != (right.axis, right.around):
        return None
    return Image(left.axis, around=left.around, of=Of.BOTH)


@rule_for("div")
def _quotient(use: Use) -> Images:
    return NOTHING if use.images[1] is not None else _scaled(use, 0)


def _scaled(use: Use, position: int) -> Images:
    """An image times what does not depend on the basis, or on the row and nothing else."""
    image = use.images[position]
    assert image is not None
    other = 1 - position
    if image.diagonal is not None and use.is_identity(other):
        return (image,)
    axes = use.axes_of(other)
    if image.axis not in axes:
        return (image,)
    if axes != {image.axis} or image.is_merged or image.of is not Of.ROWS or not use.is_outside:
        return NOTHING
    use.scale_rows(other, image.axis)
    return (image,)


@rule_for("add", "sub", "add_any")
def _sum(use: Use) -> Images:
    images = {
        image for k, image in enumerate(use.images) if image is not None or not use.is_zero(k)
    }
    kinds = {None if image is None else image._replace(diagonal=None) for image in images}
    if len(kinds) != 1 or None in kinds:
        return NOTHING
    return tuple(images if len(images) == 1 else kinds)


@rule_for("select_n")
def _selected(use: Use) -> Images:
    cases = {
        image
        for k, image in enumerate(use.images[1:], 1)
        if image is not None or not use.is_zero(k)
    }
    if len(cases) != 1 or (use.images[0] is not None and not use.is_identity(0)):
        return NOTHING
    (image,) = cases
    if image is None:
        return NOTHING
    if use.is_identity(0):
        is_on = len(use.images) == 3 and use.images[2] is not None
        return (image,) if image.diagonal is not None and is_on else NOTHING
    return (image,) if image.axis not in use.axes_of(0) else NOTHING


# shapes


@rule_for("transpose")
def _transposed(use: Use) -> Images:
    order = list(use.params["permutation"])
    return (mapped(use.images[0], {axis: k for k, axis in enumerate(order)}),)


@rule_for("broadcast_in_dim")
def _broadcast(use: Use) -> Images:
    dims = use.params["broadcast_dimensions"]
    return (mapped(use.images[0], {k: int(dim) for k, dim in enumerate(dims)}),)


@rule_for("squeeze")
def _squeezed(use: Use) -> Images:
    gone = set(use.params["dimensions"])
    kept = [axis for axis in range(len(use.shapes[0])) if axis not in gone]
    return (mapped(use.images[0], {axis: k for k, axis in enumerate(kept)}),)


@rule_for("reshape")
def _reshaped(use: Use) -> Images:
    image, shape = use.images[0], use.shapes[0]
    order = use.params["dimensions"]
    if order is not None:
        image = mapped(image, {axis: k for k, axis in enumerate(order)})
        shape = tuple(shape[axis] for axis in order)
    if image is None:
        return NOTHING
    outer, inner = image.around
    found = _digit(shape, image.axis, (outer, use.values.basis.size, inner), use.out_shape)
    if found is None:
        return NOTHING
    axis, around = found
    diagonal = None
    if image.diagonal is not None:
        other = _digit(shape, image.diagonal, (1, shape[image.diagonal], 1), use.out_shape)
        diagonal = other[0] if other is not None and other[1] == around == (1, 1) else None
    return (image._replace(axis=axis, diagonal=diagonal, around=around),)


def _digit(
    before: Sequence[int], axis: int, parts: tuple[int, int, int], after: Sequence[int]
) -> tuple[int, tuple[int, int]] | None:
    """Where a reshape puts the middle part of an axis: the new axis, and what is around it there.

    Elements keep their row-major order, so a part is told by its stride and its length.
    """
    if 0 in after:  # nowhere: there are no elements
        return None
    _, length, inner = parts
    stride = inner * prod(before[axis + 1 :])
    for k, size in enumerate(after):
        below = prod(after[k + 1 :])
        holds = stride % below == 0 and (below * size) % (stride * length) == 0
        if holds and below * size >= stride * length and size > 1:
            return k, (below * size // (stride * length), stride // below)
    return None


def mapped(image: Image | None, axes: dict[int, int]) -> Image | None:
    """The image with its axes renamed; None if the one of the basis is gone."""
    if image is None or image.axis not in axes:
        return None
    diagonal = None if image.diagonal is None else axes.get(image.diagonal)
    return image._replace(axis=axes[image.axis], diagonal=diagonal)


@rule_for("slice", "dynamic_slice", "rev", "cumsum")
def _same_axes(use: Use) -> Images:
    if any(image is not None for image in use.images[1:]):
        return NOTHING
    return (_whole(use, use.images[0]),)


@rule_for("split")
def _split(use: Use) -> Images:
    image = use.images[0]
    if len(use.equation.outputs) == 1:
        return (image,)
    return (_whole(use, image),) * len(use.equation.outputs)


def _whole(use: Use, image: Image | None) -> Image | None:
    """The image if the equation works along other axes than the basis's."""
    if image is None:
        return None
    worked = {use.params.get("axis"), *use.params.get("dimensions", ())}
    if image.axis in worked:
        return None
    shape = use.out_shape
    diagonal = image.diagonal
    if diagonal in worked or (diagonal is not None and shape[diagonal] != shape[image.axis]):
        diagonal = None
    return image._replace(diagonal=diagonal)


@rule_for("stack")
def _stacked(use: Use) -> Images:
    """Images side by side along a new axis."""
    axis = use.params.get("axis", 0)
    (image, *_) = _joined(use) or (None,)
    ndim = len(use.shapes[0])
    return (mapped(image, {k: k + (k >= axis) for k in range(ndim)}),)


@rule_for("concatenate", "dynamic_update_slice", "pad")
def _joined(use: Use) -> Images:
    """Images side by side, or beside zeros, along another axis."""
    arrays = 2 if use.equation.primitive in ("dynamic_update_slice", "pad") else len(use.images)
    parts = {
        image
        for k, image in enumerate(use.images[:arrays])
        if image is not None or not use.is_zero(k)
    }
    kinds = {None if image is None else image._replace(diagonal=None) for image in parts}
    (image, *others) = kinds
    if others or image is None or image.axis == use.params.get("dimension"):
        return NOTHING
    return (image,)
