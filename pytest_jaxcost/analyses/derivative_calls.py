"""Which call of a derivative made an equation, and whether the user ran that call again.

In a Python loop such as ``[jax.jvp(f, (x,), (v,)) for v in vs]`` one expression is run for each
vector, and the frames of all runs are the same. The order of the equations tells the runs apart:
a pull back ends where the next forward pass begins, and pushes do the same over and over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.derivatives import derivatives
from pytest_jaxcost.ir.equation import Equation

DerivativeCall = tuple[str, tuple[_compat.Frame, ...]]
"""The function of ``jax`` that was asked for a derivative, and the user's frames that led to it."""

FORWARD, BACKWARD = (where.JVP,), (where.TRANSPOSE,)


def derivative_calls(equation: Equation) -> tuple[DerivativeCall, ...]:
    """The calls that asked for the derivatives around an equation, innermost first."""
    users: list[_compat.Frame] = []
    asked: dict[int, str] = {}
    for frames, _ in where.made_in(equation):
        for frame in frames.every:
            if frame.of.is_users:
                users.append(frame)
            elif function := _compat.derivative_of(frame):
                asked[len(users)] = function
    calls = ((function, tuple(users[inside:])) for inside, function in asked.items())
    return tuple(call for call in calls if call[1])


def run_for_each_vector(facts: Facts, calls: Sequence[DerivativeCall]) -> DerivativeCall | None:
    """The outermost of nested calls that was run again at one point, and not for the same thing."""
    for depth, call in enumerate(reversed(calls)):
        bodies = _made_by(facts, call, depth)
        again = any(_is_repeated_in_part(facts, body) for body in bodies)
        if again and _is_run_again(bodies, depth):
            return call
    return None


def _made_by(facts: Facts, call: DerivativeCall, depth: int) -> list[list[Equation]]:
    """The equations that a call made, of each region in program order.

    Without what the derivatives around it made when they went backward.
    """
    made: dict[int, list[Equation]] = {}
    known: dict[Hashable, bool] = {}
    for region, equation in facts.program.walk():
        route = where.route(equation)
        if route not in known:
            known[route] = call in derivative_calls(equation)
        if not known[route] or where.is_recomputed(equation):
            continue
        if where.TRANSPOSE not in derivatives(equation)[:depth]:
            made.setdefault(id(region), []).append(equation)
    return list(made.values())


def _is_run_again(bodies: Sequence[Sequence[Equation]], depth: int) -> bool:
    """Whether a forward pass follows a backward pass or, where there is none, repeats itself."""
    kinds = [[derivatives(each)[depth : depth + 1] for each in body] for body in bodies]
    if any(BACKWARD in body for body in kinds):
        return any(_turns_back(body) for body in kinds)
    return any(_is_periodic(body) for body in bodies)


def _is_repeated_in_part(facts: Facts, equations: Sequence[Equation]) -> bool:
    """Whether the first value, which depends on the point alone, is computed again, not all are."""
    worked = [
        value
        for each in equations
        if each.control is not None or not facts.is_bookkeeping(each)
        for value in each.outputs
    ]
    times = Counter(facts.numbers[value] for value in worked)
    return bool(worked) and 1 in times.values() and times[facts.numbers[worked[0]]] > 1


def _turns_back(kinds: Sequence[tuple[str, ...]]) -> bool:
    """Whether a forward pass follows a backward pass."""
    return BACKWARD in kinds and FORWARD in kinds[kinds.index(BACKWARD) :]


def _is_periodic(equations: Sequence[Equation]) -> bool:
    """Whether the equations are the same ones two or more times in a row."""
    keys = [(each.primitive, where.route(each)) for each in equations]
    borders = [0] * len(keys)  # the longest proper beginning that each prefix ends with
    for k in range(1, len(keys)):
        length = borders[k - 1]
        while length and keys[k] != keys[length]:
            length = borders[length - 1]
        borders[k] = length + (keys[k] == keys[length])
    period = len(keys) - borders[-1]
    return period < len(keys) and len(keys) % period == 0
