"""Which part of an equation's work is done on zeros."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Literal, NamedTuple

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.depth import depth
from pytest_jaxcost.flow.zeros.pattern import Known, Pattern, Shape, ZeroOrigin, meet, volume
from pytest_jaxcost.flow.zeros.registry import ZeroStep
from pytest_jaxcost.flow.zeros.rules.contractions import products_of, sparser
from pytest_jaxcost.flow.zeros.rules.convolutions import features_on_zeros
from pytest_jaxcost.flow.zeros.rules.elementwise import operand

Picks = Literal["", "diagonal", "ones"]


class ZeroWork(NamedTuple):
    """The part of an equation's work that is done on zeros, and what made them.

    Along the axis with the largest part of zeros, `zeros` of `size` positions are zero; both are 0
    where no single axis says it.
    """

    share: Fraction
    origin: ZeroOrigin
    zeros: int = 0
    size: int = 0
    picks: Picks = ""
    """Whether the work is a product with a diagonal matrix, or with rows of an identity."""


def zero_work(step: ZeroStep) -> ZeroWork | None:
    """The work of one equation that is done on zeros, or None if there is none."""
    measure = _MEASURES.get(step.eqn.primitive.name, _of_result)
    return measure(step)


def _of_result(step: ZeroStep) -> ZeroWork | None:
    """All results are zero there: work of an elementwise equation in proportion."""
    if len(step.results) != 1:
        return None
    return _outside(step.results[0], step.out_shape)


def _of_operand(step: ZeroStep) -> ZeroWork | None:
    """Elements of the first operand that are zero: adding them up is the work."""
    return _outside(step.known[0], step.shape(0))


def _of_sum(step: ZeroStep) -> ZeroWork | None:
    """Where either side is zero there is nothing to add, unless the zeros only start a sum."""
    sides = [operand(step, 0), operand(step, 1)]
    meant = [side if side is not None and _is_waste_to_add(side, step) else None for side in sides]
    either = _outside(meet(step.out_shape, meant), step.out_shape)
    if either is None:
        return _of_result(step)
    terms = filter(None, (_outside(side, step.out_shape) for side in meant))
    sparser = max(terms, key=lambda term: term.share)
    return either._replace(zeros=sparser.zeros, size=sparser.size)


def _of_dot(step: ZeroStep) -> ZeroWork | None:
    """The products that are zero along an axis of theirs."""
    products = products_of(step)
    return _outside(products.known, products.shape)


def _of_conv(step: ZeroStep) -> ZeroWork | None:
    """The results that are zero, and of the others the features that are."""
    found = _of_result(step)
    zeros, features = features_on_zeros(step)
    origin = sparser(step.pattern(0), step.shape(0), step.pattern(1), step.shape(1))
    if not zeros or origin is None:
        return found
    outside = Fraction(0) if found is None else found.share
    share = 1 - (1 - outside) * Fraction(features - zeros, features)
    if found is not None and found.zeros * features >= zeros * found.size:
        return found._replace(share=share)
    return ZeroWork(share, origin, zeros, features)


def _is_waste_to_add(side: Pattern, step: ZeroStep) -> bool:
    """Whether zeros are seeds of other arguments, or a product or a tangent that is zero."""
    kind, maker, worked = side.origin
    if kind != "zeros":
        return kind in ("part", "slice") or (side.zero and worked)
    return worked or (maker is not None and depth(step.equation) > depth(maker))


def _outside(known: Known, shape: Shape) -> ZeroWork | None:
    size = prod(shape)
    if not isinstance(known, Pattern) or not size:
        return None
    if known.zero:
        return ZeroWork(Fraction(1), known.origin)
    inside = volume(known, shape)
    if inside == size:
        return None
    zeros, n = max(
        ((n - sets.count(span), n) for span, n in zip(known.spans, shape, strict=True)),
        key=lambda axis: Fraction(*axis) if axis[1] else Fraction(0),
    )
    return ZeroWork(1 - Fraction(inside, size), known.origin, zeros, n)


_MEASURES: dict[str, Callable[[ZeroStep], ZeroWork | None]] = {
    **dict.fromkeys(("add", "add_any", "sub"), _of_sum),
    **dict.fromkeys(("reduce_sum", "reduce_max", "reduce_min", "cumsum", "cumprod"), _of_operand),
    "dot_general": _of_dot,
    "conv_general_dilated": _of_conv,
}


def picking_work(step: ZeroStep) -> ZeroWork | None:
    """The products of a ``dot_general`` that are zero because an operand picks from the other.

    Of a diagonal operand those off the diagonal; of rows of an identity all of them, because
    nothing needs to be multiplied.
    """
    if step.eqn.primitive.name != "dot_general":
        return None
    (contracted, _) = step.eqn.params["dimension_numbers"]
    for k, summed in enumerate(contracted):
        known = step.pattern(k)
        if known is not None and not known.zero and len(summed) == 1:
            found = _picked(known, step.shape(k), summed[0])
            if found is not None:
                return found
    return None


def _picked(known: Pattern, shape: Shape, summed: int) -> ZeroWork | None:
    for tie in known.ties:
        tied = [axis for axis, c in enumerate(tie.coefs) if c]
        if len(tied) == 2 and summed in tied and all(abs(tie.coefs[axis]) == 1 for axis in tied):
            points = min(sets.count(known.spans[axis]) for axis in tied)
            share = Fraction(1) if known.ones else 1 - Fraction(points, _product(shape, tied))
            picks: Picks = "ones" if known.ones else "diagonal"
            return ZeroWork(share, known.origin, shape[summed] - 1, shape[summed], picks)
    if known.ones and sets.count(known.spans[summed]) == 1:
        return ZeroWork(Fraction(1), known.origin, shape[summed] - 1, shape[summed], "ones")
    return None


def _product(shape: Shape, axes: list[int]) -> int:
    return prod([shape[axis] for axis in axes])
