"""The keywords of limits and their types, so that a type checker finds a misspelt one.

A test holds this against the table of subjects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, TypedDict

from .shown import Shown

Amount = float | str | None
Counts = Mapping[str, float | str | None] | None
Names = str | Collection[str] | None
Phase = Literal[
    "forward", "backward", "remat", "unattributed", "primal", "jvp", "transpose", "recompute"
]


class Optimized(TypedDict, total=False):
    """Limits on the compiled program."""

    max_flops: Amount
    min_flops: Amount
    flops: Amount
    max_transcendentals: Amount
    min_transcendentals: Amount
    transcendentals: Amount
    max_bytes_accessed: Amount
    min_bytes_accessed: Amount
    bytes_accessed: Amount
    max_waste: Amount
    min_waste: Amount
    waste: Amount
    max_duplicates: Amount
    min_duplicates: Amount
    duplicates: Amount
    max_dead: Amount
    min_dead: Amount
    dead: Amount
    max_zeros: Amount
    min_zeros: Amount
    zeros: Amount
    max_loop_invariants: Amount
    min_loop_invariants: Amount
    loop_invariants: Amount
    max_batch_invariants: Amount
    min_batch_invariants: Amount
    batch_invariants: Amount
    max_constant_work: Amount
    min_constant_work: Amount
    constant_work: Amount
    max_repeated_callbacks: Amount
    min_repeated_callbacks: Amount
    repeated_callbacks: Amount
    max_full_jacobians: Amount
    min_full_jacobians: Amount
    full_jacobians: Amount
    max_wrong_modes: Amount
    min_wrong_modes: Amount
    wrong_modes: Amount
    max_repeated_factorizations: Amount
    min_repeated_factorizations: Amount
    repeated_factorizations: Amount
    max_recomputed: Amount
    min_recomputed: Amount
    recomputed: Amount
    max_key_reuse: Amount
    min_key_reuse: Amount
    key_reuse: Amount
    max_vmapped_conds: Amount
    min_vmapped_conds: Amount
    vmapped_conds: Amount
    max_upcast_dots: Amount
    min_upcast_dots: Amount
    upcast_dots: Amount
    max_executions: Counts
    min_executions: Counts
    executions: Counts
    max_opcodes: Counts
    min_opcodes: Counts
    opcodes: Counts
    max_collectives: Counts
    min_collectives: Counts
    collectives: Counts
    max_collective_executions: Counts
    min_collective_executions: Counts
    collective_executions: Counts
    max_collective_bytes: Amount
    min_collective_bytes: Amount
    collective_bytes: Amount
    max_recomputed_by_xla: Amount
    min_recomputed_by_xla: Amount
    recomputed_by_xla: Amount
    max_temp_bytes: Amount
    min_temp_bytes: Amount
    temp_bytes: Amount
    max_argument_bytes: Amount
    min_argument_bytes: Amount
    argument_bytes: Amount
    max_output_bytes: Amount
    min_output_bytes: Amount
    output_bytes: Amount
    max_alias_bytes: Amount
    min_alias_bytes: Amount
    alias_bytes: Amount
    max_code_bytes: Amount
    min_code_bytes: Amount
    code_bytes: Amount
    max_peak_bytes: Amount
    min_peak_bytes: Amount
    peak_bytes: Amount
    forbid: Names


class Part(TypedDict, total=False):
    """Limits on a phase or a scope."""

    max_eqns: Amount
    min_eqns: Amount
    eqns: Amount
    max_flops: Amount
    min_flops: Amount
    flops: Amount
    max_transcendentals: Amount
    min_transcendentals: Amount
    transcendentals: Amount
    max_bytes_accessed: Amount
    min_bytes_accessed: Amount
    bytes_accessed: Amount
    max_constant_bytes: Amount
    min_constant_bytes: Amount
    constant_bytes: Amount
    max_residual_bytes: Amount
    min_residual_bytes: Amount
    residual_bytes: Amount
    max_largest_intermediate_bytes: Amount
    min_largest_intermediate_bytes: Amount
    largest_intermediate_bytes: Amount
    max_waste: Amount
    min_waste: Amount
    waste: Amount
    max_duplicates: Amount
    min_duplicates: Amount
    duplicates: Amount
    max_dead: Amount
    min_dead: Amount
    dead: Amount
    max_zeros: Amount
    min_zeros: Amount
    zeros: Amount
    max_loop_invariants: Amount
    min_loop_invariants: Amount
    loop_invariants: Amount
    max_batch_invariants: Amount
    min_batch_invariants: Amount
    batch_invariants: Amount
    max_constant_work: Amount
    min_constant_work: Amount
    constant_work: Amount
    max_repeated_callbacks: Amount
    min_repeated_callbacks: Amount
    repeated_callbacks: Amount
    max_full_jacobians: Amount
    min_full_jacobians: Amount
    full_jacobians: Amount
    max_wrong_modes: Amount
    min_wrong_modes: Amount
    wrong_modes: Amount
    max_repeated_factorizations: Amount
    min_repeated_factorizations: Amount
    repeated_factorizations: Amount
    max_recomputed: Amount
    min_recomputed: Amount
    recomputed: Amount
    max_key_reuse: Amount
    min_key_reuse: Amount
    key_reuse: Amount
    max_vmapped_conds: Amount
    min_vmapped_conds: Amount
    vmapped_conds: Amount
    max_upcast_dots: Amount
    min_upcast_dots: Amount
    upcast_dots: Amount
    max_primitives: Counts
    min_primitives: Counts
    primitives: Counts
    max_executions: Counts
    min_executions: Counts
    executions: Counts
    forbid: Names
    phases: Mapping[Phase, Part | None] | None
    scopes: Mapping[str | Callable[..., Any], Part | None] | None


class Keywords(Part, total=False):
    """All that ``check`` takes."""

    compiled: Optimized | None
    ignore: Names
    relative_to: Shown | Callable[..., Any] | None
