"""Along which axes of an equation's results all slices are equal, given those of its operands.

A set of axes is a bit mask. A rule takes JAX's equation and the masks of its operands and returns
the mask of each result; it may say too little and never too much. A primitive without a rule
gives results of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import Any

from pytest_jaxcost.tables import into

Rule = Callable[[Any, Sequence[int]], int]

ELEMENTWISE = frozenset(
    {
        *("abs", "acos", "acosh", "add", "add_any", "and", "asin", "asinh", "atan", "atan2"),
        *("atanh", "bessel_i0e", "bessel_i1e", "cbrt", "ceil", "clamp", "clz", "complex", "conj"),
        *("convert_element_type", "copy", "cos", "cosh", "digamma", "div", "eq", "eq_to"),
        *("erf", "erf_inv", "erfc", "exp", "exp2", "expm1", "floor", "ge", "gt", "igamma"),
        *("igamma_grad_a", "igammac", "imag", "integer_pow", "is_finite", "le", "le_to", "lgamma"),
        *("log", "log1p", "log2", "logistic", "lt", "lt_to", "max", "min", "mul", "name", "ne"),
        *("neg", "nextafter", "not", "one_minus_square", "or", "polygamma", "population_count"),
        *("pow", "real", "reciprocal", "reduce_precision", "regularized_incomplete_beta", "rem"),
        *("round", "rsqrt", "select_n", "shift_left", "shift_right_arithmetic"),
        *("shift_right_logical", "sign", "sin", "sinh", "sqrt", "square", "stop_gradient", "sub"),
        *("tan", "tanh", "xor", "zeta"),
    }
)
"""One element of the result for each place of the operands, which broadcast against each other."""

SOURCES = frozenset({"broadcast_in_dim", "iota", "tile"})
"""Primitives whose results are equal along an axis whatever their operands are."""

RULES: dict[str, Rule] = {}


def axes_of(mask: int) -> tuple[int, ...]:
    """The axes of a mask, lowest first."""
    return tuple(axis for axis in range(mask.bit_length()) if mask >> axis & 1)


def mask_of(axes: Iterable[int]) -> int:
    """The mask of some axes."""
    mask = 0
    for axis in axes:
        mask |= 1 << int(axis)  # a numpy integer after vmap
    return mask


_rule = into(RULES, "rules")


@_rule(*ELEMENTWISE)
def _elementwise(eqn: Any, masks: Sequence[int]) -> int:
    out = eqn.outvars[0].aval.shape
    common = (1 << len(out)) - 1
    for var, mask in zip(eqn.invars, masks, strict=True):
        shape = var.aval.shape
        if shape == out:
            common &= mask
        elif shape:  # a scalar is the same everywhere
            common &= mask | mask_of(axis for axis, size in enumerate(shape) if size == 1)
    return common


@_rule("broadcast_in_dim")
def _broadcast(eqn: Any, masks: Sequence[int]) -> int:
    shape, operand = eqn.outvars[0].aval.shape, eqn.invars[0].aval.shape
    mask = (1 << len(shape)) - 1
    for axis, target in enumerate(eqn.params["broadcast_dimensions"]):
        grows = operand[axis] == 1 and shape[target] != 1
        if not grows and not masks[0] >> axis & 1:
            mask &= ~mask_of([target])
    return mask


@_rule("tile")
def _tile(eqn: Any, masks: Sequence[int]) -> int:
    shape = eqn.invars[0].aval.shape
    return masks[0] | mask_of(axis for axis, size in enumerate(shape) if size == 1)


@_rule("iota")
def _iota(eqn: Any, _: Sequence[int]) -> int:
    rank = len(eqn.outvars[0].aval.shape)
    return ((1 << rank) - 1) & ~mask_of([eqn.params["dimension"]])


@_rule("transpose")
def _transpose(eqn: Any, masks: Sequence[int]) -> int:
    order = eqn.params["permutation"]
    return mask_of(k for k, axis in enumerate(order) if masks[0] >> axis & 1)


@_rule("squeeze")
def _squeeze(eqn: Any, masks: Sequence[int]) -> int:
    return _without(masks[0], eqn.params["dimensions"], len(eqn.invars[0].aval.shape))


@_rule(
    *("reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "reduce_and", "reduce_or"),
    *("reduce_xor", "argmax", "argmin"),
)
def _reduce(eqn: Any, masks: Sequence[int]) -> int:
    return _without(masks[0], eqn.params["axes"], len(eqn.invars[0].aval.shape))


@_rule("reshape")
def _reshape(eqn: Any, masks: Sequence[int]) -> int:
    """Axes that are merged or split together are equal if all that make them up are."""
    before, after = eqn.invars[0].aval.shape, eqn.outvars[0].aval.shape
    if eqn.params.get("dimensions") is not None or 0 in before:
        return 0
    mask = 0
    for source, target in regrouped(before, after):
        if all(masks[0] >> axis & 1 or before[axis] == 1 for axis in source):
            mask |= mask_of(target)
    return mask


@_rule("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")
def _cumulate(eqn: Any, masks: Sequence[int]) -> int:
    return masks[0] & ~mask_of([eqn.params["axis"]])


@_rule("sort")
def _sort(eqn: Any, masks: Sequence[int]) -> int:
    return _all(masks) & ~mask_of([eqn.params["dimension"]])


@_rule("slice", "rev", "dynamic_slice")
def _same_axes(_: Any, masks: Sequence[int]) -> int:
    return masks[0]


@_rule("concatenate")
def _concatenate(eqn: Any, masks: Sequence[int]) -> int:
    return _all(masks) & ~mask_of([eqn.params["dimension"]])


@_rule("pad")
def _pad(eqn: Any, masks: Sequence[int]) -> int:
    config = eqn.params["padding_config"]
    return masks[0] & mask_of(axis for axis, padding in enumerate(config) if not any(padding))


@_rule("dot_general")
def _dot(eqn: Any, masks: Sequence[int]) -> int:
    """Results have the batch axes, then the free ones of the left and of the right operand."""
    (contracted, batch) = eqn.params["dimension_numbers"]
    kept = [k for k, pair in enumerate(zip(*batch, strict=True)) if _both(masks, pair)]
    position = len(batch[0])
    for side, mask in enumerate(masks[:2]):
        taken = {*contracted[side], *batch[side]}
        for axis in range(len(eqn.invars[side].aval.shape)):
            if axis not in taken:
                kept += [position] if mask >> axis & 1 else []
                position += 1
    return mask_of(kept)


@_rule("conv_general_dilated")
def _convolve(eqn: Any, masks: Sequence[int]) -> int:
    params = eqn.params
    if params["feature_group_count"] != 1 or params["batch_group_count"] != 1:
        return 0
    numbers = params["dimension_numbers"]
    same_batch = masks[0] >> numbers.lhs_spec[0] & 1
    same_features = masks[1] >> numbers.rhs_spec[0] & 1
    batch, features = numbers.out_spec[:2]
    return mask_of([batch] * same_batch + [features] * same_features)


@_rule("fft")
def _fft(eqn: Any, masks: Sequence[int]) -> int:
    return _leading(eqn, masks, len(eqn.params["fft_lengths"]))


@_rule(
    *("cholesky", "lu", "qr", "geqrf", "householder_product", "eigh", "eig", "svd", "schur"),
    *("hessenberg", "triangular_solve", "tridiagonal_solve"),
)
def _matrices(eqn: Any, masks: Sequence[int]) -> int:
    return _leading(eqn, masks, 2)


def _leading(eqn: Any, masks: Sequence[int], own: int) -> int:
    """The batch axes, which stand before the `own` ones of what is computed."""
    batch = max(0, len(eqn.invars[0].aval.shape) - own)
    return _all(masks) & ((1 << batch) - 1)


def _all(masks: Sequence[int]) -> int:
    common = masks[0]
    for mask in masks[1:]:
        common &= mask
    return common


def _both(masks: Sequence[int], axes: tuple[int, int]) -> int:
    return masks[0] >> axes[0] & masks[1] >> axes[1] & 1


def _without(mask: int, removed: Sequence[int], rank: int) -> int:
    kept = [axis for axis in range(rank) if axis not in removed]
    return mask_of(k for k, axis in enumerate(kept) if mask >> axis & 1)


def regrouped(before: Sequence[int], after: Sequence[int]) -> Iterable[tuple[range, range]]:
    """The runs of axes of both shapes that hold the same number of elements."""
    i = j = 0
    while i < len(before) or j < len(after):
        start, begin = i, j
        i, j = min(i + 1, len(before)), min(j + 1, len(after))
        while (left := prod(before[start:i])) != (right := prod(after[begin:j])):
            if left < right:
                i += 1
            else:
                j += 1
        yield range(start, i), range(begin, j)
