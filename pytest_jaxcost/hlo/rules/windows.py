"""Windows and dimension labels, from their text."""

from __future__ import annotations

import re
from typing import NamedTuple

from pytest_jaxcost.formulas.contractions import Axis, convolution
from pytest_jaxcost.hlo.records import Instruction, Shape
from pytest_jaxcost.hlo.site import Site

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


def convolution_flops(site: Site, lhs: Shape, rhs: Shape, result: Shape) -> int:
    """Return the flops of the convolution that the window and the labels describe."""
    inputs, kernel, output = labels_of(site.instruction)
    axes = (
        Axis(
            lhs.dimensions[inputs.spatial[axis]],
            rhs.dimensions[kernel.spatial[axis]],
            result.dimensions[output.spatial[axis]],
            *(window.stride, window.low, window.base_dilation, window.window_dilation),
        )
        for axis, window in enumerate(window_of(site.instruction))
    )
    groups = site.integer("feature_group_count", 1)
    features = lhs.dimensions[inputs.feature] // groups * result.dimensions[output.feature]
    batch = lhs.dimensions[inputs.batch] // site.integer("batch_group_count", 1)
    return convolution(batch, features, axes)
