"""What changes at each step: the changes add up, and are those of what JAX and XLA print."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax
from jax.interpreters import partial_eval as pe

from pytest_jaxcost import measure
from pytest_jaxcost._compat import open_jaxpr
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.stages import stages
from pytest_jaxcost.analyses.stages.changes import MOST, StagePart, changes, primitive
from pytest_jaxcost.compiled import Compiled
from pytest_jaxcost.hlo import read
from pytest_jaxcost.lowered import Lowered
from pytest_jaxcost.report.stages import CHANGING, OTHER, Change, Stages, Step
from tests.benchmarks.programs import nested_jits, transformer_gradient
from tests.hlo.programs import PROGRAMS
from tests.hlo.texts import compiled

X = jax.ShapeDtypeStruct((8, 8), jnp.float32)
V = jax.ShapeDtypeStruct((64,), jnp.float32)


def add_up(found: Stages) -> None:
    """Assert that the changes of both steps sum to the differences of the columns."""
    columns = {stage.name: stage for stage in found.columns}
    names = [(step.before, step.after) for step in found.steps]
    assert names == [("traced", "lowered"), ("lowered", "compiled")]
    for step in found.steps:
        for amount in CHANGING:
            before, after = (getattr(columns[name], amount) for name in (step.before, step.after))
            assert total(step.changes, amount) == after - before, (step.before, amount)


def total(found: tuple[Change, ...], amount: str) -> int:
    return sum(getattr(each, amount) for each in found)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_changes_add_up(name: str) -> None:
    traced = jax.jit(PROGRAMS[name].function).trace(*PROGRAMS[name].avals)
    lowered = Lowered(traced.lower())
    add_up(stages(name, {}, Facts(traced.jaxpr), lowered, Compiled(compiled(name))))


def test_the_changes_of_larger_programs_add_up() -> None:
    for function, args in (transformer_gradient(1), nested_jits(8)):
        add_up(measure(function, args).stages())


def steps(function: Any, *args: Any) -> tuple[Step, Step]:
    found = measure(function, args).stages()
    add_up(found)
    first, second = found.steps
    return first, second


def amounts(step: Step) -> dict[str, tuple[int, ...]]:
    return {each.what: tuple(getattr(each, name) for name in CHANGING) for each in step.changes}


def features(x: Any) -> Any:
    return jnp.sin(x @ x)


def model(x: Any) -> Any:
    unused = jnp.tanh(x) @ x  # noqa: F841
    return features(x) @ jnp.exp(features(x))


def test_what_nothing_uses_is_not_lowered() -> None:
    """What is dead is an equation without flops, so that nothing else is missing then."""
    first, _ = steps(model, X)
    assert amounts(first) == {OTHER: (-1, 0, 0, 0)}  # two equations less, and the parameter


def test_dead_equations_are_those_that_jax_drops() -> None:
    jaxpr = open_jaxpr(jax.make_jaxpr(model)(X))[0]
    kept, _ = pe.dce_jaxpr(jaxpr, [True])
    dropped = names(jaxpr) - names(kept)
    assert dropped
    first = steps(model, X)[0]
    assert sum(each.flops + each.transcendentals for each in first.changes) == 0


def names(jaxpr: Any) -> Counter[str]:
    return Counter(eqn.primitive.name for eqn in jaxpr.eqns)


REDUCING = ("add", "maximum")
"""What also stands in the functions of scalars that a reduction applies."""


@pytest.mark.parametrize("name", ["grad_mlp", "scan", "nn_silu", "grad_transformer_blocks"])
def test_opcodes_stand_as_often_in_the_texts_of_the_compiler(name: str) -> None:
    program = PROGRAMS[name]
    lowered = jax.jit(program.function).lower(*program.avals)
    texts = [lowered.as_text("hlo"), compiled(name).as_text()]
    _, second = steps(program.function, *program.avals)
    rows = [each for each in second.changes if each.operation not in {*REDUCING, OTHER}]
    assert len(rows) > 1
    for each in rows:
        counts = (len(re.findall(rf" {each.operation}\(", text)) for text in texts)
        assert each.what == "{} {} -> {}".format(each.operation, *counts)


def test_what_the_compiler_merges_is_gone() -> None:
    """The two products of one matrix with itself are one."""
    _, second = steps(model, X)
    dot = next(each for each in second.changes if each.operation == "dot")
    assert (dot.what, dot.instructions, dot.flops) == ("dot 3 -> 2", -1, -2 * 8**3)
    _, second = steps(lambda x: jnp.sin(x @ x) @ x, X)
    assert "dot" not in {each.operation for each in second.changes if each.flops}


def test_a_function_that_is_called_often_is_lowered_once_and_costs_the_same() -> None:
    helper = jax.jit(lambda x: jnp.sin(jnp.cos(jnp.tanh(jnp.exp(jnp.sin(x))))))
    first, _ = steps(lambda x: helper(helper(helper(helper(x)))), X)
    (rest,) = first.changes
    assert (rest.flops, rest.transcendentals, rest.bytes_accessed) == (0, 0, 0)
    assert rest.instructions == 5 - 4 * 5 + 4 + 2  # calls and parameters


def test_what_counts_a_loop_was_not_traced() -> None:
    """One addition an iteration, and one comparison more."""
    first, _ = steps(lambda x: lax.scan(lambda c, _: (jnp.sin(c), None), x, None, length=9)[0], V)
    assert total(first.changes, "flops") == 9 + 10


def test_a_compiler_that_shows_nothing_leaves_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax.stages.Compiled, "as_text", lambda *_, **__: None)
    (step,) = measure(model, (X,)).stages().steps
    assert (step.before, step.after) == ("traced", "lowered")


def part(operation: str, opcode: str, flops: int = 0, moved: int = 0) -> StagePart:
    return StagePart(operation, opcode, (1, flops, 0, moved))


WHOLE = dict.fromkeys(CHANGING, 1000)


def said(before: list[StagePart], after: list[StagePart]) -> list[str]:
    return [each.what for each in changes(before, after, WHOLE)]


def test_what_a_row_says() -> None:
    one = part("f", "f")
    assert said([one, one], [part("f", "dot", 10)]) == ["f 2 -> dot 1"]
    assert said([one], [part("f", "f", 10)]) == ["f 1 -> 1"]
    assert said([part("f", "f", 10)], []) == ["f 1 -> 0"]
    assert said([], [part("f", "dot", 10)] * 2) == ["f 0 -> dot 2"]
    few = [*[part("f", "add", 9, 1)] * 2, part("f", "tan", 9, 8), part("f", "xor", 9, 4)]
    assert said([one], few) == ["f 1 -> tan 1, xor 1, add 2"]
    assert said([one], [*few, part("f", "or")]) == ["f 1 -> tan 1, xor 1, add 2, ... of 5"]


def test_small_changes_and_what_has_no_name_are_summed() -> None:
    """A hundredth of the larger column has a row; flops, transcendentals and bytes are weighed."""
    assert said([], [part("f", "f", 10)]) == ["f 0 -> 1"]
    assert said([], [part("f", "f", 0, 10)]) == ["f 0 -> 1"]
    assert said([], [part("f", "f", 9)] * 1) == [OTHER]
    assert said([], [part("f", "f", 0)] * 99) == [OTHER]
    assert said([], [part(OTHER, "f", 999)]) == [OTHER]
    assert said([part("f", "f", 999)], [part("f", "g", 999)]) == []
    (rest,) = changes([part("f", "f", 9)], [part("g", "g", 3), part(OTHER, "h", 2)], WHOLE)
    assert rest == Change(operation=OTHER, what=OTHER, instructions=1, flops=-4)


def test_the_biggest_changes_are_first() -> None:
    many = [part(f"f{n}", "f", 10 * n) for n in range(1, MOST + 3)]
    found = changes([], many, WHOLE)
    assert [each.flops for each in found] == [*range(10 * MOST + 20, 20, -10), 10 + 20]
    assert found[-1].operation == OTHER


def test_an_instruction_of_several_primitives_is_of_one_that_was_traced() -> None:
    text = """HloModule m
ENTRY main.1 {{
  ROOT p.1 = f32[] parameter(0){}
}}
"""

    def named(metadata: str) -> str:
        root = read(text.format(metadata)).computations["main.1"].root
        return primitive(root, {"sin", "mul"})

    assert named(', metadata={op_name="jit(f)/neg;jit(f)/while/body/mul;jit(f)/sin"}') == "mul"
    assert named(', metadata={op_name="jit(f)/neg;jit(f)/xor"}') == "neg"
    assert named(', metadata={op_name="jit(f)/"}') == OTHER
    assert named("") == OTHER
