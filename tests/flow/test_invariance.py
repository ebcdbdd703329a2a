"""Random programs: what is said not to change in a loop has one value in all its iterations."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from pytest_jaxcost.flow.invariance import Invariance, _Survey, invariance
from pytest_jaxcost.ir.equation import Inlined
from pytest_jaxcost.ir.inline import inline
from tests.conftest import LAWS
from tests.laws.evaluate import Context, Run, bits, evaluate
from tests.laws.programs import ARGS, Body, Program, Step, programs


def require_unchanged(program: Inlined, found: Invariance, run: Run) -> int:
    """Values are equal in iterations that differ in loops they do not change in; how many were."""
    compared = 0
    for region, equation in program.walk():
        nest = found.nests[id(region)]
        for value in equation.outputs:
            changing = [k for k in range(len(nest)) if found.changes[value] >> k & 1]
            groups: dict[tuple[int, ...], set[Any]] = {}
            for context, array in run.seen.get(value, {}).items():
                steps = iterations(context)
                groups.setdefault(tuple(steps[k] for k in changing), set()).add(bits(array))
                compared += len(changing) < len(nest)
            assert all(len(group) == 1 for group in groups.values()), f"{value} changes"
    return compared


def iterations(context: Context) -> list[int]:
    """The iteration of each loop, outermost first: outer loops are higher."""
    return [step for _, step in sorted(context, reverse=True)]


@settings(LAWS, max_examples=40)
@given(programs)
def test_what_does_not_change_is_equal_in_all_iterations(program: Program) -> None:
    inlined = inline(program.jaxpr)
    found = invariance(inlined)
    if found is not None:
        require_unchanged(inlined, found, evaluate(inlined, ARGS))


def _nested() -> Program:
    inner = Body((Step("sin", 0, 0), Step("mul", 2, 1)), 3)
    middle = Body((Step("scan_pairs", 0, 1, inner), Step("cos", 1, 1), Step("add", 2, 3)), 4)
    return Program(Body((Step("scan_pairs", 0, 1, middle),), 2))


def test_the_law_compares_and_fails_where_changes_are_overlooked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inlined = inline(_nested().jaxpr)
    run = evaluate(inlined, ARGS)
    found = invariance(inlined)
    assert found is not None
    assert require_unchanged(inlined, found, run) > 0
    monkeypatch.setattr(_Survey, "changes", lambda self: [0] * len(self.program.avals))
    mistaken = invariance(inlined)
    assert mistaken is not None
    with pytest.raises(AssertionError, match="changes"):
        require_unchanged(inlined, mistaken, run)
