"""Which values others are computed from; the live ones are what an output or an effect needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Equation, Inlined


def reached(n: int, roots: Iterable[int], reads: Callable[[int], Iterable[int]]) -> bytearray:
    """One byte for each of `n` values: 1 if it is a root or, step by step, read by one."""
    marks = bytearray(n)
    stack = list(roots)
    while stack:
        value = stack.pop()
        if not marks[value]:
            marks[value] = 1
            stack.extend(reads(value))
    return marks


def live_values(program: Inlined, also: Iterable[int] = ()) -> bytearray:
    """One byte per value: 1 if an output, an effect or one of `also` needs it.

    Reachability over the values' dependences, so a loop carry that only feeds itself is not live.
    """
    roots = (*program.main.results, *program.roots, *also)
    return reached(len(program.avals), roots, program.depends.__getitem__)


def is_live(equation: Equation, live: bytearray) -> bool:
    """Whether any result of the equation is needed, or it has an effect."""
    outputs = equation.outputs
    if len(outputs) == 1 and live[outputs[0]]:
        return True
    if any(live[value] for value in outputs):
        return True
    return bool(equation.eqn.effects) and _compat.side_effects(equation.eqn)
