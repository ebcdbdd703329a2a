"""Primitives of libraries: what they are lowered by is what they run, and the rest is data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.extend.core as jex_core
import jax.numpy as jnp
import pytest
from jax.interpreters import mlir

from pytest_jaxcost import Cost, Report, cost_rule, measure
from pytest_jaxcost.cost.registry import RULES

M, V = jnp.eye(4) * 2 + 1, jnp.arange(4.0)


def solver(name: str, lowered: Callable[..., Any] | None = None) -> Any:
    """A linear solve as a library has it: the operator, a jaxpr, is among its static arguments."""
    made = jex_core.Primitive(name)
    made.def_abstract_eval(lambda v, static: v)
    if lowered is not None:
        mlir.register_lowering(made, mlir.lower_fun(lowered, multiple_results=False))
    return made


def jacobi(v: Any, static: Any) -> Any:
    """Ten steps to the solution, the operator applied in each."""
    (operator,) = static
    apply = jax.extend.core.jaxpr_as_fun(operator)
    return jax.lax.fori_loop(0, 10, lambda _, x: x - 0.1 * (apply(x)[0] - v), v)


opaque_solve = solver("opaque_solve")
jacobi_solve = solver("jacobi_solve", jacobi)
sine = solver("library_sine", lambda v, static: jax.lax.sin(v))


def read_everything(report: Report) -> None:
    str(report)
    assert report.to_dict()
    for kind in report.findings_kinds:
        assert report.findings(kind).all is not None
        assert report.findings(kind).from_jax is not None
    for phase in report.phases.values():
        assert phase.to_dict()


def solved(primitive: Any) -> Callable[..., Any]:
    def function(v: Any) -> Any:
        operator = jax.make_jaxpr(lambda y: jnp.tanh(y) + M @ y)(v)
        return primitive.bind(v, static=(operator,))

    return function


def test_a_jaxpr_among_static_arguments_does_not_run() -> None:
    report = measure(solved(opaque_solve), (V,))
    assert report.primitives == {"opaque_solve": 1}
    assert report.caveats[0].startswith("opaque_solve: its cost is unknown")
    read_everything(report)


def test_what_a_library_lowers_its_primitive_by_is_entered() -> None:
    def twin(v: Any) -> Any:
        return jacobi(v, [jax.make_jaxpr(lambda y: jnp.tanh(y) + M @ y)(v)])

    report, by_hand = measure(solved(jacobi_solve), (V,)), measure(twin, (V,))
    assert report.transcendentals == by_hand.transcendentals == 40
    assert report.flops == by_hand.flops
    assert report.executions == by_hand.executions
    assert report.exact
    assert report.primitives["jacobi_solve"] == 1  # a call site, like that of a jit
    read_everything(report)


def test_what_stands_inside_stands_at_the_call() -> None:
    def function(v: Any) -> Any:
        return sine.bind(v, static=()) + sine.bind(v, static=())

    (finding,) = measure(function, (V,)).duplicates
    assert finding.primitive == "sin"
    assert {each.function.rpartition(".")[2] for each in finding.places} == {"function"}


def test_a_cost_rule_is_heard_before_the_lowering() -> None:
    before = dict(RULES)
    try:
        cost_rule("jacobi_solve")(lambda _: Cost(flops=7, transcendentals=0, bytes_accessed=0))
        assert measure(solved(jacobi_solve), (V,)).flops == 7
    finally:
        RULES.clear()
        RULES.update(before)


@pytest.mark.parametrize("primitive", [opaque_solve, jacobi_solve])
def test_constants_of_a_trace_that_is_over(primitive: Any) -> None:
    """The operator closes over a tracer, which nobody can read once its trace is over."""

    def function(m: Any, v: Any) -> Any:
        static = (jax.make_jaxpr(lambda y: m @ y)(v),)
        return primitive.bind(v, static=static) + primitive.bind(jnp.sin(v), static=static)

    report = measure(function, (M, V))
    read_everything(report)
    assert report.primitives[primitive.name] == 2


def test_a_captured_reference() -> None:
    ref = jax.new_ref(jnp.zeros(3))

    def function(x: Any) -> Any:
        ref[...] = ref[...] + x
        return jnp.sin(ref[...]) * jnp.cos(x)

    report = measure(function, (jnp.ones(3),))
    assert report.transcendentals == 6
    read_everything(report)
    assert report.duplicates.eqns == 0


def test_a_captured_scalar_reference_bounds_a_loop() -> None:
    bound = jax.new_ref(jnp.int32(3))

    def function(x: Any) -> Any:
        return jax.lax.while_loop(lambda c: c[0] < bound[...], lambda c: (c[0] + 1, c[1] * 2), x)

    read_everything(measure(function, ((0, 1.0),)))
