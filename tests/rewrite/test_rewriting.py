"""Programs without their waste compute what they computed, equation by equation, bit by bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.merging import merges
from pytest_jaxcost.flow.repeats import occurrences
from pytest_jaxcost.ir.inline import inline
from pytest_jaxcost.rewrite.edits import Edit, Hoist, Merge, Replace
from pytest_jaxcost.rewrite.finish import CIRCLE
from pytest_jaxcost.rewrite.rewriting import Rewritten, rewrite
from tests.laws.evaluate import bits, evaluate, reference
from tests.laws.programs import ARGS, Body, Program, Step, programs

OTHER_ARGS = (np.float32([-1.0, 3.5, 0.0]), np.float32([2.5, -0.0, -4.0]))


def every_edit(facts: Facts) -> list[Edit]:
    """All repetitions merged and all invariants hoisted, whoever made them."""
    edits = [edit for each in facts.repetitions for edit in merges(facts, each)]
    found = facts.invariance
    for occurrence in occurrences(facts.program) if found is not None else ():
        loops = found.unchanged(*occurrence) if found.nests[id(occurrence.region)] else ()
        if loops and occurrence.equation.outputs:
            edits.append(Hoist(occurrence.equation.outputs, loops))
    return edits


def require_same_results(jaxpr: Any, rewritten: Rewritten, args: Sequence[Any]) -> None:
    """The program's records and the jaxpr that is written give the results of the original."""
    expected = [*map(bits, reference(jaxpr, args))]
    assert [*map(bits, evaluate(rewritten.program, args).results)] == expected
    assert [*map(bits, reference(rewritten.jaxpr(jaxpr), args))] == expected


@given(programs)
def test_a_program_written_down_again_computes_the_same(program: Program) -> None:
    jaxpr = program.jaxpr
    rewritten = rewrite(inline(jaxpr), [])
    for args in (ARGS, OTHER_ARGS):
        require_same_results(jaxpr, rewritten, args)


@given(programs)
def test_a_program_without_repetitions_and_invariants_computes_the_same(program: Program) -> None:
    jaxpr = program.jaxpr
    facts = Facts(jaxpr)
    rewritten = rewrite(facts.program, every_edit(facts))
    for args in (ARGS, OTHER_ARGS):
        require_same_results(jaxpr, rewritten, args)


@given(programs)
def test_the_jaxpr_costs_what_the_records_cost(program: Program) -> None:
    facts = Facts(program.jaxpr)
    rewritten = rewrite(facts.program, every_edit(facts))
    records, again = facts.about(rewritten.program), Facts(rewritten.jaxpr(program.jaxpr))
    assert again.totals.flops == records.totals.flops
    assert again.totals.transcendentals == records.totals.transcendentals
    assert again.totals.flops <= facts.totals.flops


def test_an_edit_that_closes_a_circle_is_refused() -> None:
    """Each of two values is to be computed from the other."""
    facts = Facts(jax.make_jaxpr(lambda x: (jnp.sin(x), jnp.cos(x), jnp.tan(x)))(ARGS[0]))
    main, (sine, cosine, tangent) = facts.program.main, facts.program.main.results
    edits = [
        Replace(main, (tangent,), (sine, cosine), lambda s, c: [s / c]),
        Replace(main, (sine,), (cosine,), lambda c: [jnp.sqrt(1 - c * c)]),
        Replace(main, (cosine,), (sine,), lambda s: [jnp.sqrt(1 - s * s)]),
        Replace(main, (cosine,), (sine,), lambda s: [1 - s]),
    ]
    rewritten = rewrite(facts.program, edits)
    assert rewritten.refused == {2: CIRCLE, 3: CIRCLE}
    assert rewrite(facts.program, edits[:2]).refused == {}
    x = np.float32([0.5, 1.0])
    sine, cosine, tangent = evaluate(rewritten.program, [x]).results
    assert np.allclose((sine, cosine, tangent), (np.sin(x), np.cos(x), np.tan(x)))


@pytest.mark.parametrize("wrong", ["merge", "hoist"])
def test_a_wrong_edit_breaks_the_law(wrong: str) -> None:
    body = Body((Step("sin", 0, 0), Step("cos", 1, 1), Step("mul", 2, 3)), 4)
    program = Program(Body((Step("scan_slices", 0, 1, body),), 2))
    facts = Facts(program.jaxpr)
    region, sin = next(o for o in occurrences(facts.program) if o.equation.primitive == "sin")
    _, cos = next(o for o in occurrences(facts.program) if o.equation.primitive == "cos")
    edit = Merge(sin.outputs, cos.outputs) if wrong == "merge" else Hoist(sin.outputs, (region,))
    rewritten = rewrite(facts.program, [edit])
    if wrong == "hoist":
        assert "changes in the loop" in rewritten.refused[0]
    else:
        with pytest.raises(AssertionError):
            require_same_results(program.jaxpr, rewritten, ARGS)
