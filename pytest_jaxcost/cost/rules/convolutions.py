"""Convolutions."""

from __future__ import annotations

from functools import lru_cache
from math import gcd, prod
from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import touched_bytes


@rule("conv_general_dilated")
def conv_general_dilated(eqn: Any) -> Cost | None:
    """Two flops for each multiplication with an element that is no padding and no dilation hole.

    XLA is asked about complex numbers: JAX makes three real convolutions of one.

    Source: ``HloCostAnalysis::GetConvolutionFlops``.
    """
    if eqn.invars[0].aval.dtype.kind == "c":
        return None
    params, numbers = eqn.params, eqn.params["dimension_numbers"]
    lhs, rhs, out = (v.aval.shape for v in (*eqn.invars, eqn.outvars[0]))
    positions = prod(
        valid_positions(
            size=lhs[numbers.lhs_spec[axis + 2]],
            kernel=rhs[numbers.rhs_spec[axis + 2]],
            result=out[numbers.out_spec[axis + 2]],
            stride=params["window_strides"][axis],
            padding=params["padding"][axis][0],
            base_dilation=params["lhs_dilation"][axis],
            window_dilation=params["rhs_dilation"][axis],
        )
        for axis in range(len(params["window_strides"]))
    )
    features = rhs[numbers.rhs_spec[1]] * out[numbers.out_spec[1]]
    batch = lhs[numbers.lhs_spec[0]] // params["batch_group_count"]
    return Cost(
        flops=2 * batch * features * positions,
        transcendentals=0,
        bytes_accessed=touched_bytes(eqn),
    )


@lru_cache(maxsize=4096)
def valid_positions(
    *,
    size: int,
    kernel: int,
    result: int,
    stride: int,
    padding: int,
    base_dilation: int,
    window_dilation: int,
) -> int:
    """How many pairs of a kernel's and a result's index meet an element of the input, on one axis.

    The pair (k, r) reads place ``r * stride + k * window_dilation - padding`` of the input dilated
    by `base_dilation`; it counts if that is a multiple of the dilation and inside the input.
    """
    step = base_dilation // gcd(stride, base_dilation)  # of the r that meet no hole, for one k
    total = 0
    for k in range(kernel):
        offset = k * window_dilation - padding
        first = next((r for r in range(step) if (r * stride + offset) % base_dilation == 0), None)
        if first is None:
            continue
        # the r with 0 <= r * stride + offset <= (size - 1) * base_dilation
        low = max(0, -(offset // stride))
        high = min(result - 1, ((size - 1) * base_dilation - offset) // stride)
        total += max(0, (high - first) // step - (low - 1 - first) // step)
    return total
