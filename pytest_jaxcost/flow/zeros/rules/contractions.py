"""Products that are summed: dots, convolutions, triangular solves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import (
    Known,
    Pattern,
    Tie,
    ZeroOrigin,
    nothing,
    pattern,
    volume,
)
from pytest_jaxcost.flow.zeros.registry import ZeroStep, zero_rule
from pytest_jaxcost.flow.zeros.rules.elementwise import worked


class Products(NamedTuple):
    """The products that a ``dot_general`` adds up, as one array of `shape` and what is zero of it.

    Its axes are those of the result, then the contracted ones.
    """

    shape: tuple[int, ...]
    rank: int
    """How many of the axes are the result's."""
    known: Pattern | None


@zero_rule("dot_general")
def dot_general(step: ZeroStep) -> tuple[Known]:
    """Zero where all products are."""
    products = products_of(step)
    known, rank = products.known, products.rank
    if known is None or known.zero:
        return (worked(step, known),)
    ties = _eliminated(known.ties, rank)
    found = pattern(products.shape[:rank], known.spans[:rank], ties, known.origin)
    return (worked(step, found),)


def products_of(step: ZeroStep) -> Products:
    """All products of a ``dot_general``."""
    lhs, rhs = step.pattern(0), step.pattern(1)
    left, right = step.shape(0), step.shape(1)
    axes = _axes(step.eqn.params["dimension_numbers"], len(left), len(right))
    shape = tuple(left[a] if a is not None else right[b or 0] for a, b in axes)
    rank = len(step.out_shape)
    origin = sparser(lhs, left, rhs, right)
    if origin is None:
        return Products(shape, rank, None)
    if (lhs is not None and lhs.zero) or (rhs is not None and rhs.zero):
        return Products(shape, rank, nothing(origin))
    spans = [sets.whole(n) for n in shape]
    ties: list[Tie] = []
    for known, side in ((lhs, 0), (rhs, 1)):
        if known is None:
            continue
        place = {pair[side]: k for k, pair in enumerate(axes) if pair[side] is not None}
        for axis, span in enumerate(known.spans):
            spans[place[axis]] = sets.intersection(spans[place[axis]], span)
        ties += [Tie(_placed(tie.coefs, place, len(shape)), tie.offset) for tie in known.ties]
    return Products(shape, rank, pattern(shape, spans, ties, origin))


@zero_rule("triangular_solve")
def triangular_solve(step: ZeroStep) -> tuple[Known]:
    """Right-hand sides that are zero have a solution that is zero."""
    known, shape = step.pattern(1), step.out_shape
    if known is None or known.zero:
        return (worked(step, known),)
    solved = len(shape) - (2 if step.eqn.params["left_side"] else 1)
    spans = [sets.whole(n) if k == solved else known.spans[k] for k, n in enumerate(shape)]
    ties = [tie for tie in known.ties if not tie.coefs[solved]]
    return (worked(step, pattern(shape, spans, ties, known.origin)),)


def _axes(numbers: Any, left: int, right: int) -> list[tuple[int | None, int | None]]:
    """The axes of the products: batch, free of the left, free of the right, contracted."""
    (contracted, batch) = numbers
    batched = list(zip(*batch, strict=True))
    summed = list(zip(*contracted, strict=True))
    taken = ({*batch[0], *contracted[0]}, {*batch[1], *contracted[1]})
    lefts = [(k, None) for k in range(left) if k not in taken[0]]
    rights = [(None, k) for k in range(right) if k not in taken[1]]
    return [*batched, *lefts, *rights, *summed]


def _placed(coefs: Sequence[int], place: Any, rank: int) -> tuple[int, ...]:
    placed = [0] * rank
    for axis, c in enumerate(coefs):
        placed[place[axis]] = c
    return tuple(placed)


def sparser(
    lhs: Pattern | None, left: Sequence[int], rhs: Pattern | None, right: Sequence[int]
) -> ZeroOrigin | None:
    """The origin of the operand with the larger part of zeros."""
    if lhs is None or rhs is None:
        only = lhs or rhs
        return None if only is None else only.origin
    shares = volume(lhs, left) * _size(right), volume(rhs, right) * _size(left)
    return lhs.origin if shares[0] <= shares[1] else rhs.origin


def _size(shape: Sequence[int]) -> int:
    return volume(None, shape)


def _eliminated(ties: Sequence[Tie], rank: int) -> list[Tie]:
    """The ties between the first `rank` axes that follow, found by substitution."""
    left = list(ties)
    axes = len(ties[0].coefs) if ties else 0
    for axis in range(rank, axes):
        pivot = next((tie for tie in left if abs(tie.coefs[axis]) == 1), None)
        others = [tie for tie in left if tie is not pivot]
        if pivot is None:
            left = [tie for tie in others if not tie.coefs[axis]]
        else:
            left = [_substituted(tie, pivot, axis) for tie in others]
    return [Tie(tie.coefs[:rank], tie.offset) for tie in left]


def _substituted(tie: Tie, pivot: Tie, axis: int) -> Tie:
    by = tie.coefs[axis] * pivot.coefs[axis]
    coefs = tuple(a - by * b for a, b in zip(tie.coefs, pivot.coefs, strict=True))
    return Tie(coefs, tie.offset - by * pivot.offset)
