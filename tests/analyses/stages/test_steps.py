"""What changes at each step: the changes add up, and each says what is true of its program."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.interpreters import partial_eval as pe

from pytest_jaxcost import measure
from pytest_jaxcost._compat import open_jaxpr
from pytest_jaxcost.analyses.stages import compiling as compiling_module
from pytest_jaxcost.report.stages import CHANGING, Change, Stages, Step
from tests.benchmarks.programs import nested_jits, transformer_gradient
from tests.hlo.programs import PROGRAMS

X = jax.ShapeDtypeStruct((8, 8), jnp.float32)
V = jax.ShapeDtypeStruct((64,), jnp.float32)

MANY = sorted(PROGRAMS)[::9]
SOME = (
    *("grad_switch", "cond_in_scan", "grad_newton_root", "grad_conjugate_gradient", "vmap_while"),
    *("random_permutation", "ragged_dot", "grad_transformer_blocks", "linalg_lu", "while_unknown"),
)
NOT_EXPLAINED = {"rng_uniform": "the compiler writes its generator without a name"}
"""Programs of which a part is not explained, and why; of every other one all is."""


def add_up(stages: Stages) -> None:
    """Assert that the changes of both steps sum to the differences of the columns."""
    columns = {stage.name: stage for stage in stages.columns}
    assert [(step.before, step.after) for step in stages.steps] == [
        ("traced", "lowered"),
        ("lowered", "compiled"),
    ]
    for step in stages.steps:
        for amount in CHANGING:
            before, after = (getattr(columns[name], amount) for name in (step.before, step.after))
            assert step.total(amount) == after - before, (step.before, amount)


@pytest.mark.parametrize("name", sorted({*MANY, *SOME}))
def test_the_changes_add_up(name: str) -> None:
    stages = measure(PROGRAMS[name].function, PROGRAMS[name].avals).stages()
    add_up(stages)
    if name not in NOT_EXPLAINED:
        assert [step.unexplained.flops for step in stages.steps] == [0, 0]


def test_many_programs_are_tested() -> None:
    assert len({*MANY, *SOME}) >= 40


def test_the_changes_of_a_transformer_gradient_add_up() -> None:
    gradient, args = transformer_gradient(1)
    stages = measure(gradient, args).stages()
    add_up(stages)
    assert [step.unexplained.flops for step in stages.steps] == [0, 0]
    assert found(stages.steps[0], "dead").instructions < 0


def test_nested_calls_are_not_written_out_to_be_counted() -> None:
    function, args = nested_jits(8)
    stages = measure(function, args).stages()
    add_up(stages)
    assert found(stages.steps[0], "shared").instructions < 0


def found(step: Step, kind: str) -> Change:
    """The changes of one kind, of which there is at most one; an empty one where there is none."""
    changes = [each for each in step.changes if each.kind == kind]
    assert len(changes) <= 1
    return changes[0] if changes else Change(kind=kind, what="")


def steps(function: Any, *args: Any) -> tuple[Step, Step]:
    stages = measure(function, args).stages()
    add_up(stages)
    first, second = stages.steps
    return first, second


def test_dead_equations_are_those_that_jax_drops() -> None:
    function = jax.grad(lambda x: jnp.sum(jnp.sin(x) * jnp.tanh(x)))
    jaxpr = jax.make_jaxpr(function)(V)
    kept, _ = pe.dce_jaxpr(open_jaxpr(jaxpr)[0], [True])
    dropped = len(open_jaxpr(jaxpr)[0].eqns) - len(kept.eqns)
    dead = found(steps(function, V)[0], "dead")
    assert dead.instructions == -dropped < 0
    assert dead.what.startswith("dead equations dropped: ")


def test_a_live_program_drops_nothing() -> None:
    assert found(steps(lambda x: jnp.sin(x) * 2, V)[0], "dead").instructions == 0


def sines(x: Any) -> Any:
    return jnp.sin(x) @ x + jnp.exp(jnp.sin(x)) @ x


def one_sine(x: Any) -> Any:
    y = jnp.sin(x)
    return y @ x + jnp.exp(y) @ x


def test_what_is_computed_twice_is_merged() -> None:
    merged = found(steps(sines, X)[1], "merged")
    assert (merged.instructions, merged.transcendentals) == (-1, -64)
    assert merged.what == "merged with an equal one: sine 1"
    assert found(steps(one_sine, X)[1], "merged").instructions == 0


def test_what_fusions_compute_again_is_the_compilers() -> None:
    def shared(x: Any, i: Any) -> Any:
        y = jnp.sin(x) * 2
        return [jnp.sum(y[i]), jnp.max(y), jnp.sum(y[::2] * 3), jnp.cumsum(y)]

    args = (V, jax.ShapeDtypeStruct((8,), jnp.int32))
    report = measure(shared, args)
    change = found(report.stages().steps[1], "copied")
    add_up(report.stages())
    sines = report.compiled.ops["sine"] - 1
    assert change.transcendentals >= 0
    assert (change.transcendentals > 0) == (sines > 0)


def test_a_loop_is_counted_by_instructions_that_were_not_traced() -> None:
    first, _ = steps(lambda x: lax.scan(lambda c, _: (jnp.sin(c), None), x, None, length=9)[0], V)
    counters = found(first, "counters")
    assert (counters.instructions, counters.flops) == (2, 9 + 10)  # an add; a compare more
    first, _ = steps(lambda x: lax.while_loop(lambda c: c[0] < 1, jnp.sin, x), V)
    assert found(first, "counters").instructions == 0


def test_a_function_that_is_called_often_is_lowered_once() -> None:
    helper = jax.jit(lambda x: jnp.sin(x) * jnp.cos(x) + 1)

    def calls(x: Any) -> Any:
        return helper(x) @ helper(x + 1) @ helper(x * 2)

    shared = found(steps(calls, X)[0], "shared")
    assert shared.what == "1 functions lowered once, called 3 times"
    assert shared.instructions < 0
    assert found(steps(helper, X)[0], "shared").instructions == 0


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)], ids=str)
def test_a_captured_array_of_one_element_is_a_number(shape: tuple[int, ...]) -> None:
    one = np.ones(shape, "float32")
    stages = measure(lambda x: jnp.sin(x) / one, (V,)).stages()
    add_up(stages)
    assert stages.steps[0].unexplained.flops == 0


def test_random_bits_become_many_instructions() -> None:
    key = jax.eval_shape(lambda: jax.random.key_data(jax.random.key(0)))
    first, _ = steps(lambda k: jax.random.bits(jax.random.wrap_key_data(k), (4,)), key)
    (bits,) = [each for each in first.changes if each.what.startswith("random_bits 1 -> ")]
    assert bits.instructions > 20


def test_a_library_call_is_named() -> None:
    first, _ = steps(lambda x: jnp.linalg.eigh(x)[0], X)
    (call,) = [each for each in first.changes if each.what.startswith("eigh 1 -> ")]
    assert call.what.endswith("(its work is not known)")


def test_programs_that_are_too_large_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling_module, "MOST", 3)
    _, second = steps(sines, X)
    (change,) = second.changes
    assert change == second.unexplained
    assert change.what == compiling_module.TOO_LARGE
