"""What cannot be priced is unknown and says why; what is too low says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax
from jax.extend import core
from jax.interpreters import mlir

from pytest_jaxcost.cost.caveats import caveat
from pytest_jaxcost.cost.price import price
from pytest_jaxcost.cost.record import Cost
from tests.cost.equations import equation

X = jax.ShapeDtypeStruct((3, 7), "float32")
SCALAR = jax.ShapeDtypeStruct((), "float32")
LOOP = "the length of a loop inside it depends on data; one iteration is counted"


def primitive(name: str) -> Any:
    """A primitive of somebody else's, whose result is like its operand."""
    made = core.Primitive(name)
    made.def_abstract_eval(lambda x, **_: x)
    return made


def lowered(name: str, function: Callable[..., Any]) -> Any:
    made = primitive(name)
    mlir.register_lowering(made, mlir.lower_fun(function, multiple_results=False))
    return made


def test_an_unknown_primitive_is_priced_by_its_lowering() -> None:
    made = lowered("two_sines", lambda x: jnp.sin(jnp.sin(x)) * 3)
    eqn = equation("two_sines", made.bind, X)
    cost = Cost(flops=21, transcendentals=42, bytes_accessed=2 * 4 * 21)
    assert price(eqn) == cost
    assert caveat(eqn, cost) is None


def test_parameters_and_types_are_part_of_the_question() -> None:
    made = lowered("power", lambda x, *, n: lax.integer_pow(x, n))
    prices = [
        price(
            equation("power", lambda x, n=n: made.bind(x, n=n), jax.ShapeDtypeStruct(shape, dtype))
        )
        for n, shape, dtype in [(2, (4,), "float32"), (8, (4,), "float32"), (2, (5,), "int32")]
    ]
    assert [cost and cost.flops for cost in prices] == [4, 12, 5]


def test_a_loop_inside_is_counted_once_and_says_so() -> None:
    made = lowered(
        "halve_until_small", lambda x: lax.while_loop(lambda y: y[0, 0] > 1, lambda y: y / 2, x)
    )
    eqn = equation("halve_until_small", made.bind, X)
    cost = price(eqn)
    assert cost is not None
    assert cost.flops == 1 + 21
    assert caveat(eqn, cost) == LOOP


@pytest.mark.parametrize("function", [lax.igamma, lax.igammac])
def test_incomplete_gamma_is_a_lower_bound(function: Callable[..., Any]) -> None:
    eqn = equation(function.__name__, function, X, X)
    cost = price(eqn)
    assert cost is not None
    assert cost.flops > 21
    assert caveat(eqn, cost) == LOOP


@pytest.mark.parametrize("function", [lax.sin, lax.asinh, lax.erf_inv])
def test_what_has_no_loop_is_exact(function: Callable[..., Any]) -> None:
    eqn = equation(function.__name__, function, X)
    assert caveat(eqn, price(eqn)) is None


def test_a_primitive_that_nobody_can_lower_is_opaque() -> None:
    eqn = equation("nobody_knows", primitive("nobody_knows").bind, X)
    assert price(eqn) is None
    said = caveat(eqn, None)
    assert said is not None
    assert said.startswith("JAX cannot lower it alone: ")
    assert "nobody_knows" in said


def test_a_custom_call_is_opaque() -> None:
    made = primitive("foreign")
    mlir.register_lowering(made, jax.ffi.ffi_lowering("their_target"))
    eqn = equation("foreign", made.bind, X)
    assert price(eqn) is None
    assert caveat(eqn, None) == "it calls their_target, which XLA cannot see into"


@pytest.mark.parametrize(
    ("name", "function", "reason"),
    [
        (
            "pure_callback",
            lambda x: jax.pure_callback(lambda y: y, X, x),
            "it runs Python on the host",
        ),
        (
            "io_callback",
            lambda x: jax.experimental.io_callback(lambda y: y, X, x),
            "it runs Python on the host",
        ),
        ("ffi_call", lambda x: jax.ffi.ffi_call("their_target", X)(x), "it runs foreign code"),
    ],
)
def test_what_leaves_the_program_is_opaque(
    name: str, function: Callable[..., Any], reason: str
) -> None:
    eqn = equation(name, function, X)
    assert price(eqn) is None
    assert caveat(eqn, None) == reason


def test_a_failed_lowering_is_not_an_error_of_the_measurement() -> None:
    def refuses(ctx: Any, x: Any) -> Any:
        raise AssertionError("only on Tuesdays")

    made = primitive("capricious")
    mlir.register_lowering(made, refuses)
    eqn = equation("capricious", made.bind, X)
    assert price(eqn) is None
    assert caveat(eqn, None) == "JAX cannot lower it alone: only on Tuesdays"


def test_wide_types_are_priced_wherever_they_were_traced() -> None:
    with jax.enable_x64(True):
        eqn = equation("asinh", lax.asinh, jax.ShapeDtypeStruct((5,), "float64"))
    cost, narrow = (
        price(eqn),
        price(equation("asinh", lax.asinh, jax.ShapeDtypeStruct((5,), "float32"))),
    )
    assert cost is not None
    assert narrow is not None
    assert (cost.flops, cost.transcendentals) == (narrow.flops, narrow.transcendentals)


def test_a_reduction_by_something_opaque_is_opaque() -> None:
    def reduced(x: Any) -> Any:
        return lax.reduce(x, 0.0, lambda a, b: a + jax.pure_callback(lambda y: y, SCALAR, b), (0,))

    eqn = equation("reduce", reduced, X)
    assert price(eqn) is None


def test_a_reduction_by_a_loop_of_unknown_length_is_left_to_xla() -> None:
    def halved(a: Any, b: Any) -> Any:
        return lax.while_loop(lambda y: y > 1, lambda y: y / 2, a + b)

    eqn = equation("reduce", lambda x: lax.reduce(x, 0.0, halved, (0,)), X)
    cost = price(eqn)
    assert cost is not None
    assert cost.flops == (21 - 7) * 3  # add, compare, divide
    assert caveat(eqn, cost) == LOOP
