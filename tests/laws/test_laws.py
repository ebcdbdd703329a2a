"""Random programs: facts about values hold of the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given

from pytest_jaxcost.analyses import ANALYSES
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow import numbers as numbering
from pytest_jaxcost.flow.numbers import value_numbers
from pytest_jaxcost.flow.repeats import occurrences
from pytest_jaxcost.ir.inline import inline
from pytest_jaxcost.report.records import Findings
from tests.laws.evaluate import bits, evaluate, reference
from tests.laws.laws import is_dead, merged, require_equal_values
from tests.laws.programs import ARGS, HIGHER, Body, Program, Step, programs

OTHER_ARGS = (np.float32([-1.0, 3.5, 0.0]), np.float32([2.5, -0.0, -4.0]))


@given(programs)
def test_the_inlined_program_computes_what_the_jaxpr_computes(program: Program) -> None:
    jaxpr = program.jaxpr
    inlined = inline(jaxpr)
    for args in (ARGS, OTHER_ARGS):
        results = evaluate(inlined, args).results
        assert [*map(bits, results)] == [*map(bits, reference(jaxpr, args))]


@pytest.mark.parametrize("name", sorted(HIGHER))
def test_the_reference_computes_what_jit_computes(name: str) -> None:
    inner = Body((Step("sin", 0, 1), Step("mul", 2, 1), Step("tanh", 3, 0)), 4)
    program = Program(Body((Step(name, 0, 1, inner), Step(name, 2, 0, inner)), 3))
    expected = jax.jit(lambda a, b: program(a, b))(*ARGS)
    require_close(reference(program.jaxpr, ARGS), expected)


def test_the_reference_computes_what_jit_computes_of_a_batched_while() -> None:
    inner = Body((Step("while_data", 0, 0, Body((Step("add_half", 0, 0),), 2)),), 2)
    program = Program(Body((Step("vmap", 0, 1, inner),), 2))
    # the second example of the batch goes on for longer than the first
    args = (np.float32([1.0, 2.0, 3.0]), np.float32([2.0, 1.0, 0.0]))
    expected = jax.jit(lambda a, b: program(a, b))(*args)
    require_close(reference(program.jaxpr, args), expected)


def require_close(results: Sequence[Any], expected: Sequence[Any]) -> None:
    """Compiled as a whole, operations are fused and rounded once: equal but for that."""
    for result, want in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, want, rtol=1e-5, atol=1e-6)


@given(programs)
def test_values_with_equal_numbers_are_equal(program: Program) -> None:
    inlined = inline(program.jaxpr)
    numbers = value_numbers(inlined)
    for args in (ARGS, OTHER_ARGS):
        require_equal_values(inlined, numbers, evaluate(inlined, args))


@given(programs)
def test_merging_duplicates_and_deleting_dead_equations_changes_nothing(program: Program) -> None:
    jaxpr = program.jaxpr
    facts = Facts(jaxpr)
    for args in (ARGS, OTHER_ARGS):
        assert [*map(bits, merged(facts, args))] == [*map(bits, reference(jaxpr, args))]


@given(programs)
def test_findings_are_all_of_the_repetitions_and_dead_equations(program: Program) -> None:
    facts = Facts(program.jaxpr)
    unused = [o for o in occurrences(facts.program) if is_dead(facts, o.equation)]
    assert _listed(ANALYSES["dead"](facts)) == len(unused)
    listed = _listed(ANALYSES["duplicates"](facts)) + _listed(ANALYSES["key_reuse"](facts))
    again = sum(len(repetition.again) for repetition in facts.repetitions)
    # of a repeated draw the shaping of its bits is not listed
    assert listed == again or (listed < again and ANALYSES["key_reuse"](facts).count)


def _listed(findings: Findings) -> int:
    return sum(finding.count for finding in (*findings.all, *findings.from_jax.all))


def _program(*steps: Step) -> Program:
    return Program(Body(steps, len(steps) + 1))


_SIN_TIMES_SIN = Body((Step("sin", 0, 0), Step("sin", 1, 1), Step("mul", 2, 3)), 4)

MUTANTS = {
    "sub commutes": (
        {"COMMUTATIVE": numbering.COMMUTATIVE | {"sub"}},
        _program(Step("sub", 0, 1), Step("sub", 1, 0), Step("mul", 2, 3)),
    ),
    "parameters do not matter": (
        {"_Numbering.params": lambda self, eqn: self.of(("primitive", eqn.primitive.name))},
        _program(Step("concatenate", 0, 1), Step("concatenate_low", 0, 1), Step("mul", 2, 3)),
    ),
    "nested loops are alike": (
        {"_heights": lambda program: _Everywhere()},
        _program(
            Step(
                "scan_pairs",
                0,
                1,
                Body((Step("sin", 0, 0), Step("sin", 1, 1), Step("mul", 2, 3)), 4),
            )
        ),
    ),
    "zeros are alike": (
        {
            "keys.literal_key": lambda literal: (
                "literal",
                str(literal.aval.dtype),
                float(literal.val),
            )
        },
        _program(Step("zero", 0, 1), Step("negative_zero", 0, 1), Step("add", 2, 3)),
    ),
}


class _Everywhere(dict[int, int]):
    def __missing__(self, key: int) -> int:
        return 1


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_law_of_numbers_fails_for_wrong_numbers(
    mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, program = MUTANTS[mutant]
    inlined = inline(program.jaxpr)
    run = evaluate(inlined, ARGS)
    require_equal_values(inlined, value_numbers(inlined), run)
    for path, wrong in changes.items():
        monkeypatch.setattr(f"{numbering.__name__}.{path}", wrong)
    with pytest.raises(AssertionError, match="have one number and differ"):
        require_equal_values(inlined, value_numbers(inlined), run)


def test_the_law_of_merging_fails_for_a_wrong_repetition() -> None:
    twice = Step("sin", 0, 0), Step("sin", 0, 0), Step("mul", 2, 3), Step("cos", 4, 4)
    facts = Facts(_program(*twice).jaxpr)
    (repetition,) = facts.repetitions
    expected = [*map(bits, reference(facts.jaxpr, ARGS))]
    assert [*map(bits, merged(facts, ARGS))] == expected
    cos = next(o for o in occurrences(facts.program) if o.equation.primitive == "cos")
    facts.repetitions[:] = [repetition._replace(again=(cos,))]
    assert [*map(bits, merged(facts, ARGS))] != expected


def test_the_law_of_deleting_fails_for_a_wrong_liveness() -> None:
    facts = Facts(_program(Step("sin", 0, 0), Step("cos", 2, 2)).jaxpr)
    sin = next(o for o in occurrences(facts.program) if o.equation.primitive == "sin")
    for value in sin.equation.outputs:
        facts.live[value] = 0
    with pytest.raises(LookupError, match="is read and was not computed"):
        merged(facts, ARGS)
