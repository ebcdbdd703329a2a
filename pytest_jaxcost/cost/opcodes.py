"""The opcodes that a compiler may choose for a primitive, one instruction for one evaluation."""

from __future__ import annotations

from collections.abc import Mapping


def opcodes_of(primitive: str) -> frozenset[str]:
    """The opcodes of which an evaluation of the primitive has exactly one; none if not known."""
    return _OPCODES.get(primitive, frozenset())


_ONE_EACH: Mapping[str, str] = {
    "sin": "sine",
    "cos": "cosine",
    "tan": "tan",
    "tanh": "tanh",
    "exp": "exponential",
    "exp2": "exponential",
    "expm1": "exponential-minus-one",
    "log": "log",
    "log1p": "log-plus-one",
    "logistic": "logistic exponential",
    "sqrt": "sqrt",
    "rsqrt": "rsqrt",
    "cbrt": "cbrt",
    "pow": "power",
    "atan atan2": "atan2",
    "erf": "erf",
    "abs": "abs",
    "neg": "negate",
    "sign": "sign",
    "floor": "floor",
    "ceil": "ceil",
    "round": "round-nearest-afz round-nearest-even",
    "is_finite": "is-finite",
    "reduce_precision": "reduce-precision",
    "add add_any": "add",
    "sub": "subtract",
    "mul square": "multiply",
    "div": "divide",
    "rem": "remainder",
    "max": "maximum",
    "min": "minimum",
    "and": "and",
    "or": "or",
    "xor": "xor",
    "not": "not",
    "clz": "count-leading-zeros",
    "population_count": "popcnt",
    "shift_left": "shift-left",
    "shift_right_arithmetic": "shift-right-arithmetic",
    "shift_right_logical": "shift-right-logical",
    "eq ne lt le gt ge": "compare",
    "select_n": "select",
    "clamp": "clamp",
    "real": "real",
    "imag": "imag",
    "complex": "complex",
    "dot_general symmetric_product": "dot scaled-dot convolution custom-call",
    "ragged_dot_general": "ragged-dot dot custom-call",
    "conv_general_dilated": "convolution custom-call",
    "reduce_sum reduce_max reduce_min reduce_prod reduce_and reduce_or reduce_xor reduce": "reduce",
    "argmax argmin": "reduce",
    "cumsum cumprod cummax cummin cumlogsumexp": "reduce-window",
    "reduce_window reduce_window_sum reduce_window_max reduce_window_min": "reduce-window",
    "select_and_gather_add": "reduce-window",
    "select_and_scatter_add select_and_scatter": "select-and-scatter",
    "sort": "sort custom-call",
    "top_k approx_top_k": "topk custom-call sort",
    "fft": "fft custom-call",
    "scatter scatter-add scatter-sub scatter-mul scatter-min scatter-max": "scatter",
    "cholesky": "cholesky custom-call",
    "triangular_solve": "triangular-solve custom-call",
    "lu eigh eig svd schur hessenberg qr geqrf geqp3 householder_product ormqr": "custom-call",
    "tridiagonal tridiagonal_solve": "custom-call",
    "pure_callback io_callback debug_callback": "custom-call send",
    "rng_bit_generator": "rng-bit-generator",
    "rng_uniform": "rng",
    "psum psum_invariant pmax pmin": "all-reduce",
    "all_gather": "all-gather",
    "all_to_all": "all-to-all",
    "ppermute": "collective-permute",
    "reduce_scatter": "reduce-scatter",
}
"""Primitives, and the opcodes that a compiler may choose for them, one for one evaluation."""

_OPCODES: Mapping[str, frozenset[str]] = {
    name: frozenset(opcodes.split())
    for primitives, opcodes in _ONE_EACH.items()
    for name in primitives.split()
}
