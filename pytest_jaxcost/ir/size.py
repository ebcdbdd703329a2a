"""How large a program is before and after inlining, without inlining it."""

from __future__ import annotations

from typing import Any, NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.ir import higher_order


class Size(NamedTuple):
    """Equations of all distinct jaxprs together, and of the program with every call entered."""

    distinct: int
    inlined: int


def size_of(jaxpr: Any) -> Size:
    """The size of a jaxpr; each distinct sub-jaxpr is visited once, whatever calls it."""
    inlined: dict[int, int] = {}
    distinct = 0
    stack = [(jaxpr, False)]
    while stack:
        current, children_done = stack.pop()
        if id(current) in inlined:
            continue
        eqns = _compat.open_jaxpr(current)[0].eqns
        children = [child for eqn in eqns for child in higher_order.entered_jaxprs(eqn) or ()]
        if children_done:
            distinct += len(eqns)
            inlined[id(current)] = len(eqns) + sum(inlined[id(child)] for child in children)
        else:
            stack.append((current, True))
            stack.extend((child, False) for child in children if id(child) not in inlined)
    return Size(distinct, inlined[id(jaxpr)])
