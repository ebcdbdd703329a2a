"""What each linear primitive makes of a batch of basis vectors.

A primitive without a rule ends the image: nothing is claimed about what it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_jaxcost.flow.basis import Image
    from pytest_jaxcost.flow.basis_images import Use

Images = Sequence["Image | None"]
Rule = Callable[["Use"], Images]

RULES: dict[str, Rule] = {}

NOTHING: Images = ()


def _rule(*primitives: str) -> Callable[[Rule], Rule]:
    def add(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(primitives, rule))
        return rule

    return add


@_rule("neg", "copy", "name", "reduce_precision", "real", "imag", "sharding_constraint")
def _unchanged(use: Use) -> Images:
    return (use.images[0],)


@_rule("convert_element_type")
def _converted(use: Use) -> Images:
    inexact = getattr(use.params["new_dtype"], "kind", "V") in "fcV"
    return (use.images[0],) if inexact else NOTHING


@_rule("mul")
def _product(use: Use) -> Images:
    left, right = use.images
    if left is not None and right is not None:
        return NOTHING
    return _scaled(use, 0 if left is not None else 1)


@_rule("div")
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
    return (image,) if axes == {image.axis} and use.is_outside else NOTHING


@_rule("add", "sub", "add_any")
def _sum(use: Use) -> Images:
    images = {
        image for k, image in enumerate(use.images) if image is not None or not use.is_zero(k)
    }
    axes = {None if image is None else image.axis for image in images}
    if len(axes) != 1 or None in axes:
        return NOTHING
    first, *others = images
    assert first is not None
    return (first._replace(diagonal=None) if others else first,)


@_rule("select_n")
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
        return (image,) if image.diagonal is not None else NOTHING
    return (image,) if image.axis not in use.axes_of(0) else NOTHING


# shapes


@_rule("transpose")
def _transposed(use: Use) -> Images:
    order = list(use.params["permutation"])
    return (_mapped(use.images[0], {axis: k for k, axis in enumerate(order)}),)


@_rule("broadcast_in_dim")
def _broadcast(use: Use) -> Images:
    dims = use.params["broadcast_dimensions"]
    return (_mapped(use.images[0], {k: int(dim) for k, dim in enumerate(dims)}),)


@_rule("squeeze")
def _squeezed(use: Use) -> Images:
    gone = set(use.params["dimensions"])
    kept = [axis for axis in range(len(use.shapes[0])) if axis not in gone]
    return (_mapped(use.images[0], {axis: k for k, axis in enumerate(kept)}),)


@_rule("reshape")
def _reshaped(use: Use) -> Images:
    return (_mapped(use.images[0], _kept_axes(use.shapes[0], use.out_shape)),)


def _kept_axes(before: Sequence[int], after: Sequence[int]) -> dict[int, int]:
    """The axes that a reshape leaves whole, each with its new position."""
    ends = {int(np.prod(after[: k + 1])): k for k in reversed(range(len(after)))}
    kept = {}
    for axis, size in enumerate(before):
        k = ends.get(int(np.prod(before[: axis + 1])))
        if k is not None and after[k] == size and size > 1:
            kept[axis] = k
    return kept


def _mapped(image: Image | None, axes: dict[int, int]) -> Image | None:
    if image is None or image.axis not in axes:
        return None
    diagonal = None if image.diagonal is None else axes.get(image.diagonal)
    return image._replace(axis=axes[image.axis], diagonal=diagonal)


@_rule("slice", "dynamic_slice", "rev", "cumsum")
def _same_axes(use: Use) -> Images:
    if any(image is not None for image in use.images[1:]):
        return NOTHING
    return (_whole(use, use.images[0]),)


@_rule("split")
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


@_rule("concatenate", "dynamic_update_slice", "pad")
def _joined(use: Use) -> Images:
    """Images side by side, or beside zeros, along another axis."""
    arrays = 2 if use.equation.primitive != "concatenate" else len(use.images)
    parts = {
        image
        for k, image in enumerate(use.images[:arrays])
        if image is not None or not use.is_zero(k)
    }
    axes = {None if image is None else image.axis for image in parts}
    if len(axes) != 1 or None in axes or use.params.get("dimension") in axes:
        return NOTHING
    (image, *_) = parts
    assert image is not None
    return (image._replace(diagonal=None),)


# sums


@_rule("reduce_sum")
def _reduced(use: Use) -> Images:
    image = use.images[0]
    assert image is not None
    summed = [int(axis) for axis in use.params["axes"]]
    if image.diagonal in summed or (image.axis in summed and image.diagonal is not None):
        use.contract(0, 1, "diagonal")
    elif image.axis in summed:
        use.contract(0, 1, "basis")
    else:
        use.contract(0, use.rest(0, without=summed), "outputs")
    kept = [axis for axis in range(len(use.shapes[0])) if axis not in summed]
    return (_mapped(image, {axis: k for k, axis in enumerate(kept)}),)


@_rule("dot_general")
def _dot(use: Use) -> Images:
    if use.images[0] is not None and use.images[1] is not None:
        return NOTHING
    position = 0 if use.images[0] is not None else 1
    image, other = use.images[position], 1 - position
    assert image is not None
    contracting, batch = use.params["dimension_numbers"]
    mine, theirs = list(contracting[position]), list(contracting[other])
    free = _free(use, other, (*theirs, *batch[other]))
    if image.axis in mine:
        if len(mine) == 1:
            use.contract(position, free, "basis")
        return NOTHING
    if image.axis in batch[position]:
        return NOTHING
    use.contract(position, use.rest(position, without=mine) * free, "outputs")
    return (_after_dot(use, position, mine, list(batch[position]), theirs, list(batch[other])),)


def _free(use: Use, position: int, bound: Sequence[int]) -> int:
    sizes = [size for axis, size in enumerate(use.shapes[position]) if axis not in bound]
    return int(np.prod(sizes)) if sizes else 1


def _after_dot(
    use: Use,
    position: int,
    mine: list[int],
    my_batch: list[int],
    theirs: list[int],
    their_batch: list[int],
) -> Image | None:
    """Axes of a dot's result: batch, then what is left of the left and of the right operand."""
    kept = [k for k in range(len(use.shapes[position])) if k not in (*mine, *my_batch)]
    others = len(use.shapes[1 - position]) - len(theirs) - len(their_batch)
    start = len(my_batch) + (others if position == 1 else 0)
    axes = {axis: k for k, axis in enumerate(my_batch)}
    axes.update({axis: start + k for k, axis in enumerate(kept)})
    return _mapped(use.images[position], axes)


# primitives whose axes are hard to follow: the one axis that is as long as the basis


def _by_length(*linear_in: int) -> Rule:
    def rule(use: Use) -> Images:
        size = use.tracing.size
        for k, image in enumerate(use.images):
            if image is not None and (k not in linear_in or use.shapes[k].count(size) != 1):
                return NOTHING
        if any(use.images[k] is None and not use.is_zero(k) for k in linear_in):
            return NOTHING
        if use.out_shape.count(size) != 1:
            return NOTHING
        image = next(image for image in use.images if image is not None)
        return (image._replace(axis=use.out_shape.index(size), diagonal=None),)

    return rule


RULES.update(
    {
        "scatter-add": _by_length(0, 2),
        "scatter_add": _by_length(0, 2),
        "triangular_solve": _by_length(1),
        "fft": _by_length(0),
        "reduce_window_sum": _by_length(0),
    }
)


@_rule("gather")
def _gathered(use: Use) -> Images:
    image = use.images[0]
    if image is None or use.images[1] is not None:
        return NOTHING
    collapsed = use.params["dimension_numbers"].collapsed_slice_dims
    if image.diagonal is not None and {image.axis, image.diagonal} <= set(collapsed):
        use.contract(0, 1, "diagonal")
        return NOTHING
    return _by_length(0)(use)


@_rule("conv_general_dilated")
def _convolved(use: Use) -> Images:
    sides = [k for k, image in enumerate(use.images) if image is not None]
    return _by_length(sides[0])(use) if len(sides) == 1 else NOTHING
