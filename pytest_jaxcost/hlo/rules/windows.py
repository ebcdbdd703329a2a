"""Windows and dimension labels, from their text."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

from pytest_jaxcost.hlo.records import Instruction, Shape

_FIELD = re.compile(r"(\w+)=([\w\-]+)")


class Window(NamedTuple):
    """The window along one dimension; `low` and `high` are its padding."""

    size: int = 1
    stride: int = 1
    low: int = 0
    high: int = 0
    base_dilation: int = 1
    window_dilation: int = 1


class Labels(NamedTuple):
    """Which dimension is the batch, the feature and each spatial one, of one operand or result."""

    batch: int
    feature: int
    spatial: tuple[int, ...]


def window_of(instruction: Instruction) -> tuple[Window, ...]:
    """Return the window of a convolution or reduce-window, one entry a dimension."""
    fields = dict(_FIELD.findall(instruction.attributes.get("window", "")))
    sizes = _numbers(fields, "size")
    count = len(sizes)
    pads = [pad.split("_") for pad in fields.get("pad", "x".join(["0_0"] * count)).split("x")]
    columns = (
        sizes,
        _numbers(fields, "stride") or [1] * count,
        [int(low) for low, *_ in pads] if count else [],
        [int(high) for *_, high in pads] if count else [],
        _numbers(fields, "lhs_dilate") or [1] * count,
        _numbers(fields, "rhs_dilate") or [1] * count,
    )
    return tuple(Window(*each) for each in zip(*columns, strict=True))


def _numbers(fields: dict[str, str], name: str) -> list[int]:
    return [int(number) for number in fields[name].split("x")] if name in fields else []


def labels_of(instruction: Instruction) -> tuple[Labels, Labels, Labels]:
    """Return the labels of a convolution's input, kernel and output.

    A kernel's batch is its output feature and its feature the input's.
    """
    inputs, result = instruction.attributes["dim_labels"].split("->")
    lhs, rhs = inputs.split("_")
    return _labels(lhs, "b", "f"), _labels(rhs, "o", "i"), _labels(result, "b", "f")


def _labels(text: str, batch: str, feature: str) -> Labels:
    spatial = sorted(mark for mark in text if mark.isdecimal())
    places = tuple(text.index(mark) for mark in spatial)
    return Labels(text.index(batch), text.index(feature), places)


def convolution_flops(instruction: Instruction, lhs: Shape, rhs: Shape, result: Shape) -> int:
    """Return two flops for each multiplication with an element that is no padding and no hole.

    Source: `HloCostAnalysis::GetConvolutionFlops`.
    """
    inputs, kernel, output = labels_of(instruction)
    positions = 1
    for axis, window in enumerate(window_of(instruction)):
        positions *= valid_positions(
            lhs.dimensions[inputs.spatial[axis]],
            rhs.dimensions[kernel.spatial[axis]],
            result.dimensions[output.spatial[axis]],
            window,
        )
    groups = int(instruction.attributes.get("feature_group_count", 1))
    batch_groups = int(instruction.attributes.get("batch_group_count", 1))
    features = lhs.dimensions[inputs.feature] // groups * result.dimensions[output.feature]
    return 2 * features * (lhs.dimensions[inputs.batch] // batch_groups) * positions


@lru_cache(maxsize=4096)
def valid_positions(size: int, kernel: int, result: int, window: Window) -> int:
    """Return how many pairs of a kernel's and a result's index meet an element of the input.

    The pair (k, r) meets place `r * stride + k * window_dilation - low` of the dilated input: an
    element if a multiple of the dilation, and inside.
    """
    period = window.base_dilation // math.gcd(window.stride, window.base_dilation)
    total = 0
    for k in range(kernel):
        offset = k * window.window_dilation - window.low
        places = ((r * window.stride + offset) % window.base_dilation for r in range(period))
        first = next((r for r, hole in enumerate(places) if not hole), None)
        if first is None:
            continue
        lowest = max(0, -(offset // window.stride))
        highest = ((size - 1) * window.base_dilation - offset) // window.stride
        meeting = range(first, min(result - 1, highest) + 1, period)
        below = len(range(first, lowest, period))
        total += max(0, len(meeting) - below)
    return total
