"""Which values depend on what: the other direction of liveness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pytest_jaxcost.flow.live import reached
from pytest_jaxcost.ir.equation import Block, Equation, Inlined


def makers(program: Inlined) -> dict[int, Equation]:
    """The equation that each value is a result of."""
    return {value: equation for _, equation in program.walk() for value in equation.outputs}


def arguments(program: Inlined) -> Iterator[int]:
    """The arguments of the program, and of the calls that are read once for all call sites."""
    yield from program.inputs
    for _, equation in program.walk():
        if isinstance(equation.control, Block) and equation.control.shared:
            yield from equation.control.params


def ancestors(program: Inlined, values: Iterable[int]) -> bytearray:
    """One byte per value: 1 if it is one of `values` or one of them is computed from it."""
    return reached(len(program.avals), values, program.depends.__getitem__)


def dependents(program: Inlined, sources: Iterable[int]) -> bytearray:
    """One byte per value: 1 if it is one of `sources` or computed from one of them."""
    readers: list[list[int]] = [[] for _ in program.avals]
    for value, inputs in enumerate(program.depends):
        for operand in inputs:
            readers[operand].append(value)
    return reached(len(program.avals), sources, readers.__getitem__)


def inherited(program: Inlined, marks: Mapping[int, int]) -> list[int]:
    """The marks of each value, as bits: its own, and those of what it is computed from.

    Values stand in program order, so that only loops take more than one sweep.
    """
    found = [marks.get(value, 0) for value in range(len(program.avals))]
    changed = True
    while changed:
        changed = False
        for value, operands in enumerate(program.depends):
            before = mark = found[value]
            for operand in operands:
                mark |= found[operand]
            if mark != before:
                found[value], changed = mark, True
    return found


def passed_back(program: Inlined, marks: Mapping[int, int]) -> list[int]:
    """The marks of each value, as bits: its own, and those of what is computed from it."""
    found = [marks.get(value, 0) for value in range(len(program.avals))]
    changed = True
    while changed:
        changed = False
        for value in range(len(found) - 1, -1, -1):
            mark = found[value]
            for operand in program.depends[value] if mark else ():
                if mark & ~found[operand]:
                    found[operand] |= mark
                    changed = True
    return found
