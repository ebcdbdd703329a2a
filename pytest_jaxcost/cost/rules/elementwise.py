"""Elementwise arithmetic: so many flops and transcendentals for each element of the result.

Which of the two a primitive is, XLA decides (``HloCostAnalysis::HandleElementwiseOp``): exp, log,
sin, sqrt, pow, erf and their like are transcendentals; all other arithmetic, comparisons and
selections are flops, of integers and booleans too. An operation on complex numbers counts once.
Primitives that lower to several instructions are priced by asking XLA for one element.
"""

from __future__ import annotations

from math import prod
from typing import Any

from pytest_jaxcost.cost import lowering
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import Rule, rule
from pytest_jaxcost.cost.sizes import elements, touching

FLOP = (
    *("add", "add_any", "sub", "mul", "div", "rem", "neg", "mulhi"),
    *("eq", "ne", "lt", "le", "gt", "ge", "eq_to", "lt_to", "le_to"),
    *("and", "or", "xor", "not", "population_count", "clz"),
    *("shift_left", "shift_right_arithmetic", "shift_right_logical"),
    *("floor", "ceil", "round", "is_finite", "reduce_precision", "clamp"),
    *("real", "imag", "complex", "reciprocal"),
)
"""One flop an element, whatever the dtype."""

REAL_FLOP = ("abs", "max", "min", "square")
"""One flop an element of real dtype; complex ones lower to more."""

TRANSCENDENTAL = (
    *("exp", "log", "log1p", "expm1", "sin", "cos", "tan", "tanh"),
    *("atan", "atan2", "sqrt", "rsqrt", "cbrt", "erf", "pow"),
)
"""One transcendental an element of real dtype; complex ones lower to more."""

BY_ELEMENT = (
    *("asin", "acos", "sinh", "cosh", "asinh", "acosh", "atanh"),
    *("erfc", "erf_inv", "lgamma", "digamma", "polygamma", "zeta", "bessel_i0e", "bessel_i1e"),
    *("igamma", "igammac", "igamma_grad_a", "regularized_incomplete_beta"),
    *("conj", "nextafter"),
)
"""Several instructions an element: how many differs by dtype and by version of JAX."""


def constant(flops: int, transcendentals: int) -> Rule:
    """A rule: so much for each element of the first result."""

    def per_element(eqn: Any) -> Cost:
        n = prod(eqn.outvars[0].aval.shape)
        return touching(eqn, flops * n, transcendentals * n)

    return per_element


def by_element(eqn: Any) -> Cost | None:
    """What XLA counts for one element, times the elements of the result; None if it cannot say."""
    line = lowering.per_element(eqn)
    if isinstance(line, lowering.Answer):
        return None
    n = elements(eqn.outvars[0].aval)
    return touching(eqn, line.flops.at(n), line.transcendentals.at(n))


def real(flops: int, transcendentals: int) -> Rule:
    """A rule: so much for each element of a real dtype; XLA is asked about complex ones."""
    of_real = constant(flops, transcendentals)

    def per_element(eqn: Any) -> Cost | None:
        return by_element(eqn) if eqn.invars[0].aval.dtype.kind == "c" else of_real(eqn)

    return per_element


rule(*FLOP)(constant(1, 0))
rule(*REAL_FLOP)(real(1, 0))
rule(*TRANSCENDENTAL)(real(0, 1))
rule(*BY_ELEMENT)(by_element)
rule("exp2", "log2")(real(1, 1))  # exp(x * log(2)), log(x) / log(2)
rule("one_minus_square")(real(3, 0))  # (1 + x) * (1 - x)
rule("logistic")(real(3, 1))  # 1 / (1 + exp(-x))


@rule("sign")
def sign(eqn: Any) -> Cost | None:
    """One flop an element; of unsigned integers, a comparison and a selection."""
    return SIGN[eqn.invars[0].aval.dtype.kind == "u"](eqn)


@rule("integer_pow")
def integer_power(eqn: Any) -> Cost | None:
    """The multiplications of exponentiation by squaring, and a division if it is negative.

    Knuth, The Art of Computer Programming 2, section 4.6.3: floor(log2 n) + popcount(n) - 1.
    """
    exponent = eqn.params["y"]
    size = abs(exponent)
    multiplications = size.bit_length() + size.bit_count() - 2 if size else 0
    return constant(multiplications + (exponent < 0), 0)(eqn)


@rule("select_n")
def select(eqn: Any) -> Cost:
    """One flop an element for each of the cases after the first.

    An integer selects by a tree of as many comparisons; a scalar is compared once.
    """
    which = eqn.invars[0].aval
    others = len(eqn.invars) - 2
    comparisons = 0 if which.dtype.kind == "b" else elements(which)
    return touching(eqn, others * (prod(eqn.outvars[0].aval.shape) + comparisons))


SIGN = (constant(1, 0), constant(2, 0))
