"""Places, phases and scopes of equations: whose line it is, and which part of a derivative."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.ir.inline import inline

X = np.float32([1.0, 2.0, 3.0])


def equations(function: Callable[..., Any], primitive: str, *args: Any) -> list[Equation]:
    program = inline(jax.make_jaxpr(function)(*args or (X,)))
    return [equation for _, equation in program.walk() if equation.primitive == primitive]


def the(function: Callable[..., Any], primitive: str) -> Equation:
    (equation,) = equations(function, primitive)
    return equation


def line_of(function: Callable[..., Any], text: str) -> int:
    lines, first = inspect.getsourcelines(function)
    (found,) = (first + k for k, line in enumerate(lines) if text in line)
    return found


def straight(x: Any) -> Any:
    y = jnp.tanh(x)
    return jnp.sin(y)


def looped(x: Any) -> Any:
    def step(c: Any, row: Any) -> Any:
        return c * row, jnp.sin(c)

    return lax.scan(step, x, jnp.stack([x, x]))[1].sum()


def branched(x: Any) -> Any:
    return lax.cond(
        x[0] > 0,
        lambda x: jnp.sin(x),
        lambda x: jnp.cos(x),
        x,
    )


@jax.jit
def helper(x: Any) -> Any:
    return jnp.sin(x)


def calls_helper(x: Any) -> Any:
    one = helper(x)
    return helper(one)


def library(x: Any) -> Any:
    one = jax.nn.softplus(x)
    other = jax.nn.softplus(2 * x)
    return one + other


def bare(x: Any) -> Any:
    return lax.cond(x[0] > 0, jnp.sin, jnp.cos, x)


# places


@pytest.mark.parametrize(
    ("function", "primitive", "text", "name"),
    [
        (straight, "tanh", "jnp.tanh", "straight"),
        (straight, "sin", "jnp.sin", "straight"),
        (looped, "sin", "jnp.sin", "looped.<locals>.step"),
        (branched, "sin", "jnp.sin", "branched.<locals>.<lambda>"),
        (branched, "cos", "jnp.cos", "branched.<locals>.<lambda>"),
        (bare, "cos", "jnp.cos", "bare"),
        (helper, "sin", "jnp.sin", "helper"),
    ],
)
def test_the_innermost_frame_of_the_users(
    function: Callable[..., Any], primitive: str, text: str, name: str
) -> None:
    jax.clear_caches()  # JAX 0.8 keeps a bare function's frames from where it was traced first
    position = where.positions(the(function, primitive))[0]
    assert (position.file, position.line) == (__file__, line_of(function, text))
    assert position.function == name


def test_one_function_called_twice_has_one_place_and_two_paths() -> None:
    paths = [where.positions(each) for each in equations(calls_helper, "sin")]
    assert [path[0].line for path in paths] == [line_of(helper, "jnp.sin")] * 2
    lines = [line_of(calls_helper, "one = "), line_of(calls_helper, "helper(one)")]
    assert [path[1].line for path in paths] == lines


def test_a_cached_body_of_jaxs_takes_its_call_sites() -> None:
    jax.nn.softplus(X)  # traced before, from another line
    paths = [where.positions(each) for each in equations(library, "log1p")]
    assert [path[0].line for path in paths] == [
        line_of(library, "one = "),
        line_of(library, "2 * x"),
    ]


def test_frames_of_libraries_are_skipped() -> None:
    equation = the(straight, "sin")
    assert where.positions(equation)[0].file == __file__
    assert all(
        not each.file.startswith(__file__) for each in where.positions(equation, (__file__,))
    )


# phases


def loss(x: Any) -> Any:
    return jnp.sum(jnp.sin(jnp.tanh(x)))


PHASES = [
    (loss, "tanh", ["primal"]),
    (lambda x: jax.jvp(loss, (x,), (x,))[1], "cos", ["jvp"]),
    (jax.grad(loss), "tanh", ["jvp"]),
    (jax.grad(jax.checkpoint(loss)), "tanh", ["jvp", "recompute"]),
    (jax.vmap(lambda x: jnp.sin(x)), "sin", ["primal"]),
    (lambda x: jax.grad(jax.jit(loss))(x), "tanh", ["jvp"]),
]


@pytest.mark.parametrize(("function", "primitive", "expected"), PHASES)
def test_phase(function: Callable[..., Any], primitive: str, expected: list[str]) -> None:
    found = [where.phase(each) for each in equations(function, primitive)]
    assert sorted(found) == expected


def test_the_transpose_of_a_product_is_a_transpose() -> None:
    phases = {where.phase(each) for each in equations(jax.grad(loss), "mul")}
    assert "transpose" in phases
    assert "transpose" not in {where.phase(each) for each in equations(loss, "mul")}


def named_like_a_transform(x: Any) -> Any:
    with jax.named_scope("transpose(x)"), jax.named_scope("jvp(y)"):
        return jnp.sin(x)


def test_a_scope_of_the_users_is_no_transform() -> None:
    equation = the(named_like_a_transform, "sin")
    assert where.phase(equation) == "primal"
    assert where.scope(equation) == "transpose(x)/jvp(y)"


# scopes


def scoped(x: Any) -> Any:
    with jax.named_scope("outer"):

        @jax.jit
        def inside(x: Any) -> Any:
            with jax.named_scope("inner"):
                return jnp.sin(x)

        return inside(x)


def scoped_loop(x: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        with jax.named_scope("step"):
            return jnp.sin(c), None

    with jax.named_scope("loop"):
        return lax.scan(step, x, None, length=3)[0]


@pytest.mark.parametrize(
    ("function", "expected"), [(straight, ""), (scoped, "outer/inner"), (scoped_loop, "loop/step")]
)
def test_scopes_inside_bodies_have_their_callers_prefix(
    function: Callable[..., Any], expected: str
) -> None:
    scope = where.scope(the(function, "sin"))
    assert [name for name in scope.split("/") if name in {"outer", "inner", "loop", "step"}] == [
        name for name in expected.split("/") if name
    ]
