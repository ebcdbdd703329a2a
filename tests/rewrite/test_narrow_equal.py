"""Equal slices computed once: the program computes the same and costs what the better one does."""

from __future__ import annotations

from typing import Any

import jax
import pytest

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.zero_edits import placed
from pytest_jaxcost.flow.axis_rules import axes_of
from pytest_jaxcost.flow.constant_axes import constant_axes
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir.equation import Inlined
from pytest_jaxcost.rewrite import narrow_equal
from tests.analyses.healthy_programs import HEALTHY
from tests.analyses.test_batch_invariants import NOISY
from tests.rewrite.narrowing import BY_SHAPE, require_same, rewritten, work, work_of


def equal_along(facts: Facts) -> list[tuple[Occurrence, list[tuple[int, int]]]]:
    """The equations that compute equal slices of what varies, and along which axes."""
    constant, found = constant_axes(facts.program), []
    for occurrence in occurrences(facts.program):
        equation = occurrence.equation
        if equation.outputs and not facts.is_bookkeeping(equation):
            first = equation.outputs[0]
            shape = facts.program.avals[first].shape
            sizes = [(axis, shape[axis]) for axis in axes_of(constant[first]) if shape[axis] > 1]
            if sizes and facts.given[first]:
                found.append((occurrence, sizes))
    return found


def once(function: Any, args: Any) -> tuple[Inlined, Inlined, list[Any]]:
    facts = Facts(jax.make_jaxpr(function)(*args))
    edits = [
        placed(occurrence, narrow_equal.once(occurrence.equation, [axis for axis, _ in sizes]))
        for occurrence, sizes in equal_along(facts)
    ]
    return facts.program, rewritten(facts.program, edits), edits


@pytest.mark.parametrize("name", NOISY)
def test_it_costs_what_the_better_program_does(name: str) -> None:
    noisy = NOISY[name]
    before, after, edits = once(noisy.program, noisy.args)
    assert edits
    assert not any(isinstance(edit, str) for edit in edits)
    exactly = not any(equation.primitive in BY_SHAPE for _, equation in before.walk())
    require_same(before, after, noisy.args, exactly=exactly)
    assert work(after) == work_of(noisy.better, noisy.args)


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_programs_compute_the_same(name: str) -> None:
    """Also where equal slices are JAX's own, and no waste."""
    function, args = HEALTHY[name]
    before, after, edits = once(function, args)
    if edits:
        require_same(before, after, jax.tree.leaves(args), exactly=False)
        assert work(after) < work(before)
