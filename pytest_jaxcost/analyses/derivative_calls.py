"""The derivative that work is a part of, as the user's code calls it."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_jaxcost.analyses.causes import Found, Told, frame_place
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.subjects import Subject, located
from pytest_jaxcost.ir import source
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.records import Place


def derivative(facts: Facts, equation: Equation) -> Subject:
    """The derivative that an equation is a part of, as the user's code calls it."""
    evaluations = facts.evaluations
    call = evaluations.derivative_call(equation)
    if call is not None and (written := source.expression(call)):
        return Subject(written, source.standing_in(call), False, call)
    functions = map(source.function_name, evaluations.frames(equation))
    name = next((name for name in functions if name), "")
    return Subject(f"the derivative of {name}" if name else "the derivative", "", False)


def derivative_told(facts: Facts, title: str, found: Found) -> Told:
    """What is said of a derivative: `title` with it as the ``{subject}``."""
    name = located([derivative(facts, found.work[0].equation)])
    return Told(title.format(subject=name), derivative_places(facts, [found]))


def derivative_places(facts: Facts, found: Sequence[Found]) -> list[Place]:
    """Where the derivative is called that some work is a part of, and where the work stands."""
    call = facts.evaluations.derivative_call(found[0].work[0].equation)
    calls = [] if call is None else [frame_place(call)]
    work = (place for each in found for place in each.finding.places)
    return list({(each.file, each.line): each for each in (*calls, *work)}.values())
