"""Upcast dots: dot products of operands that were converted to a wider type just before.

A product of narrow operands may be added up in a wide type: ``preferred_element_type`` asks for
it, and hardware for matrix products does it at a multiple of the speed. Widening the operands
first gives the same sums for twice the memory traffic, or more. This is information: who wants
every product rounded in the wide type too has a reason to convert.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import jax.numpy as jnp

from pytest_jaxcost.analyses.causes import Found
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.subjects import Subject, located
from pytest_jaxcost.analyses.wasted_calls import WastedCalls, wasted_calls
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.records import Finding, Findings

TITLE = "{subject} multiplies operands that were widened from {narrow}"
HINT = (
    "{narrow} operands are widened first; multiply them as they are with "
    "preferred_element_type={wide}"
)

MOVES = frozenset({"broadcast_in_dim", "copy", "reshape", "squeeze", "transpose"})
"""Between a conversion and the dot product, these change nothing about it."""


@analysis("upcast_dots", "JC402")
def upcast_dots(facts: Facts) -> Findings:
    """One finding for each line with dot products of operands that were narrower before."""
    walk = [Occurrence(*pair) for pair in facts.program.walk()]
    dots = [each for each in walk if each.equation.primitive == "dot_general"]
    if not dots:
        return Findings()
    makers = {
        each.equation.outputs[0]: each.equation
        for each in walk
        if each.equation.primitive == "convert_element_type" or each.equation.primitive in MOVES
    }
    found = ((dot, _widened_from(dot.equation, makers)) for dot in dots)
    narrow = {
        id(dot.equation): each
        for dot, each in found
        if each is not None and is_live(dot.equation, facts.live)
    }

    def sentence(subjects: Sequence[Subject], found: Found) -> str:
        return TITLE.format(subject=located(subjects), narrow=narrow[found.finding.members[0]])

    widened = (
        Found(_finding(facts, dot, narrow[id(dot.equation)]), (dot,))
        for dot in dots
        if id(dot.equation) in narrow
    )
    return Findings(wasted_calls(facts, widened, sentence, keys=_keys, has_floor=False))


def _keys(calls: WastedCalls, found: Found) -> Iterable[Hashable]:
    return ((calls.frames(found.work[0])[-1:], found.finding.hint),)


def _widened_from(dot: Equation, makers: dict[int, Equation]) -> Any | None:
    """The wider one of the types that the operands were converted from, or None."""
    narrow = [dtype for value in dot.inputs if (dtype := _narrow_type(value, makers)) is not None]
    if len(narrow) < len(dot.inputs):
        return None
    return max(narrow, key=lambda dtype: int(dtype.itemsize))


def _narrow_type(value: int, makers: dict[int, Equation]) -> Any | None:
    while (made := makers.get(value)) is not None and made.primitive in MOVES:
        value = made.inputs[0]
    if made is None:
        return None
    before, after = made.eqn.invars[0].aval.dtype, made.eqn.params["new_dtype"]
    return before if _is_widening(before, after) else None


def _is_widening(before: Any, after: Any) -> bool:
    same_kind = any(
        jnp.issubdtype(before, kind) and jnp.issubdtype(after, kind)
        for kind in (jnp.floating, jnp.signedinteger, jnp.unsignedinteger)
    )
    return same_kind and before.itemsize < after.itemsize


def _finding(facts: Facts, dot: Occurrence, narrow: Any) -> Finding:
    wide = dot.equation.eqn.outvars[0].aval.dtype
    hint = HINT.format(narrow=narrow, wide=wide)
    return facts.finding("upcast_dots", [dot], hint=hint, bookkeeping=False)
