"""A product with a matrix that picks: diagonal, or rows of an identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jax import lax

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import Pattern
from pytest_jaxcost.flow.zeros.registry import ZeroStep
from pytest_jaxcost.flow.zeros.rules.contractions import products_of
from pytest_jaxcost.flow.zeros.spans import Spans, hull
from pytest_jaxcost.rewrite.axes import Axes, Letters
from pytest_jaxcost.rewrite.axes_table import axes
from pytest_jaxcost.rewrite.narrow import at, padded, taken
from pytest_jaxcost.rewrite.narrow_edit import Instead


class Pick(NamedTuple):
    """How one side of a ``dot_general`` picks from the other, by letters of its axes."""

    side: int
    summed: int
    along: int | None
    """The letter whose position says which one is picked; None if it is always the same one."""
    turned: bool
    """Whether later positions pick earlier ones."""
    ones: bool
    """Whether the picking side holds ones, so that nothing has to be multiplied."""
    wanted: dict[int, Spans]
    """The positions to compute: of the two letters as many, one for one."""


def picked(step: ZeroStep) -> Instead | None:
    """The picked elements, times those of the picking side if it is not ones; None for a sum."""
    is_number = step.eqn.outvars[0].aval.dtype.kind != "b"
    is_product = is_number and step.eqn.primitive.name == "dot_general"
    found = axes(step.eqn) if is_product else None
    pick = None if found is None else _pick(step, found)
    if found is None or pick is None:
        return None
    shown, eqn = 1 - pick.side, step.eqn
    sides = (shown,) if pick.ones else (shown, pick.side)

    def compute(*operands: Any) -> list[Any]:
        factors = [
            _aligned(eqn, found, pick, side, x) for side, x in zip(sides, operands, strict=True)
        ]
        product = factors[0] if pick.ones else lax.mul(*factors)
        to = eqn.outvars[0].aval.shape
        return [padded(product, to, *at(found.results[0], pick.wanted))]

    return Instead(tuple(step.equation.inputs[side] for side in sides), compute)


def _pick(step: ZeroStep, found: Axes) -> Pick | None:
    known = products_of(step).known
    if known is None or known.zero:
        return None
    for side in (0, 1):
        one, letters = step.pattern(side), found.operands[side]
        summed = [letter for letter in letters if letter in found.summed]
        if one is not None and not one.zero and len(summed) == 1:
            pick = _tied(one, letters, summed[0], side, known) or _fixed(
                one, letters, summed[0], side, known
            )
            if pick is not None:
                return pick
    return None


def _tied(one: Pattern, letters: Letters, summed: int, side: int, known: Pattern) -> Pick | None:
    """Each position along another axis picks a position of its own."""
    own = letters.index(summed)
    for tie in one.ties:
        tied = [axis for axis, c in enumerate(tie.coefs) if c]
        if len(tied) != 2 or own not in tied or any(abs(tie.coefs[axis]) != 1 for axis in tied):
            continue
        other = tied[0] if tied[1] == own else tied[1]
        along, sign = letters[other], -tie.coefs[own] * tie.coefs[other]
        assert along is not None
        by = tie.offset * tie.coefs[own]
        there = hull(known.spans[summed])
        here = sets.moved((there,), by * -sign, known.spans[along][-1][1], sign)
        here = sets.intersection(here, (hull(known.spans[along]),))
        if not here:
            continue
        picked_from = sets.moved(here, by, there[1], sign)
        wanted = {**dict(enumerate(known.spans)), along: here, summed: picked_from}
        return Pick(side, summed, along, sign < 0, one.ones and len(one.ties) == 1, wanted)
    return None


def _fixed(one: Pattern, letters: Letters, summed: int, side: int, known: Pattern) -> Pick | None:
    """All positions pick the same one."""
    if not one.ones or one.ties or sets.count(one.spans[letters.index(summed)]) != 1:
        return None
    return Pick(side, summed, None, False, True, dict(enumerate(known.spans)))


def _aligned(eqn: Any, found: Axes, pick: Pick, side: int, x: Any) -> Any:
    """One side in the shape of the narrow result, each element where it is multiplied."""
    letters = list(found.operands[side])
    x = taken(x, *at(found.operands[side], pick.wanted))
    own = letters.index(pick.summed)
    if pick.turned:
        x = lax.rev(x, (own,))
    if pick.along is None:
        x = lax.squeeze(x, (own,))
        del letters[own]
    elif pick.along in letters:
        x = _diagonal(x, letters.index(pick.along), own)
        letters = [letter for letter in letters if letter not in (pick.along, pick.summed)]
        letters.append(pick.along)
    else:
        letters[own] = pick.along
    return _stretched(eqn.outvars[0].aval, pick, x, letters)


def _diagonal(x: Any, one: int, other: int) -> Any:
    """The elements with the same position on two axes, along a new last axis."""
    rest = [axis for axis in range(x.ndim) if axis not in (one, other)]
    n = x.shape[one]
    flat = lax.reshape(lax.transpose(x, (*rest, one, other)), (*(x.shape[k] for k in rest), n * n))
    return lax.slice_in_dim(flat, 0, n * n, n + 1, axis=flat.ndim - 1)


def _stretched(result: Any, pick: Pick, x: Any, letters: Sequence[int | None]) -> Any:
    """An array whose axes have `letters` in the shape, order and dtype of the narrow result."""
    order = sorted(range(len(letters)), key=lambda axis: letters[axis] or 0)
    x = lax.convert_element_type(lax.transpose(x, order), result.dtype)
    to = [sets.count(pick.wanted[letter]) for letter in range(len(result.shape))]
    return lax.broadcast_in_dim(x, to, [letters[axis] or 0 for axis in order])
