"""Where zeros begin: comparisons of iotas are bases."""

from __future__ import annotations

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import Index, Known, Origin, Tie, pattern
from pytest_jaxcost.flow.zeros.registry import Step, zero_rule


@zero_rule("iota")
def iota(step: Step) -> tuple[Known]:
    """The index along one axis."""
    axis = step.eqn.params["dimension"]
    coefs = tuple(int(k == axis) for k in range(len(step.out_shape)))
    return (Index(coefs, 0),)


@zero_rule("eq")
def eq(step: Step) -> tuple[Known]:
    """One where two linear functions of the indices agree, zero elsewhere."""
    left, right = linear(step, 0), linear(step, 1)
    if left is None or right is None:
        return (None,)
    coefs = tuple(a - b for a, b in zip(left.coefs, right.coefs, strict=True))
    tie = Tie(coefs, right.offset - left.offset)
    shape = step.out_shape
    return (
        pattern(shape, map(sets.whole, shape), [tie], Origin("basis", step.equation), ones=True),
    )


def linear(step: Step, k: int) -> Index | None:
    """Operand `k` as a linear function of the indices of the result."""
    known, rank = step.known[k], len(step.out_shape)
    if isinstance(known, Index):
        if len(known.coefs) == rank:
            return known
        return Index((0,) * rank, known.offset) if not any(known.coefs) else None
    number = step.integer(k)
    return None if number is None else Index((0,) * rank, number)
