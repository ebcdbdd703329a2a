"""Contractions."""

from __future__ import annotations

from math import prod
from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, touched_bytes


@rule("dot_general")
def dot_general(eqn: Any) -> Cost:
    """``2 * M * N * K``: a multiplication and an addition for each element and contracted index.

    Operands of two dtypes are converted first, at a flop an element.
    Source: ``HloCostAnalysis::HandleDot``.
    """
    (contracted, _), _ = eqn.params["dimension_numbers"]
    lhs = eqn.invars[0].aval
    shape = lhs.shape
    width = 1
    for dimension in contracted:
        width *= shape[dimension]
    return Cost(
        flops=2 * prod(eqn.outvars[0].aval.shape) * width + converted(eqn),
        transcendentals=0,
        bytes_accessed=touched_bytes(eqn),
    )


def converted(eqn: Any) -> int:
    """The elements of operands that are converted to the result's dtype before they are used."""
    lhs, rhs = eqn.invars[0].aval, eqn.invars[1].aval
    if lhs.dtype == rhs.dtype:
        return 0
    result = eqn.outvars[0].aval.dtype
    return sum(elements(aval) for aval in (lhs, rhs) if aval.dtype != result)


@rule("ragged_dot_general")
def ragged_dot_general(eqn: Any) -> Cost:
    """Twice the elements of the left operand times the free elements of the right one.

    Each row, contracted slice or batch takes part in one group, whatever the groups' sizes. XLA
    counts the dense product over all groups that JAX lowers to where there is no ragged dot.
    """
    numbers = eqn.params["ragged_dot_dimension_numbers"]
    (_, contracted), (_, batch) = numbers.dot_dimension_numbers
    taken = {*contracted, *batch, *numbers.rhs_group_dimensions}
    lhs, rhs = eqn.invars[0].aval, eqn.invars[1].aval
    free = prod(size for dimension, size in enumerate(rhs.shape) if dimension not in taken)
    return Cost(
        flops=2 * elements(lhs) * free, transcendentals=0, bytes_accessed=touched_bytes(eqn)
    )
