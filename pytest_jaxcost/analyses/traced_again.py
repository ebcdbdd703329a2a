"""In how many calls each equation runs if each part of a basis has a call of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.dependence import inherited, passed_back
from pytest_jaxcost.flow.zeros.depth import depth
from pytest_jaxcost.flow.zeros.seeds import Seeds, makers
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation, Inlined

Marks = Sequence[int]
"""One set of parts per value, as bits."""


def carried_parts(program: Inlined, seeds: Seeds) -> Marks:
    """The parts whose tangents each value carries."""
    parts = enumerate(seeds.parts.values())
    return inherited(program, {value: 1 << k for k, values in parts for value in values})


def calls(facts: Facts, seeds: Seeds, carried: Marks) -> Iterator[tuple[Equation, int]]:
    """In how many calls each equation of a derivative runs that carries no tangent.

    Each call traces the whole function, and drops what its own tangents do not need.
    """
    needed = _needed(facts, carried)
    basis = {id(equation) for equation in makers(facts.program, seeds)}
    for equation in _inside(seeds, carried):
        value = equation.outputs[0]
        if not carried[value] and id(equation) not in basis:
            yield equation, max(needed[value].bit_count(), 1)


def _needed(facts: Facts, carried: Marks) -> Marks:
    """The parts for whose tangents each value is needed that carries none itself."""
    read: dict[int, int] = {}
    for equation in leaves(facts.program.main.equations):
        parts = carried[equation.outputs[0]]
        for value in equation.inputs if parts else ():
            if not carried[value]:
                read[value] = read.get(value, 0) | parts
    return passed_back(facts.program, read)


def _inside(seeds: Seeds, carried: Marks) -> list[Equation]:
    """The leaves of a derivative: reverse mode's forward pass, and what stands after the basis.

    JAX traces a derivative at a stretch.
    """
    equations = seeds.region.equations
    own = next(k for k, each in enumerate(equations) if each is seeds.equation)
    pushed = (k for k, each in enumerate(equations) if _is_pushed(each, seeds, carried))
    first, last = _forward_pass(seeds, own), max(pushed, default=own)
    return leaves(equations[first : last + 1])


def leaves(equations: Sequence[Equation]) -> list[Equation]:
    """Those of the equations, and of the bodies that they run, which make values themselves."""
    leaves: list[Equation] = []
    stack = [equations]
    while stack:
        for equation in stack.pop():
            if equation.control is not None:
                stack.extend(region.equations for region in equation.control.regions)
            elif equation.outputs:
                leaves.append(equation)
    return leaves


def _is_pushed(equation: Equation, seeds: Seeds, carried: Marks) -> bool:
    carries = any(carried[value] for value in equation.outputs)
    return carries and depth(equation) > depth(seeds.equation)


def _forward_pass(seeds: Seeds, own: int) -> int:
    """The position of the first equation of the same call as the basis, at most the basis's own."""
    call = next(_calls_around(seeds.equation), None)
    if call is not None:
        before = depth(seeds.equation)
        for k, each in enumerate(seeds.region.equations[:own]):
            if depth(each) > before and call in _calls_around(each):
                return k
    return own


def _calls_around(equation: Equation) -> Iterator[tuple[object, ...]]:
    """The calls of functions that make derivatives which an equation comes from, innermost first.

    Each is the function and the frames outside it: where in the function it was does not matter.
    """
    every = [frame for frames, _ in where.made_in(equation) for frame in frames.every]
    for k, frame in enumerate(every):
        if _compat.derivative_of(frame):
            yield (frame.of, *every[k + 1 :])
