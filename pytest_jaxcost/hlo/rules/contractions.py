"""Dots and convolutions."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pytest_jaxcost.hlo.cost import Work
from pytest_jaxcost.hlo.records import Shape
from pytest_jaxcost.hlo.registry import rule
from pytest_jaxcost.hlo.rules.windows import convolution_flops
from pytest_jaxcost.hlo.site import Site


@rule("dot", "scaled-dot")
def dot(site: Site) -> Work:
    """`2 * M * N * K` flops. Source: `HloCostAnalysis::HandleDot`."""
    return dot_work(site, site.integers("lhs_contracting_dims"))


@rule("ragged-dot")
def ragged_dot(site: Site) -> Work:
    """The flops of one dot: each row, or contracted slice, meets one group of whatever size."""
    contracted = site.integers("lhs_contracting_dims")
    work = dot_work(site, contracted)
    if set(contracted) & set(site.integers("lhs_ragged_dims")):
        return Work(work.flops // max(1, site.shape.dimensions[0]), 0)
    return work


@rule("convolution")
def convolution(site: Site) -> Work:
    """Two flops a multiplication that meets no padding."""
    flops = convolution_flops(site.instruction, site.operand(0), site.operand(1), site.shape)
    return Work(flops, 0)


def dot_work(site: Site, contracted: Iterable[int]) -> Work:
    """Return the flops of a dot that contracts these dimensions of the left operand."""
    return Work(2 * site.array.size * _product(site.operand(0), contracted), 0)


def _product(shape: Shape, dimensions: Iterable[int]) -> int:
    return math.prod(shape.dimensions[dimension] for dimension in dimensions)
