"""Equal slices computed once: the program computes the same and costs what the better one does."""

from __future__ import annotations

from typing import Any

import jax
import pytest

from pytest_jaxcost.analyses.batch_invariants import Repeated, edit_of
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.written import Written, written
from pytest_jaxcost.flow.axis_rules import axes_of
from pytest_jaxcost.flow.constant_axes import constant_axes
from pytest_jaxcost.flow.repeats import occurrences
from pytest_jaxcost.ir.equation import Inlined
from tests.analyses.healthy_programs import HEALTHY
from tests.analyses.test_batch_invariants import NOISY
from tests.rewrite.narrowing import BY_SHAPE, require_same, rewritten, work, work_of


def equal_along(facts: Facts) -> list[Repeated]:
    """The equations that compute equal slices of what varies, and along which axes."""
    constant, found = constant_axes(facts.program), []
    for occurrence in occurrences(facts.program):
        equation = occurrence.equation
        if equation.outputs and not facts.is_bookkeeping(equation):
            first = equation.outputs[0]
            shape = facts.program.avals[first].shape
            axes = axes_of(constant[first])
            sizes = tuple((axis, shape[axis]) for axis in axes if shape[axis] > 1)
            if sizes and facts.given[first]:
                found.append(Repeated(occurrence, sizes))
    return found


def once(function: Any, args: Any) -> tuple[Inlined, Inlined, list[Written]]:
    facts = Facts(jax.make_jaxpr(function)(*args))
    found = [written(lambda each=each: [edit_of(each)]) for each in equal_along(facts)]
    edits = [edit for each in found for edit in each.edits]
    return facts.program, rewritten(facts.program, edits), found


@pytest.mark.parametrize("name", NOISY)
def test_it_costs_what_the_better_program_does(name: str) -> None:
    noisy = NOISY[name]
    before, after, found = once(noisy.program, noisy.args)
    assert found
    assert not any(each.no_edit for each in found)
    exactly = not any(equation.primitive in BY_SHAPE for _, equation in before.walk())
    require_same(before, after, noisy.args, exactly=exactly)
    assert work(after) == work_of(noisy.better, noisy.args)


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_programs_compute_the_same(name: str) -> None:
    """Also where equal slices are JAX's own, and no waste."""
    function, args = HEALTHY[name]
    before, after, found = once(function, args)
    if found:
        require_same(before, after, jax.tree.leaves(args), exactly=False)
        assert work(after) < work(before)
