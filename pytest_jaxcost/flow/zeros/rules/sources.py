"""Where zeros begin: comparisons of iotas are bases."""

from __future__ import annotations

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import Index, Known, Tie, ZeroOrigin, pattern
from pytest_jaxcost.flow.zeros.registry import ZeroStep, zero_rule


@zero_rule("iota")
def iota(step: ZeroStep) -> tuple[Known]:
    """The index along one axis."""
    axis = step.eqn.params["dimension"]
    coefs = tuple(int(k == axis) for k in range(len(step.out_shape)))
    return (Index(coefs, 0),)


@zero_rule("eq")
def eq(step: ZeroStep) -> tuple[Known]:
    """One where two linear functions of the indices agree, zero elsewhere."""
    left, right = linear(step, 0), linear(step, 1)
    if left is None or right is None:
        return (None,)
    coefs = tuple(a - b for a, b in zip(left.coefs, right.coefs, strict=True))
    tie = Tie(coefs, right.offset - left.offset)
    shape = step.out_shape
    return (
        pattern(
            shape, map(sets.whole, shape), [tie], ZeroOrigin("basis", step.equation), ones=True
        ),
    )


@zero_rule("lt", "le", "gt", "ge")
def compare(step: ZeroStep) -> tuple[Known]:
    """One on a side of a position, zero on the other, where one index is compared."""
    left, right = linear(step, 0), linear(step, 1)
    if left is None or right is None:
        return (None,)
    name, shape = step.eqn.primitive.name, step.out_shape
    sign = -1 if name in ("gt", "ge") else 1
    coefs = [sign * (a - b) for a, b in zip(left.coefs, right.coefs, strict=True)]
    offset = sign * (left.offset - right.offset) - int(name in ("le", "ge"))
    axes = [axis for axis, c in enumerate(coefs) if c]
    if not shape:
        return (Index((), int(offset < 0)),)
    if len(axes) != 1:
        return (None,)
    spans = list(map(sets.whole, shape))
    spans[axes[0]] = _below_zero(coefs[axes[0]], offset, shape[axes[0]])
    return (pattern(shape, spans, (), ZeroOrigin("padding", step.equation), ones=True),)


def linear(step: ZeroStep, k: int) -> Index | None:
    """Operand `k` as a linear function of the indices of the result."""
    known, rank = step.known[k], len(step.out_shape)
    if isinstance(known, Index) and len(known.coefs) == rank:
        return known
    number = step.integer(k)
    return None if number is None else Index((0,) * rank, number)


def _below_zero(coef: int, offset: int, size: int) -> sets.Spans:
    """The positions at which ``coef * position + offset`` is negative."""
    start, stop = (0, -(offset // coef)) if coef > 0 else (offset // -coef + 1, size)
    start, stop = max(start, 0), min(stop, size)
    return ((start, stop),) if start < stop else ()
