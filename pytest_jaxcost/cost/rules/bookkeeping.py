"""What moves, names or places data and computes nothing: zero flops, zero transcendentals.

XLA agrees on all but two: it counts a flop for each element of ``convert_element_type`` and
``bitcast_convert_type``, which change how a number is written and not its value.
"""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import moving, nbytes, result_bytes, touching

MOVES = (
    *("broadcast_in_dim", "broadcast_to", "reshape", "transpose", "squeeze", "rev", "tile"),
    *("concatenate", "stack", "unstack", "pad", "iota", "copy", "zeros_like"),
    *("convert_element_type", "bitcast_convert_type", "to_edtype", "from_edtype"),
    *("device_put", "reshard", "relayout", "optimization_barrier", "empty", "empty2"),
    *("random_wrap", "random_unwrap", "random_clone", "roll", "repeat"),
    *("pack_dtype", "unpack_dtype", "pack_elementwise", "unpack_elementwise", "bitcast"),
)
"""Read all their operands and write all their results."""

ANNOTATIONS = (
    *("stop_gradient", "name", "stage", "tie", "pin", "unpin", "create_linear", "check"),
    *("sharding_constraint", "layout_constraint", "shard_alike", "inspect_sharding"),
    *("pvary", "preduced", "reduced_vary_cast", "reduced_vary_cast_p"),
    *("vary_unreduced_cast", "vary_unreduced_cast_p", "full_to_shard", "shard_to_full"),
    *("create_token", "after_all", "dce_sink", "unreachable", "shape_assertion", "program_order"),
    *("xla_metadata_value", "with_memory_space_constraint", "remove_memory_space"),
    *("axis_index", "platform_index", "dimension_size", "dim_as_value"),
    *("program_id", "num_programs", "multiple_of", "max_contiguous", "has_memory_space"),
    *("assume_for_verification", "pretend_for_verification"),
    *("add_dependency", "debug_barrier", "debug_barrier_p", "delay", "barrier", "trace_value"),
    *("get_global", "get_barrier_semaphore", "semaphore_read", "semaphore_signal"),
    *("semaphore_wait", "dma_wait", "new_ref", "empty_ref", "free_ref", "freeze"),
    *("new_box", "box_get", "box_set"),
)
"""Say something about a value, a device or an order; what they name stays where it is."""

OBSERVED = ("debug_callback", "debug_print")
"""Show their operands to the host; what it does with them is no part of the program's work."""

READS = ("slice", "split")
"""Read only what they produce."""


@rule(*MOVES, *OBSERVED)
def moves(eqn: Any) -> Cost:
    """All operands read and all results written."""
    return touching(eqn)


@rule(*ANNOTATIONS)
def annotate(_: Any) -> Cost:
    """Nothing at all."""
    return NOTHING


@rule(*READS)
def reads(eqn: Any) -> Cost:
    """The results written, and as much read of the operand."""
    return moving(2 * result_bytes(eqn))


@rule("dynamic_slice")
def dynamic_slice(eqn: Any) -> Cost:
    """The result written, as much read of the operand, and the indices read."""
    indices = sum(nbytes(v.aval) for v in eqn.invars[1:])
    return moving(2 * nbytes(eqn.outvars[0].aval) + indices)


@rule("dynamic_update_slice")
def dynamic_update_slice(eqn: Any) -> Cost:
    """The update read and written in place, and the indices read."""
    update, *indices = (nbytes(v.aval) for v in eqn.invars[1:])
    return moving(2 * update + sum(indices))
