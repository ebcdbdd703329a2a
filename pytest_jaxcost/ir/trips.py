"""The trip count of a ``while`` whose predicate only compares a counter with a constant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.contents import content_of
from pytest_jaxcost.ir.equation import Carry, Equation, Loop, Region


class _Counter(NamedTuple):
    init: int
    step: int
    limit: int
    comparison: str


def while_trips(loop: Loop, constants: Mapping[int, Any]) -> int | None:
    """How often the body of a ``while`` runs, or None unless that follows from constants.

    Calls in the test and the body are entered already, so it does not matter how they are written.
    `constants` are the values whose contents are known.
    """
    counter = _counter(loop, constants)
    return None if counter is None else _trips(counter)


def _trips(counter: _Counter) -> int | None:
    init, step, limit, comparison = counter
    distance = limit - init
    if comparison in ("gt", "ge"):
        distance, step = -distance, -step
    if comparison in ("le", "ge"):
        distance += 1
    if distance <= 0:
        return 0
    return -(-distance // step) if step > 0 else None


def _counter(loop: Loop, constants: Mapping[int, Any]) -> _Counter | None:
    assert loop.test is not None
    assert loop.predicate is not None
    compare = _producer(loop.test, loop.predicate)
    if compare is None or compare.primitive not in _MIRRORED:
        return None
    carries = {carry.param: carry for carry in loop.carries}
    left, right = _operands(loop.test, compare)
    name = compare.primitive
    for comparison, counted, bound in ((name, left, right), (_MIRRORED[name], right, left)):
        limit = _unchanged(bound, carries, constants)
        if counted in carries and limit is not None:
            carry = carries[counted]
            init = _integer(constants.get(carry.init))
            step = _step(carry, loop.body, carries, constants)
            if init is not None and step is not None:
                return _Counter(init, step, limit, comparison)
    return None


def _producer(region: Region, value: int) -> Equation | None:
    """What computes a value, seen through conversions that only change whether it is weak."""
    while True:
        equation = next((each for each in region.equations if value in each.outputs), None)
        if equation is None or not _keeps_dtype(equation):
            return equation
        (value,) = equation.inputs


def _operands(region: Region, equation: Equation) -> list[int]:
    """The operands of an equation, seen through such conversions."""
    converted = {e.outputs[0]: e.inputs[0] for e in region.equations if _keeps_dtype(e)}
    operands = list(equation.inputs)
    while any(value in converted for value in operands):
        operands = [converted.get(value, value) for value in operands]
    return operands


def _keeps_dtype(equation: Equation) -> bool:
    eqn = equation.eqn
    if equation.primitive != "convert_element_type":
        return False
    return bool(eqn.invars[0].aval.dtype == eqn.params["new_dtype"])


def _unchanged(
    value: int, carries: Mapping[int, Carry], constants: Mapping[int, Any]
) -> int | None:
    """A constant that the loop reads as it is or carries along."""
    carry = carries.get(value)
    if carry is not None and carry.update == carry.param:
        value = carry.init
    return _integer(constants.get(value))


def _step(
    carry: Carry,
    body: Region,
    carries: Mapping[int, Carry],
    constants: Mapping[int, Any],
) -> int | None:
    """What an iteration adds to a counter."""
    update = _producer(body, carry.update)
    if update is None or update.primitive not in ("add", "sub"):
        return None
    left, right = _operands(body, update)
    if left == carry.param:
        step = _unchanged(right, carries, constants)
        return -step if step is not None and update.primitive == "sub" else step
    if right == carry.param and update.primitive == "add":
        return _unchanged(left, carries, constants)
    return None


def _integer(content: Any) -> int | None:
    is_literal = isinstance(content, _compat.Literal)
    array = np.asarray(content.val) if is_literal else content_of(content)
    if array is None or array.ndim or array.dtype.kind not in "iu":
        return None
    return int(array)


_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
