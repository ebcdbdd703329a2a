"""What people call the subjects of limits, and what they put in place of one.

What a word stands for is written as on the command line, with dots: ``compiled.temp_bytes``,
``primitives.sin``, ``waste="2 kop"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("phase", "phases"), "phases.backward.flops"),
        **dict.fromkeys(("scope", "scopes"), "scopes.attention.flops"),
        **dict.fromkeys(("compiled", "optimized"), "compiled.flops"),
        **dict.fromkeys(("equations", "size", "length"), "eqns"),
        **dict.fromkeys(("compile_time", "trace_time", "tracing_time"), "eqns"),
        **dict.fromkeys(("time", "runtime", "latency", "seconds", "duration"), "flops"),
        **dict.fromkeys(("macs", "floating_point_operations", "cost"), "flops"),
        **dict.fromkeys(("bytes", "traffic", "bandwidth", "memory_traffic"), "bytes_accessed"),
        **dict.fromkeys(("constants", "captured_bytes"), "constant_bytes"),
        **dict.fromkeys(("residuals", "saved_bytes"), "residual_bytes"),
        **dict.fromkeys(
            ("intermediates", "intermediate_bytes", "largest_intermediate", "array_bytes"),
            "largest_intermediate_bytes",
        ),
        **dict.fromkeys(("memory", "mem", "temp_memory", "scratch"), "compiled.temp_bytes"),
        **dict.fromkeys(("peak_memory", "gpu_memory", "hbm"), "compiled.peak_bytes"),
        **dict.fromkeys(("ops", "instructions"), "compiled.opcodes.dot"),
        **dict.fromkeys(("op_executions",), "compiled.executions.dot"),
        **dict.fromkeys(("communication", "comms"), "compiled.collective_bytes"),
        **dict.fromkeys(("cloned", "clones", "xla_recompute"), "compiled.recomputed_by_xla"),
        **dict.fromkeys(("wasted", "overhead", "operations", "redundancy"), 'waste="2 kop"'),
        **dict.fromkeys(("cse", "repeats", "repeated", "common_subexpressions"), "duplicates"),
        **dict.fromkeys(("dead_code", "dce", "unused", "dead_equations"), "dead"),
        **dict.fromkeys(("sparsity", "structural_zeros"), "zeros"),
        **dict.fromkeys(("licm", "hoistable", "invariants"), "loop_invariants"),
        **dict.fromkeys(("broadcasts", "batched"), "batch_invariants"),
        **dict.fromkeys(("constant", "constant_folding"), "constant_work"),
        **dict.fromkeys(("callbacks",), "repeated_callbacks"),
        **dict.fromkeys(("jacobians", "hessians", "contracted_jacobians"), "full_jacobians"),
        **dict.fromkeys(("modes", "wrong_mode"), "wrong_modes"),
        **dict.fromkeys(("factorizations", "refactorizations"), "repeated_factorizations"),
        **dict.fromkeys(("remat", "rematerialization", "recompute", "checkpoint"), "recomputed"),
        **dict.fromkeys(("rng_reuse", "prng_reuse", "rng", "repeated_draws"), "key_reuse"),
        **dict.fromkeys(("conds", "vmapped_cond"), "vmapped_conds"),
        **dict.fromkeys(("upcasts", "upcast"), "upcast_dots"),
        **dict.fromkeys(("loops", "while_loops"), "primitives.while"),
        **dict.fromkeys(("matmul", "matmuls", "dots", "einsum"), "primitives.dot_general"),
        **dict.fromkeys(("conv", "convs"), "primitives.conv_general_dilated"),
        **dict.fromkeys(("allgather", "all_gather"), "compiled.collectives.all-gather"),
        **dict.fromkeys(("allreduce", "all_reduce", "psum"), "compiled.collectives.all-reduce"),
    }
)
"""What people call a subject, by what they call it."""

TIMED = frozenset(
    {"compile_time", "trace_time", "tracing_time", "time", "runtime", "latency", "seconds"}
    | {"duration"}
)

PRIMITIVES = frozenset(
    {
        *("abs", "acos", "add", "argmax", "argmin", "asin", "atan", "atan2", "cbrt"),
        *("cholesky", "concatenate", "cond", "conv_general_dilated", "cos", "cosh"),
        *("cumsum", "custom_jvp_call", "custom_vjp_call", "div", "dot_general", "eigh"),
        *("erf", "exp", "exp2", "expm1", "fft", "gather", "integer_pow", "jit", "log"),
        *("log1p", "logistic", "lu", "max", "min", "mul", "neg", "pjit", "pow"),
        *("pure_callback", "qr", "reduce_sum", "rsqrt", "scan", "scatter", "scatter_add"),
        *("select_n", "sin", "sinh", "sort", "sqrt", "sub", "svd", "tan", "tanh"),
        *("triangular_solve", "while"),
    }
)
"""Names that are taken for a primitive's before JAX is there to be asked."""
