"""Products and convolutions that the compiler leaves to a library."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pytest_jaxcost.formulas.contractions import dot
from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.registry import TARGETS, rule, target
from pytest_jaxcost.hlo.rules.contractions import dot_work
from pytest_jaxcost.hlo.rules.windows import convolution_flops
from pytest_jaxcost.hlo.site import Site


@rule("custom-call")
def custom_call(site: Site) -> Cost | None:
    """What the rule of the target says; None without one."""
    priced = TARGETS.get(site.instruction.target or "")
    return None if priced is None else priced(site)


@target("__cublas$gemm", "__cublas$lt$matmul", "__cublas$lt$matmul$f8")
def cublas(site: Site) -> Cost | None:
    """`2 * M * N * K` flops; a bias or an activation that the library adds is not counted."""
    numbers = _find(site.instruction.backend_config, "dot_dimension_numbers")
    if numbers is None:
        return None
    return dot_work(site, [int(each) for each in numbers["lhs_contracting_dimensions"]])


def _find(config: Any, name: str) -> Any:
    """Return the first value of that name in a configuration, at any depth."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            if name in value:
                return value[name]
            pending.extend(value.values())
    return None


@target("__onednn$matmul")
def onednn(site: Site) -> Cost | None:
    """`2 * M * N * K` flops, K from the sizes: whatever is transposed, `lhs * rhs = out * B K^2`.

    None where the sizes do not fit, as for weights packed beforehand.
    """
    batch = math.prod(site.array.dimensions[:-2])
    out = site.array.size * batch
    product = site.operand(0).size * site.operand(1).size
    width = math.isqrt(product // out) if out else 0
    return Cost(dot(site.array.size, [width])) if out * width * width == product else None


@target("__cudnn$convForward", "__onednn$convolution")
def convolution_forward(site: Site) -> Cost:
    """The flops of the convolution that the window and the labels describe."""
    return _convolution(site, 0, 1, None)


@target("__cudnn$convBiasActivationForward")
def convolution_with_bias(site: Site) -> Cost:
    """The convolution, and one addition of the bias to each result."""
    return _convolution(site, 0, 1, None).plus(Cost(site.array.size))


@target("__cudnn$convBackwardInput")
def convolution_backward_input(site: Site) -> Cost:
    """The flops of the forward convolution, whose input is the result here."""
    return _convolution(site, None, 1, 0)


@target("__cudnn$convBackwardFilter")
def convolution_backward_filter(site: Site) -> Cost:
    """The flops of the forward convolution, whose kernel is the result here."""
    return _convolution(site, 0, None, 1)


def _convolution(site: Site, lhs: int | None, rhs: int | None, result: int | None) -> Cost:
    """Return the flops of a convolution, each part an operand or, for None, the result."""
    shapes = [site.array if each is None else site.operand(each) for each in (lhs, rhs, result)]
    return Cost(convolution_flops(site, *shapes))
