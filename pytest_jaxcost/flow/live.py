"""Which values reach an output or an effect."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Equation, Inlined


def live_values(program: Inlined, also: Iterable[int] = ()) -> bytearray:
    """One byte per value: 1 if an output, an effect or one of `also` needs it.

    Reachability over the values' dependences, so a loop carry that only feeds itself is not live.
    """
    live = bytearray(len(program.avals))
    stack = [*program.main.results, *program.roots, *also]
    depends = program.depends
    while stack:
        value = stack.pop()
        if not live[value]:
            live[value] = 1
            stack.extend(depends[value])
    return live


def is_live(equation: Equation, live: bytearray) -> bool:
    """Whether any result of the equation is needed, or it has an effect."""
    outputs = equation.outputs
    if len(outputs) == 1 and live[outputs[0]]:
        return True
    if any(live[value] for value in outputs):
        return True
    return bool(equation.eqn.effects) and _compat.side_effects(equation.eqn)
