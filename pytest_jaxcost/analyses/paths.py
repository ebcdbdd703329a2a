"""The places to show for a value that is computed more than once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from pytest_jaxcost.analyses.facts import Facts, place
from pytest_jaxcost.flow.repeats import Repetition
from pytest_jaxcost.ir import where
from pytest_jaxcost.report.records import Place

Path = Sequence[where.Position]


def repetition_places(facts: Facts, repetition: Repetition) -> tuple[Place, ...]:
    """The innermost place of each computation, the first one first.

    Where all of them are one place, because one function is called twice, the places where the
    calls part follow it.
    """
    equations = [o.equation for o in (repetition.first, *repetition.again)]
    paths = [facts.positions(equation) for equation in equations]
    phases = [facts.phases.of(equation) for equation in equations]
    innermost = [place(path[0], phase) for path, phase in zip(paths, phases, strict=True) if path]
    parting = parting_calls([path for path in paths if path])
    if len({(each.file, each.line) for each in innermost}) > 1:
        return tuple(dict.fromkeys(innermost))
    shown = {(each.file, each.line) for each in innermost}
    calls = [place(each) for each in parting if (each.file, each.line) not in shown]
    return tuple(dict.fromkeys([*innermost, *calls]))


def parting_calls(paths: Sequence[Path]) -> tuple[where.Position, ...]:
    """Where the paths to one place part, seen from the outside; empty if they never do."""
    for positions in zip_longest(*(reversed(path) for path in paths)):
        different = dict.fromkeys(position for position in positions if position is not None)
        if len(different) > 1:
            return tuple(different)
    return ()
