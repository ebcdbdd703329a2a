"""Elementwise arithmetic: one flop or one transcendental for each element of the result.

Source: `HloCostAnalysis::HandleElementwiseOp` and `HandleRng`. A complex number counts as one.
"""

from __future__ import annotations

from pytest_jaxcost.hlo.cost import Work
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
def transcendental(site: Site) -> Work:
    """One transcendental an element; a random number is one, too."""
    return Work(0, site.shape.size)


@rule(*FLOP)
def flop(site: Site) -> Work:
    """One flop an element."""
    return Work(site.shape.size, 0)


@rule("rng-bit-generator")
def random_bits(site: Site) -> Work:
    """One transcendental for each element of the bits and of the new state."""
    return Work(0, site.shape.size)


@rule("map")
def mapped(site: Site) -> Work:
    """The applied computation, once an element."""
    return site.applied().times(site.shape.size)
