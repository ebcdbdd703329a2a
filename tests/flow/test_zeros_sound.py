"""Random programs: what is claimed to be zero is zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from pytest_jaxcost.flow.zeros import interpret, registry
from pytest_jaxcost.flow.zeros.interpret import known_values
from pytest_jaxcost.ir.inline import inline
from tests.conftest import LAWS
from tests.flow import zero_programs
from tests.flow.zero_claims import is_finite, require_claims
from tests.flow.zero_programs import LOOPS, STEPS, Program, Step, X
from tests.laws.evaluate import evaluate
from tests.laws.programs import ARGS
from tests.laws.programs import programs as vector_programs


def claimed(program: Any, args: Any) -> int:
    """Holds a program's claims against a run; how many elements were claimed to be zero."""
    inlined = inline(program.jaxpr)
    run = evaluate(inlined, args)
    return require_claims(inlined, known_values(inlined), run) if is_finite(run) else 0


@settings(LAWS, max_examples=150)
@given(zero_programs.programs)
def test_claims_hold(program: Program) -> None:
    claimed(program, (X,))


@settings(LAWS)
@given(vector_programs)
def test_claims_hold_in_programs_of_any_kind(program: Any) -> None:
    claimed(program, ARGS)


@pytest.mark.parametrize("source", ["basis", "pad", "zeros"])
@pytest.mark.parametrize("name", sorted(STEPS))
def test_each_step_after_each_source(name: str, source: str) -> None:
    for k in range(3):
        steps = (
            Step(source, 0, 0, k),
            Step(name, 1, 0, k),
            Step(name, 0, 1, k),
            Step("mul", 2, 3, k),
        )
        claimed(Program(steps), (X,))


@pytest.mark.parametrize("inner", ["add", "dot", "mul", "rev"])
@pytest.mark.parametrize("name", sorted(LOOPS))
def test_each_loop(name: str, inner: str) -> None:
    for k in range(4):
        steps = Step("crop", 0, 0, k), Step(name, 1, 0, k, (Step(inner, 0, 1, k),))
        claimed(Program(steps), (X,))


def test_a_carry_that_starts_as_zeros_is_not_ones() -> None:
    inner = Step("basis", 0, 0, 1)
    claimed(Program((Step("zeros", 0, 0, 0), Step("scan_carry", 1, 0, 2, (inner,)))), (X,))


def test_claims_are_made() -> None:
    """The law would hold of an analysis that claims nothing."""
    assert claimed(Program((Step("zeros", 0, 0, 0), Step("mul", 0, 1, 0))), (X,)) >= 2 * X.size
    assert claimed(Program((Step("basis", 0, 0, 0), Step("dot", 1, 0, 1))), (X,)) > 0


@pytest.mark.parametrize(
    ("name", "primitive", "steps"),
    [
        ("a cosine is zero at zero", "cos", (Step("pad", 0, 0, 1), Step("cos", 1, 0, 0))),
        ("a sum meets", "add", (Step("pad", 0, 0, 1), Step("add", 1, 0, 0))),
    ],
)
def test_the_law_fails_for_a_wrong_rule(
    name: str, primitive: str, steps: tuple[Step, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.RULES, primitive, lambda step: (step.pattern(0),))
    with pytest.raises(AssertionError, match="is not zero outside"):
        claimed(Program(steps), (X,))


def test_the_law_fails_for_a_loop_that_is_not_iterated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpret, "_is_same", lambda before, after: True)
    program = Program((Step("crop", 0, 0, 0), Step("scan_carry", 1, 0, 0, (Step("rev", 0, 1, 0),))))
    with pytest.raises(AssertionError, match="is not zero outside"):
        claimed(program, (X,))


def test_runs_that_are_not_finite_are_not_looked_at() -> None:
    inlined = inline(Program((Step("tanh", 0, 0, 0),)).jaxpr)
    assert is_finite(evaluate(inlined, (X,)))
    assert not is_finite(evaluate(inlined, (np.full_like(X, np.nan),)))
