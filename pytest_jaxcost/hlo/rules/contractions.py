"""Dots and convolutions."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_jaxcost.formulas import contractions
from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.registry import rule
from pytest_jaxcost.hlo.rules.windows import convolution_flops
from pytest_jaxcost.hlo.site import Site


@rule("dot", "scaled-dot")
def dot(site: Site) -> Cost:
    """The sum of so many products for each result."""
    return dot_work(site, site.integers("lhs_contracting_dims"))


@rule("ragged-dot")
def ragged_dot(site: Site) -> Cost:
    """Each row meets one group."""
    sides = ("rhs_contracting_dims", "rhs_batch_dims", "rhs_group_dims")
    taken = {dimension for side in sides for dimension in site.integers(side)}
    rhs = site.operand(1).dimensions
    free = [size for dimension, size in enumerate(rhs) if dimension not in taken]
    return Cost(contractions.ragged_dot(site.operand(0).size, free))


@rule("convolution")
def convolution(site: Site) -> Cost:
    """Two flops a multiplication that meets no padding."""
    return Cost(convolution_flops(site, site.operand(0), site.operand(1), site.shape))


def dot_work(site: Site, contracted: Iterable[int]) -> Cost:
    """Return the flops of a dot that contracts these dimensions of the left operand."""
    lhs = site.operand(0).dimensions
    return Cost(contractions.dot(site.array.size, [lhs[each] for each in contracted]))
