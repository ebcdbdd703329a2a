"""Convolutions."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import touching
from pytest_jaxcost.formulas.contractions import Axis, convolution


@rule("conv_general_dilated")
def conv_general_dilated(eqn: Any) -> Cost | None:
    """Two flops a multiplication that meets no padding.

    XLA is asked about complex numbers: JAX makes three real convolutions of one.
    """
    if eqn.invars[0].aval.dtype.kind == "c":
        return None
    params, numbers = eqn.params, eqn.params["dimension_numbers"]
    lhs, rhs, out = (v.aval.shape for v in (*eqn.invars, eqn.outvars[0]))
    axes = (
        Axis(
            size=lhs[numbers.lhs_spec[axis + 2]],
            kernel=rhs[numbers.rhs_spec[axis + 2]],
            result=out[numbers.out_spec[axis + 2]],
            stride=stride,
            low=int(params["padding"][axis][0]),  # NumPy's in JAX 0.8
            base_dilation=params["lhs_dilation"][axis],
            window_dilation=params["rhs_dilation"][axis],
        )
        for axis, stride in enumerate(params["window_strides"])
    )
    features = rhs[numbers.rhs_spec[1]] * out[numbers.out_spec[1]]
    batch = lhs[numbers.lhs_spec[0]] // params["batch_group_count"]
    return touching(eqn, convolution(batch, features, axes))
