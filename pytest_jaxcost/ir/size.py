"""How large a program is before and after inlining, without inlining it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.ir import higher_order


class Size(NamedTuple):
    """Equations of all distinct jaxprs together, and of the program with every call entered."""

    distinct: int
    inlined: int
    entered: dict[int, list[Any]]
    """The jaxprs that equations run, by the equation's ``id``; the others are leaves."""


def size_of(jaxpr: Any, priced: Collection[str] = ()) -> Size:
    """The size of a jaxpr; each distinct sub-jaxpr is visited once, whatever calls it."""
    inlined: dict[int, int] = {}
    entered: dict[int, list[Any]] = {}
    children: dict[int, list[Any]] = {}
    distinct = 0
    stack = [jaxpr]
    while stack:
        current = stack[-1]
        eqns = _compat.open_jaxpr(current)[0].eqns
        if id(current) in inlined:
            stack.pop()
        elif id(current) not in children:
            children[id(current)] = _enter(eqns, entered, priced)
            stack.extend(children[id(current)])
        else:
            distinct += len(eqns)
            inside = sum(inlined[id(child)] for child in children[id(current)])
            inlined[id(current)] = len(eqns) + inside
            stack.pop()
    return Size(distinct, inlined[id(jaxpr)], entered)


def _enter(eqns: list[Any], entered: dict[int, list[Any]], priced: Collection[str]) -> list[Any]:
    children: list[Any] = []
    for eqn in eqns:
        jaxprs = higher_order.entered_jaxprs(eqn, priced)
        if jaxprs is not None:
            entered[id(eqn)] = jaxprs
            children.extend(jaxprs)
    return children
