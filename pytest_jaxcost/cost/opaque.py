"""Primitives whose work no compiler can see, and why."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

HOST = "it runs Python on the host"
FOREIGN = "it runs foreign code"
EXPORTED = "it calls an exported program"
CUDNN = "it calls a kernel of cuDNN"
KERNEL = "it is an instruction of one kind of device"
THUNK = "it is a step of a compiled GPU program"

CALLBACKS = ("pure_callback", "io_callback")
CUDNN_CALLS = (
    *("dot_product_attention_fwd", "dot_product_attention_fwd_wrapper"),
    *("dot_product_attention_bwd", "dot_product_attention_bwd_wrapper"),
    *("dot_product_attention_fp8_fwd", "dot_product_attention_fp8_fwd_wrapper"),
    *("dot_product_attention_fp8_bwd", "dot_product_attention_fp8_bwd_wrapper"),
    *("bias_fwd", "bias_bwd", "cudnn_fusion", "scaled_matmul", "scaled_matmul_wrapper"),
)
INSTRUCTIONS = (
    *("tpu_custom_call", "elementwise_inline_asm", "elementwise_inline_asm_p", "einshape_lo"),
    *("atomic_cas", "atomic_rmw", "sc_fetch_and_add", "all_reduce_ffs", "scan_count", "unique"),
    *("all_reduce_population_count", "masked_cummax", "masked_cummin", "masked_cumsum"),
    *("masked_sort", "matmul_acc_lhs", "matmul_lhs_fifo", "matmul_pop", "matmul_pop_fifo"),
    *("matmul_push_rhs", "conv", "stochastic_round", "pack", "unpack", "dma_start"),
    *("prng_seed", "prng_split", "prng_join", "prng_random_bits"),
)
THUNKS = tuple(
    f"thunky.{step}"
    for step in (
        *("all_gather", "all_reduce", "all_to_all", "async_done", "async_start", "call_jax"),
        *("call_thunky_nested", "collective_group", "collective_permute", "cond", "copy"),
        *("custom_call", "inline_constant", "memset", "memzero", "ptx_kernel"),
        *("reduce_scatter", "while"),
    )
)

OPAQUE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(CALLBACKS, HOST),
        **dict.fromkeys(("ffi_call", "buffer_callback"), FOREIGN),
        **dict.fromkeys(CUDNN_CALLS, CUDNN),
        **dict.fromkeys(INSTRUCTIONS, KERNEL),
        **dict.fromkeys(THUNKS, THUNK),
        "call_exported": EXPORTED,
    }
)
