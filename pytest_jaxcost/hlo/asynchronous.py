"""Asynchronous operations: work that one instruction starts and another one finishes.

The text writes them as `all-gather-start` and `all-gather-done`, with `-update` in between; the
work is counted where it starts. TPU programs also spread one collective over several fusions,
from the one with `AsyncCollectiveStart` to the one with `AsyncCollectiveDone`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pytest_jaxcost.hlo.records import Computation, Instruction, Module, Shape

_CONTINUING = ("-done", "-update")
_TARGET_OF_SOURCE = frozenset(("copy",))
"""Started operations whose first element, not the second, is the result."""


@cache
def base_opcode(opcode: str) -> str:
    """Return the operation that an opcode starts, continues or does at once."""
    for suffix in ("-start", *_CONTINUING):
        opcode = opcode.removesuffix(suffix)
    return opcode


def continues(instruction: Instruction) -> bool:
    """Return whether the instruction only waits for work that another one started."""
    return instruction.opcode.endswith(_CONTINUING)


def result_shape(computation: Computation, instruction: Instruction) -> Shape:
    """Return the shape of the value computed; of a started operation, what it finishes with."""
    if not instruction.opcode.endswith("-start"):
        return instruction.shape
    name = instruction.name
    for each in computation.instructions:
        if each.operands[:1] == (name,) and continues(each):
            if each.opcode.endswith("-done"):
                return each.shape
            name = each.name
    elements = instruction.shape.elements or (instruction.shape,)
    first = base_opcode(instruction.opcode) in _TARGET_OF_SOURCE or len(elements) == 1
    return elements[0] if first else elements[1]


def spread_collectives(module: Module) -> Mapping[str, frozenset[str]]:
    """Return, by computation, the collectives that continue one started in an earlier fusion.

    The parts of one collective share its channel; only the part with `AsyncCollectiveStart` counts.
    """
    starting = {
        name
        for name, computation in module.computations.items()
        if any(
            each.opcode == "custom-call" and each.target == "AsyncCollectiveStart"
            for each in computation.instructions
        )
    }
    channels = {
        each.attributes["channel_id"]
        for name in starting
        for each in module.computations[name].instructions
        if "channel_id" in each.attributes
    }
    return {
        name: frozenset(
            each.name
            for each in computation.instructions
            if each.attributes.get("channel_id") in channels
        )
        for name, computation in module.computations.items()
        if channels and name not in starting
    }
