"""What moves, names or orders data and computes nothing.

XLA agrees on all but two: it counts a flop for each element of `convert` and `bitcast-convert`,
which change how a number is written and not its value.
"""

from __future__ import annotations

from pytest_jaxcost.hlo.cost import FREE, Cost
from pytest_jaxcost.hlo.registry import rule, target
from pytest_jaxcost.hlo.site import Site

MOVES = (
    *("bitcast", "bitcast-convert", "broadcast", "concatenate", "constant", "convert", "copy"),
    *("dynamic-reshape", "dynamic-slice", "dynamic-update-slice", "gather"),
    *("get-tuple-element", "iota", "pad"),
    *("parameter", "reshape", "reverse", "slice", "transpose", "tuple"),
)

ORDER = (
    *("add-dependency", "after-all", "domain", "get-dimension-size", "infeed", "opt-barrier"),
    *("outfeed", "partition-id", "replica-id", "rng-get-and-update-state", "set-dimension-size"),
)

CONTROL = ("async", "call", "conditional", "fusion", "while")
"""What these cost is what they enter."""

ANNOTATIONS = (
    *("AllocateBuffer", "AssumeGatherIndicesInBound", "AsyncCollectiveStart"),
    *("AsyncCollectiveDone", "GatherScatterIndicesBitpacked", "GetRngSeed", "MoveToDevice"),
    *("MoveToHost", "SPMDFullToShardShape", "SPMDShardToFullShape", "Sharding"),
    *("X64Combine", "X64SplitHigh", "X64SplitLow", "annotate_device_placement"),
    *("cu_lu_pivots_to_permutation", "AnnotateDevicePlacement", "xla.sdy.FuncResultSharding"),
    *("xla.sdy.GlobalToLocalShape", "xla.sdy.LocalToGlobalShape"),
)
"""Custom calls that place, split or name values."""


@rule(*MOVES, *ORDER, *CONTROL)
def nothing(_: Site) -> Cost:
    """No work of its own."""
    return FREE


@target(*ANNOTATIONS)
def annotation(_: Site) -> Cost:
    """No work."""
    return FREE


@rule("send", "recv")
def transfer(site: Site) -> Cost | None:
    """Nothing between devices; unknown where the other side is Python on the host."""
    on_host = site.instruction.attributes.get("is_host_transfer") == "true"
    return None if on_host and site.instruction.opcode == "send" else FREE
