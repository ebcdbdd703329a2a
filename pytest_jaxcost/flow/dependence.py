"""Which values depend on what: the other direction of liveness."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_jaxcost.ir.equation import Inlined


def dependents(program: Inlined, sources: Iterable[int]) -> bytearray:
    """One byte per value: 1 if it is one of `sources` or computed from one of them."""
    readers: list[list[int]] = [[] for _ in program.avals]
    for value, inputs in enumerate(program.depends):
        for operand in inputs:
            readers[operand].append(value)
    reached = bytearray(len(program.avals))
    stack = list(sources)
    while stack:
        value = stack.pop()
        if not reached[value]:
            reached[value] = 1
            stack.extend(readers[value])
    return reached
