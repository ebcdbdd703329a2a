"""Fourier transforms."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, touched_bytes


@rule("fft")
def fft(eqn: Any) -> Cost:
    """``8 * N * sum(floor(log2 n))`` flops for N elements of the operand, n over the lengths.

    A butterfly's complex multiplication and addition are 8 real flops an element and level. Source
    for one dimension: ``HloCostAnalysis::HandleFft``. For several, XLA multiplies the logarithms;
    one transform after the other adds them.
    """
    levels = sum(max(0, length.bit_length() - 1) for length in eqn.params["fft_lengths"])
    return Cost(
        flops=8 * elements(eqn.invars[0].aval) * levels,
        transcendentals=0,
        bytes_accessed=touched_bytes(eqn),
    )
