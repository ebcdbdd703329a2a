"""Without loops and branches nothing is overlooked: MLIR finds no more after our merging.

MLIR's ``cse`` merges operations that are alike down to the order of their operands, and its
``inline`` enters calls. It is run on what remains when equations are merged by value number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
import jax.interpreters.partial_eval as pe
from hypothesis import given
from jaxlib.mlir.passmanager import PassManager

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.live import is_live
from tests.laws.evaluate import bind
from tests.laws.programs import ARGS, Body, Program, Step, straight_lines

MOVES = frozenset(
    {
        "broadcast_in_dim",
        "concatenate",
        "constant",
        "convert",
        "iota",
        "reshape",
        "return",  # ends the computation of a reduction
        "slice",
        "transpose",
    }
)
"""StableHLO operations that compute nothing."""


def rebuilt(facts: Facts, *, merge: bool) -> Callable[..., Any]:
    """The live equations of a straight line as a function, each value computed once if `merge`."""
    program = facts.program
    names = facts.numbers if merge else range(len(program.avals))

    def function(*args: Any) -> Any:
        known = {
            names[value]: content.val if isinstance(content, _compat.Literal) else content
            for value, content in program.constants.items()
        }
        known.update((names[value], arg) for value, arg in zip(program.inputs, args, strict=True))
        for equation in program.main.equations:
            outputs = [names[value] for value in equation.outputs]
            if is_live(equation, facts.live) and outputs[0] not in known:
                operands = [known[names[value]] for value in equation.inputs]
                known.update(zip(outputs, bind(equation.eqn, operands), strict=True))
        return [known[names[value]] for value in program.main.results]

    return function


def removed(function: Callable[..., Any]) -> Counter[str]:
    """The work that MLIR removes, as StableHLO operations."""
    module = jax.jit(function).lower(*ARGS).compiler_ir("stablehlo")
    counts = []
    for passes in ("inline{default-pipeline=}", "cse"):  # inlining would simplify as well
        with module.context:
            PassManager.parse(f"builtin.module({passes})").run(module.operation)
        names = re.findall(r"stablehlo\.(\w+)", str(module))
        counts.append(Counter(name for name in names if name not in MOVES))
    before, after = counts
    return before - after


@given(straight_lines)
def test_mlir_finds_nothing_more_to_merge(program: Program) -> None:
    facts = Facts(program.jaxpr)
    assert not any(equation.control for equation in facts.program.main.equations)
    assert removed(rebuilt(facts, merge=True)) == {}


@given(straight_lines)
def test_what_mlir_merges_is_repeated(program: Program) -> None:
    facts = Facts(program.jaxpr)
    merged_by_mlir = removed(rebuilt(facts, merge=False)).total()
    assert sum(len(repetition.again) for repetition in facts.repetitions) >= merged_by_mlir


@given(straight_lines)
def test_jax_finds_the_same_equations_dead(program: Program) -> None:
    jaxpr = program.jaxpr
    facts = Facts(jaxpr)
    live = [e for e in facts.program.main.equations if is_live(e, facts.live)]
    kept, _ = pe.dce_jaxpr(_compat.open_jaxpr(jaxpr)[0], [True] * len(jaxpr.out_avals))
    assert len(live) == _leaves(kept)


def _leaves(jaxpr: Any) -> int:
    inner = [
        [_compat.open_jaxpr(v)[0] for v in eqn.params.values() if _compat.is_jaxpr(v)]
        for eqn in jaxpr.eqns
    ]
    return sum(sum(map(_leaves, bodies)) if bodies else 1 for bodies in inner)


def test_mlir_finds_what_is_not_merged() -> None:
    helper = Body((Step("tanh", 0, 0), Step("mul", 2, 1)), 3)
    steps = (Step("helper", 0, 1), Step("helper", 0, 1), Step("commuted_mul", 2, 3))
    facts = Facts(Program(Body(steps, 4), (helper,)).jaxpr)
    assert removed(rebuilt(facts, merge=False)) == {"tanh": 1, "multiply": 1}
    assert removed(rebuilt(facts, merge=True)) == {}
