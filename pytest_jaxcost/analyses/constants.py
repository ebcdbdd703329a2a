"""Constants: the arrays that a function closes over, which its program carries along."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.cost.sizes import nbytes
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.records import Evidence, Finding, Findings

HINT = "pass it as an argument, so that it is no part of every compiled program"


@analysis("constants", "JC503")
def constants(facts: Facts) -> Findings:
    """One finding per captured array, with its size and the place that reads it first."""
    captured = {
        value: facts.program.avals[value]
        for value, content in facts.program.constants.items()
        if not isinstance(content, _compat.Literal) or facts.program.avals[value].shape
    }
    readers = _first_readers(facts, set(captured)) if captured else {}
    return Findings(_finding(facts, aval, readers.get(value)) for value, aval in captured.items())


def _finding(facts: Facts, aval: Any, reader: Equation | None) -> Finding:
    return Finding(
        kind="constants",
        equations=(
            Evidence(
                primitive="constant", aval=aval.str_short(short_dtypes=True), nbytes=nbytes(aval)
            ),
        ),
        places=() if reader is None else facts.places(reader),
        hint=HINT,
        members=() if reader is None else (id(reader),),
    )


def _first_readers(facts: Facts, values: set[int]) -> dict[int, Equation]:
    readers: dict[int, Equation] = {}
    for _, equation in facts.program.walk():
        for value in values.intersection(equation.inputs):
            readers.setdefault(value, equation)
    return readers
