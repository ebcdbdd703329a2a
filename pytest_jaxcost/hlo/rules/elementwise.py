"""Elementwise arithmetic: one flop or one transcendental for each element of the result.

Source: `HloCostAnalysis::HandleElementwiseOp` and `HandleRng`. A complex number counts as one.
"""

from __future__ import annotations

from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.registry import rule
from pytest_jaxcost.hlo.site import Site

TRANSCENDENTAL = (
    *("exponential", "exponential-minus-one", "log", "log-plus-one", "logistic", "power"),
    *("sqrt", "rsqrt", "cbrt", "tanh", "tan", "sine", "cosine", "atan2", "erf"),
    *("acos", "acosh", "asin", "asinh", "atanh", "cosh", "sinh"),
)

FLOP = (
    *("abs", "add", "and", "ceil", "clamp", "compare", "complex"),
    *("count-leading-zeros", "divide", "floor", "imag", "is-finite", "maximum", "minimum"),
    *("multiply", "negate", "not", "or", "popcnt", "real", "reduce-precision", "remainder"),
    *("round-nearest-afz", "round-nearest-even", "select", "shift-left"),
    *("shift-right-arithmetic", "shift-right-logical", "sign", "stochastic-convert", "subtract"),
    "xor",
)


@rule(*TRANSCENDENTAL, "rng")
def transcendental(site: Site) -> Cost:
    """One transcendental an element; a random number is one, too."""
    return Cost(0, site.shape.size)


@rule(*FLOP)
def flop(site: Site) -> Cost:
    """One flop an element."""
    return Cost(site.shape.size)


@rule("rng-bit-generator")
def random_bits(site: Site) -> Cost:
    """One transcendental for each element of the bits and of the new state."""
    return Cost(0, site.shape.size)


@rule("map")
def mapped(site: Site) -> Cost:
    """The applied computation, once an element."""
    return site.applied().times(site.shape.size)
