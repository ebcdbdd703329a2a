"""The opcodes of HLO, as optimized programs write them, and the kinds of collectives.

Source: `hlo_opcode.h` of XLA. An operation that starts and finishes apart (`all-gather-start`,
`all-gather-done`) is counted once, under its own name.
"""

from __future__ import annotations

COLLECTIVES = frozenset(
    {
        *("all-gather", "all-reduce", "all-to-all", "collective-broadcast", "collective-permute"),
        *("ragged-all-to-all", "reduce-scatter"),
    }
)

OPCODES = COLLECTIVES | {
    *("abs", "acos", "acosh", "add", "add-dependency", "after-all", "and", "asin", "asinh"),
    *("async", "atan2", "atanh", "batch-norm-grad", "batch-norm-inference"),
    *("batch-norm-training", "bitcast", "bitcast-convert", "broadcast", "call", "cbrt", "ceil"),
    *("cholesky", "clamp", "compare", "complex", "concatenate", "conditional", "constant"),
    *("convert", "convolution", "copy", "cosh", "cosine", "count-leading-zeros", "custom-call"),
    *("divide", "domain", "dot", "dynamic-reshape", "dynamic-slice", "dynamic-update-slice"),
    *("erf", "exponential", "exponential-minus-one", "fft", "floor", "fusion", "gather"),
    *("get-dimension-size", "get-tuple-element", "imag", "infeed", "iota", "is-finite", "log"),
    *("log-plus-one", "logistic", "map", "maximum", "minimum", "multiply", "negate", "not"),
    *("opt-barrier", "or", "outfeed", "pad", "parameter", "partition-id", "popcnt", "power"),
    *("ragged-dot", "real", "recv", "reduce", "reduce-precision", "reduce-window"),
    *("remainder", "replica-id", "reshape", "reverse", "rng", "rng-bit-generator"),
    *("rng-get-and-update-state", "round-nearest-afz", "round-nearest-even", "rsqrt"),
    *("scaled-dot", "scatter", "select", "select-and-scatter", "send", "set-dimension-size"),
    *("shift-left", "shift-right-arithmetic", "shift-right-logical", "sign", "sine", "sinh"),
    *("slice", "sort", "sqrt", "stochastic-convert", "subtract", "tan", "tanh", "topk"),
    *("transpose", "triangular-solve", "tuple", "while", "xor"),
}
