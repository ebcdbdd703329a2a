"""Flops of dots and convolutions: a multiplication and an addition for each pair that meets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import gcd, prod
from typing import NamedTuple


def dot(results: int, contracted: Iterable[int]) -> int:
    """``2 * M * N * K`` for so many results, each a sum over the contracted dimensions.

    Source: ``HloCostAnalysis::HandleDot``.
    """
    return 2 * results * prod(contracted)


def ragged_dot(lhs: int, free: Iterable[int]) -> int:
    """Twice the elements of the left operand times the free dimensions of the right one.

    Each row, contracted slice or batch takes part in one group, whatever the groups' sizes. XLA
    counts the dense product over all groups.
    """
    return 2 * lhs * prod(free)


class Axis(NamedTuple):
    """One spatial axis of a convolution: three lengths, and how the kernel moves; `low` pads."""

    size: int
    kernel: int
    result: int
    stride: int
    low: int
    base_dilation: int
    window_dilation: int


def convolution(batch: int, features: int, axes: Iterable[Axis]) -> int:
    """Two flops for each multiplication with an element that is no padding and no dilation hole.

    `batch` and `features` are those of one group: images, and pairs of an input's feature and a
    result's. Source: ``HloCostAnalysis::GetConvolutionFlops``.
    """
    return 2 * batch * features * prod(map(valid_positions, axes))


@lru_cache(maxsize=4096)
def valid_positions(axis: Axis) -> int:
    """How many pairs of a kernel's and a result's index meet an element of the input, on one axis.

    The pair (k, r) reads place ``r * stride + k * window_dilation - low`` of the input dilated by
    `base_dilation`; it counts if that is a multiple of the dilation and inside the input.
    """
    size, kernel, result, stride, low, base, window = axis
    step = base // gcd(stride, base)  # of the r that meet no hole, for one k
    total = 0
    for k in range(kernel):
        offset = k * window - low
        first = next((r for r in range(step) if (r * stride + offset) % base == 0), None)
        if first is None:
            continue
        lowest = max(0, -(offset // stride))
        highest = min(result - 1, ((size - 1) * base - offset) // stride)
        total += max(0, (highest - first) // step - (lowest - 1 - first) // step)
    return total
