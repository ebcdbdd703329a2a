"""Arithmetic on each element: what keeps zeros, joins them or meets them."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import (
    Index,
    Known,
    Pattern,
    Shape,
    join,
    meet,
    pattern,
)
from pytest_jaxcost.flow.zeros.registry import ZeroStep, zero_rule
from pytest_jaxcost.flow.zeros.rules.sources import linear

ODD = (
    *("neg", "abs", "sign", "floor", "ceil", "round", "real", "imag", "conj", "square"),
    *("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "expm1", "log1p"),
    *("sqrt", "cbrt", "erf", "erf_inv", "population_count"),
)
"""Functions that are zero at zero."""

SAME = (
    *("convert_element_type", "reduce_precision", "copy", "stop_gradient", "name"),
    *("sharding_constraint", "layout_constraint", "optimization_barrier", "device_put"),
    *("reshard", "pvary", "reduced_vary_cast", "vary_unreduced_cast"),
)
"""Each result is its own operand."""

SUMS = ("psum", "psum_invariant", "pmax", "pmin")
"""Each result is zero where its own operand is on all devices."""


@zero_rule(*SAME)
def same(step: ZeroStep) -> tuple[Known, ...]:
    """What is known of the operands."""
    return step.known


@zero_rule(*SUMS)
def sums(step: ZeroStep) -> list[Known]:
    """What is known of the zeros of the operands."""
    return [without_ones(step.pattern(k)) for k in range(len(step.known))]


@zero_rule(*ODD)
def odd(step: ZeroStep) -> tuple[Known]:
    """Zero where the operand is."""
    return (without_ones(step.pattern(0)),)


@zero_rule("integer_pow")
def integer_pow(step: ZeroStep) -> tuple[Known]:
    """Zero where the operand is, for a positive power."""
    return (without_ones(step.pattern(0)) if step.eqn.params["y"] > 0 else None,)


@zero_rule("div", "rem", "shift_left", "shift_right_arithmetic", "shift_right_logical")
def of_the_first(step: ZeroStep) -> tuple[Known]:
    """Zero where the first operand is: 0 / 0 is NaN, and of runs with a NaN nothing is claimed."""
    return (worked(step, operand(step, 0)),)


@zero_rule("mul", "and", "mulhi")
def mul(step: ZeroStep) -> tuple[Known]:
    """Zero where either operand is."""
    index = _scaled(step)
    if index is not None:
        return (index,)
    return (worked(step, meet(step.out_shape, [operand(step, 0), operand(step, 1)])),)


@zero_rule("add", "add_any", "sub")
def add(step: ZeroStep) -> Sequence[Known]:
    """Zero where both operands are; sums of indices are indices."""
    if any(isinstance(known, Index) for known in step.known):
        left, right = linear(step, 0), linear(step, 1)
        if left is None or right is None:
            return (None,)
        sign = -1 if step.eqn.primitive.name == "sub" else 1
        coefs = tuple(a + sign * b for a, b in zip(left.coefs, right.coefs, strict=True))
        return (Index(coefs, left.offset + sign * right.offset),)
    return joined(step)


@zero_rule("max", "min", "or", "xor", "complex", "clamp")
def joined(step: ZeroStep) -> tuple[Known]:
    """Zero where all operands are."""
    operands = [operand(step, k) for k in range(len(step.known))]
    return (without_ones(join(step.out_shape, operands)),)


@zero_rule("select_n")
def select_n(step: ZeroStep) -> tuple[Known]:
    """Zero where all cases are; the second of two cases stands only where the predicate is one."""
    shape, chosen = step.out_shape, step.integer(0)
    if chosen is not None and 0 <= chosen < len(step.known) - 1:
        return (step.known[1 + chosen],)
    cases = [operand(step, k) for k in range(1, len(step.known))]
    which = operand(step, 0)
    if which is not None and len(cases) == 2:
        cases[1] = meet(shape, [cases[1], which])
    return (without_ones(join(shape, cases)),)


def operand(step: ZeroStep, k: int) -> Pattern | None:
    """The pattern of operand `k` in the shape of the result."""
    return stretched(step.pattern(k), step.shape(k), step.out_shape)


def stretched(known: Pattern | None, shape: Shape, to: Shape) -> Pattern | None:
    """A pattern where axes of size 1, and scalars, stand for axes of any size."""
    if known is None or known.zero or tuple(shape) == tuple(to):
        return known
    if len(shape) != len(to):
        return None
    spans = (
        axis if n == m else sets.whole(m) for axis, n, m in zip(known.spans, shape, to, strict=True)
    )
    return pattern(to, spans, known.ties, known.origin, ones=known.ones)


def worked(step: ZeroStep, known: Pattern | None) -> Pattern | None:
    """The pattern of a product, with a note that zeros were multiplied by something unknown."""
    if known is None:
        return None
    unknown = any(each is None for each in step.known)
    origin = known.origin._replace(worked=known.origin.worked or unknown)
    return without_ones(known._replace(origin=origin))


def without_ones(known: Pattern | None) -> Pattern | None:
    """The pattern of a value that need not be one where it is nonzero."""
    return None if known is None else known._replace(ones=False)


def _scaled(step: ZeroStep) -> Index | None:
    for k, other in ((0, 1), (1, 0)):
        known, number = step.known[k], step.integer(other)
        if isinstance(known, Index) and number is not None:
            return Index(tuple(c * number for c in known.coefs), known.offset * number)
    return None
