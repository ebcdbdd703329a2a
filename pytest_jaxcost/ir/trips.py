"""The trip count of a ``while`` whose predicate only compares a counter with a constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pytest_jaxcost import _compat


class _Counter(NamedTuple):
    init: int
    step: int
    limit: int
    comparison: str


def while_trips(eqn: Any, constants: Sequence[Any]) -> int | None:
    """How often the body of a ``while`` runs, or None unless that follows from constants.

    `constants` are the known contents of the equation's operands, None where unknown.
    """
    counter = _counter(eqn, constants)
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


def _counter(eqn: Any, constants: Sequence[Any]) -> _Counter | None:
    loop = _While(eqn, constants)
    compared = loop.comparison()
    if compared is None:
        return None
    name, left, right = compared
    for comparison, counted, bound in ((name, left, right), (_MIRRORED[name], right, left)):
        position = loop.carry_position(counted)
        limit = loop.test_constant(bound)
        if position is not None and limit is not None:
            init, step = loop.init(position), loop.step(position)
            if init is not None and step is not None:
                return _Counter(init, step, limit, comparison)
    return None


class _While:
    """The parts of a ``while`` that its trip count depends on."""

    def __init__(self, eqn: Any, constants: Sequence[Any]) -> None:
        self.test, _ = _compat.open_jaxpr(eqn.params["cond_jaxpr"])
        self.body, _ = _compat.open_jaxpr(eqn.params["body_jaxpr"])
        self.n_test, self.n_body = eqn.params["cond_nconsts"], eqn.params["body_nconsts"]
        self.constants = constants

    def comparison(self) -> tuple[str, Any, Any] | None:
        if len(self.test.eqns) != 1 or self.test.eqns[0].primitive.name not in _MIRRORED:
            return None
        (compare,) = self.test.eqns
        return (compare.primitive.name, *compare.invars)

    def carry_position(self, atom: Any) -> int | None:
        carried = self.test.invars[self.n_test :]
        return next((k for k, var in enumerate(carried) if var is atom), None)

    def test_constant(self, atom: Any) -> int | None:
        if isinstance(atom, _compat.Literal):
            return _integer(atom)
        position = self.carry_position(atom)
        if position is None:
            return _integer(self.constants[self.test.invars.index(atom)])
        unchanged = self.body.outvars[position] is self.body.invars[self.n_body + position]
        return self.init(position) if unchanged else None

    def init(self, position: int) -> int | None:
        return _integer(self.constants[self.n_test + self.n_body + position])

    def step(self, position: int) -> int | None:
        counted, updated = self.body.invars[self.n_body + position], self.body.outvars[position]
        for eqn in self.body.eqns:
            if updated in eqn.outvars and eqn.primitive.name in ("add", "sub"):
                left, right = eqn.invars
                if left is counted:
                    return _signed(eqn.primitive.name, self.body_constant(right))
                if right is counted and eqn.primitive.name == "add":
                    return self.body_constant(left)
        return None

    def body_constant(self, atom: Any) -> int | None:
        if isinstance(atom, _compat.Literal):
            return _integer(atom)
        consts = self.body.invars[: self.n_body]
        return next(
            (_integer(self.constants[self.n_test + k]) for k, v in enumerate(consts) if v is atom),
            None,
        )


def _signed(name: str, step: int | None) -> int | None:
    return -step if step is not None and name == "sub" else step


def _integer(content: Any) -> int | None:
    value = content.val if isinstance(content, _compat.Literal) else content
    if value is None:
        return None
    array = np.asarray(value)
    return int(array) if array.ndim == 0 and array.dtype.kind in "iu" else None


_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
