"""Contractions."""

from __future__ import annotations

from math import prod
from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, touching
from pytest_jaxcost.formulas import contractions


@rule("dot_general")
def dot_general(eqn: Any) -> Cost:
    """The sum of so many products for each result."""
    (contracted, _), _ = eqn.params["dimension_numbers"]
    shape = eqn.invars[0].aval.shape
    flops = contractions.dot(prod(eqn.outvars[0].aval.shape), [shape[each] for each in contracted])
    return touching(eqn, flops)


@rule("ragged_dot_general")
def ragged_dot_general(eqn: Any) -> Cost:
    """Each row meets one group."""
    numbers = eqn.params["ragged_dot_dimension_numbers"]
    (_, contracted), (_, batch) = numbers.dot_dimension_numbers
    taken = {*contracted, *batch, *numbers.rhs_group_dimensions}
    lhs, rhs = eqn.invars[0].aval, eqn.invars[1].aval
    free = [size for dimension, size in enumerate(rhs.shape) if dimension not in taken]
    return touching(eqn, contractions.ragged_dot(elements(lhs), free))
