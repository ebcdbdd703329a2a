"""Work on zeros left out: the program computes the same and costs what a person's rewrite does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import pytest
from hypothesis import given, settings
from jax.extend.core import jaxpr_as_fun

from docs.examples import test_original_question as original
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.written import Written
from pytest_jaxcost.analyses.zero_edits import edits_of_zeros, step_of
from pytest_jaxcost.analyses.zero_hints import cause_of
from pytest_jaxcost.analyses.zeros import judged
from pytest_jaxcost.flow.repeats import occurrences
from pytest_jaxcost.flow.zeros.interpret import known_values
from pytest_jaxcost.flow.zeros.work import picking_work, zero_work
from pytest_jaxcost.ir.equation import Inlined
from pytest_jaxcost.rewrite import narrow_zeros
from pytest_jaxcost.rewrite.edits import Edit
from pytest_jaxcost.rewrite.rewriting import rewrite
from tests.analyses.test_zeros import NOISY, QUIET, N, array
from tests.analyses.test_zeros_apart import CASES
from tests.conftest import LAWS
from tests.flow import zero_programs
from tests.flow.zero_claims import is_finite
from tests.flow.zero_programs import LOOPS, STEPS, Program, Step, X
from tests.laws.evaluate import evaluate
from tests.rewrite.narrowing import BY_SHAPE, random, require_same, rewritten, work, work_of

Function = Callable[..., Any]


def counted_edits(facts: Facts) -> list[Edit]:
    """The edits of what is reported as waste."""
    found = judged(facts)
    return edits_in(edits_of_zeros(facts, found.known, found.counted))


def edits_in(found: Sequence[Written]) -> list[Edit]:
    return [edit for each in found for edit in each.edits]


def all_edits(facts: Facts) -> list[Edit]:
    """The edits of whatever works on zeros, waste or not."""
    known = known_values(facts.program)
    wasted = []
    for occurrence in occurrences(facts.program):
        step = step_of(facts, known, occurrence)
        if occurrence.equation.control is None and any(step.known):
            found = picking_work(step) or zero_work(step)
            if found is not None:
                wasted.append((occurrence, found, cause_of(found, occurrence.equation)))
    return edits_in(edits_of_zeros(facts, known, wasted))


def is_exact(program: Inlined) -> bool:
    return not any(equation.primitive in BY_SHAPE for _, equation in program.walk())


def require_edits(facts: Facts, edits: Sequence[Edit], args: Sequence[Any]) -> Inlined:
    edited = rewritten(facts.program, edits)
    require_same(facts.program, edited, args, exactly=is_exact(facts.program))
    return edited


# programs that a person rewrote

EXPLAINED = {
    # the diagonal is still made by a comparison, an addition and a selection
    "a diagonal": (3 * N * N, 0),
    # and so is the mask, by a comparison; what is under it is selected
    "a mask": (N + 8, 0),
}


@pytest.mark.parametrize("name", NOISY)
def test_it_costs_what_the_better_program_does(name: str) -> None:
    noisy = NOISY[name]
    jaxpr = jax.make_jaxpr(noisy.wasteful)(*noisy.args)
    facts = Facts(jaxpr)
    edited = require_edits(facts, counted_edits(facts), random(noisy.args))
    flops, transcendentals = work_of(noisy.better, noisy.args)
    more = EXPLAINED.get(name, (0, 0))
    assert work(edited) == (flops + more[0], transcendentals + more[1])


@pytest.mark.parametrize("name", NOISY)
def test_it_compiles_and_computes_the_same(name: str) -> None:
    noisy = NOISY[name]
    jaxpr = jax.make_jaxpr(noisy.wasteful)(*noisy.args)
    facts = Facts(jaxpr)
    edits = counted_edits(facts)
    compiled = jax.jit(jaxpr_as_fun(rewrite(facts.program, edits).jaxpr(jaxpr)))
    args = random(noisy.args)
    pairs = zip(jax.tree.leaves(noisy.wasteful(*args)), compiled(*args), strict=True)
    assert all(jax.numpy.allclose(one, other, rtol=1e-4, atol=1e-5) for one, other in pairs)


# what it costs more than one derivative for each argument, if nothing is computed twice in either
BESIDE = {
    # sums of cotangents that only padding parts, which are not counted
    "three outputs": 448,
    # the same, in a derivative for each output; here they are left out along with the others
    "outputs in a vector": -4352,
}


@pytest.mark.parametrize("name", CASES)
def test_it_costs_one_derivative_for_each_argument(name: str) -> None:
    """But for what several of them compute."""
    case = CASES[name]
    args = tuple(array(*shape) for shape in case.sizes)
    jaxpr = jax.make_jaxpr(case.jointly)(*args)
    facts = Facts(jaxpr)
    edits = counted_edits(facts)
    edited = rewrite(facts.program, edits)
    require_same(facts.program, edited.program, random(args), exactly=False)
    flops, transcendentals = work_once(jax.make_jaxpr(case.apart)(*args))
    assert work_once(edited.jaxpr(jaxpr)) == (flops + BESIDE.get(name, 0), transcendentals)


def work_once(jaxpr: Any) -> tuple[int, int]:
    """The flops and the transcendentals of what is live and repeats nothing."""
    facts = Facts(jaxpr)
    flops, transcendentals = work(facts.program)
    for occurrence in (each for repetition in facts.repetitions for each in repetition.again):
        cost = facts.cost(occurrence.equation)
        assert cost is not None
        flops -= cost.flops * occurrence.region.weight
        transcendentals -= cost.transcendentals * occurrence.region.weight
    return flops, transcendentals


def test_the_original_question() -> None:
    """One Jacobian for each argument costs as much, and `main` once more, with a rule of tanh."""
    args = original.params1, original.params2
    facts = Facts(jax.make_jaxpr(original.jointly)(*args))
    edited = require_edits(facts, counted_edits(facts), random(args))
    apart, main = work_of(original.one_by_one, args), work_of(original.main, args)
    again = apart[0] - work(edited)[0], apart[1] - work(edited)[1]
    one_minus_squares = again[0] - main[0], again[1] - main[1]
    assert one_minus_squares in ((16, 0), (3 * 16, 0))  # a primitive of its own in newer JAX
    assert work(edited) == work_once(jax.make_jaxpr(original.one_by_one)(*args))
    assert work(edited)[0] < 0.12 * work(facts.program)[0]


# programs of any kind


@pytest.mark.parametrize("name", QUIET)
def test_what_is_left_to_jax_can_be_left_out_too(name: str) -> None:
    function, args = QUIET[name]
    facts = Facts(jax.make_jaxpr(function)(*args))
    arrays = random([facts.program.avals[value] for value in facts.program.inputs])
    edits = all_edits(facts)
    if edits and is_finite(evaluate(facts.program, arrays)):
        require_same(facts.program, rewritten(facts.program, edits), arrays, exactly=False)


def finite(program: Program) -> Facts | None:
    facts = Facts(program.jaxpr)
    return facts if is_finite(evaluate(facts.program, (X,))) else None


def require_law(program: Program) -> int:
    """All edits of a program hold in a finite run; how many there are."""
    facts = finite(program)
    edits = [] if facts is None else all_edits(facts)
    if facts is not None and edits:
        require_edits(facts, edits, (X,))
    return len(edits)


@settings(LAWS, max_examples=60)
@given(zero_programs.programs)
def test_edits_hold(program: Program) -> None:
    require_law(program)


@pytest.mark.parametrize("source", ["basis", "pad", "zeros"])
@pytest.mark.parametrize("name", sorted(STEPS))
def test_each_step_after_each_source(name: str, source: str) -> None:
    steps = Step(source, 0, 0, 1), Step(name, 1, 0, 1), Step(name, 0, 1, 0), Step("mul", 2, 3, 0)
    require_law(Program(steps))


@pytest.mark.parametrize("inner", ["add", "dot", "mul", "rev"])
@pytest.mark.parametrize("name", sorted(LOOPS))
def test_each_loop(name: str, inner: str) -> None:
    steps = Step("crop", 0, 0, 1), Step(name, 1, 0, 1, (Step(inner, 0, 1, 1),))
    require_law(Program(steps))


def test_there_are_edits() -> None:
    """The law would hold of no edits at all."""
    assert require_law(Program((Step("pad", 0, 0, 1), Step("tanh", 1, 0, 0)))) == 1
    assert require_law(Program((Step("basis", 0, 0, 0), Step("dot", 1, 0, 1)))) >= 1


def test_the_law_fails_for_a_wrong_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that leaves out the first position of those that are wanted."""

    def too_few(step: Any, found: Any) -> Any:
        wanted = narrow_zeros._of_results(step, found)
        return {x: ((spans[0][0] + 1, spans[-1][1]),) for x, spans in wanted.items()}

    program = Program((Step("pad", 0, 0, 1), Step("tanh", 1, 0, 0)))
    require_law(program)
    monkeypatch.setattr(narrow_zeros, "wanted_positions", too_few)
    with pytest.raises(AssertionError):
        require_law(program)
