"""What one derivative for each argument would cost, held against the program written that way."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.scipy.stats
import numpy as np
import pytest
from jax import lax
from jax.flatten_util import ravel_pytree

import pytest_jaxcost
from tests.analyses.test_zeros import array

Function = Callable[..., Any]

UNITS = {"FLOP": 1.0, "kFLOP": 1e3, "MFLOP": 1e6}


def pushed(function: Function, *arguments: int) -> tuple[Function, Function]:
    """The derivatives by several arguments in one call, and in one call for each of them."""
    apart = [jax.jacfwd(function, k) for k in arguments]
    return jax.jacfwd(function, arguments), lambda *args: [call(*args) for call in apart]


def pulled(function: Function, outputs: int) -> tuple[Function, Function]:
    """The derivatives of several outputs in one call, and in one call for each of them."""
    apart = [jax.jacrev(lambda *args, k=k: function(*args)[k]) for k in range(outputs)]
    return jax.jacrev(function), lambda *args: [call(*args) for call in apart]


def two_helpers(a: Any, b: Any) -> Any:
    z = jnp.sin(a) ** 2
    return jnp.tanh(z.sum() * b)


def rotated(c: Any, w: Any) -> Any:
    return lax.scan(lambda c, _: (c @ w, None), c, None, length=5)[0]


def nothing_in_common(a: Any, b: Any, w: Any) -> Any:
    return jnp.tanh(rotated(a, w) @ w), b * b


def one_layer(w: Any, bias: Any, v: Any) -> Any:
    return v @ jnp.tanh(w @ jnp.ones(8) + bias)


def energy(a: Any, b: Any) -> Any:
    return (jnp.sin(a) ** 2).sum() * (b**3).sum()


def partly_apart(a: Any, b: Any, c: Any) -> Any:
    return (jnp.exp(a) * b).sum() + (jnp.sin(c) ** 2).sum()


def of_a_part(x: Any) -> Any:
    return jnp.sin(x[:32]) ** 2, jnp.cos(x) * x


def three_outputs(a: Any) -> Any:
    h = a
    for _ in range(3):
        h = jnp.tanh(h * a)
    return h[:8] ** 2, h.reshape(8, 8) @ h[:8], h.sum()


def loop_and_not(a: Any, w: Any) -> Any:
    y = rotated(a, w)
    return y * y, jnp.sin(a)


def gradient(a: Any, b: Any) -> Any:
    return jax.grad(lambda a: (two_helpers(a, b) ** 2).sum())(a)


def after_another(derivative: Function) -> Function:
    return lambda a, b: derivative(jax.jacrev(lambda a: (a**3).sum())(a), b)


def in_a_loop(derivative: Function) -> Function:
    return lambda a, bs: lax.map(lambda b: derivative(a, b), bs)


def with_effect(a: Any, b: Any) -> Any:
    jax.debug.print("{}", a[0])
    return two_helpers(a, b)


def from_vector(function: Function, *shapes: tuple[int, ...]) -> Function:
    """The function of one vector that holds all arguments, made by ``ravel_pytree``."""
    unravel = ravel_pytree([np.ones(shape, np.float32) for shape in shapes])[1]
    return lambda vector, *others: function(*unravel(vector), *others)


def by_slices(vector: Any) -> Any:
    w = vector[:128].reshape(16, 8)
    return jnp.tanh(w @ vector[128:136]) * vector[136:]


def by_slices_of_its_own(w: Any, x: Any, s: Any) -> Any:
    return jnp.tanh(w @ x) * s


def matrix_and_vector(x: Any) -> Any:
    return jnp.outer(jnp.sin(x[:16]), x[16:32] ** 2), jnp.cos(x[:8]) * x[8:16]


def one_vector(x: Any) -> Any:
    return jnp.concatenate([each.reshape(-1) for each in matrix_and_vector(x)])


def on_arguments(derivative: Function, *shapes: tuple[int, ...]) -> Function:
    """A function of several arguments as one of a vector that is cut before."""
    return lambda vector: derivative(
        *ravel_pytree([np.ones(s, np.float32) for s in shapes])[1](vector)
    )


class Case(NamedTuple):
    jointly: Function
    apart: Function
    sizes: tuple[tuple[int, ...], ...]
    within: float = 0.01


def both(
    derivatives: tuple[Function, Function], within: Callable[[Function], Function]
) -> tuple[Function, Function]:
    jointly, apart = derivatives
    return within(jointly), within(apart)


by_both = pushed(two_helpers, 0, 1)
W = (32, 32)

CASES = {
    "two helpers": Case(*by_both, ((64,), (1024,))),
    "what is shared is a loop": Case(*pushed(nothing_in_common, 0, 1), ((32,), (16,), W)),
    "three of four arguments": Case(*pushed(one_layer, 0, 1, 2), ((16, 8), (16,), (4, 16))),
    "a Hessian": Case(
        jax.hessian(energy, (0, 1)),
        pushed(jax.jacrev(energy, (0, 1)), 0, 1)[1],
        ((16,), (112,)),
    ),
    # the sums of the function itself, which nothing reads, are pushed for fewer tangents too
    "a Hessian of three arguments": Case(
        jax.hessian(partly_apart, (0, 1, 2)),
        pushed(jax.jacrev(partly_apart, (0, 1, 2)), 0, 1, 2)[1],
        ((7,), (7,), (9,)),
    ),
    "a gradient's Jacobian": Case(*pushed(gradient, 0, 1), ((48,), (96,))),
    "after another derivative": Case(*both(by_both, after_another), ((48,), (96,))),
    "in a loop": Case(*both(by_both, in_a_loop), ((48,), (5, 96))),
    "with an effect": Case(*pushed(with_effect, 0, 1), ((48,), (96,))),
    "outputs of a part": Case(*pulled(of_a_part, 2), ((64,),)),
    "three outputs": Case(*pulled(three_outputs, 3), ((64,),)),
    "outputs of a loop and not": Case(
        lambda a, w: pulled(lambda a: loop_and_not(a, w), 2)[0](a),
        lambda a, w: pulled(lambda a: loop_and_not(a, w), 2)[1](a),
        ((32,), W),
    ),
}


LAYER = ((16, 8), (16,), (4, 16))

CASES |= {
    "a raveled tree": Case(
        jax.jacfwd(from_vector(two_helpers, (64,), (1024,))),
        on_arguments(by_both[1], (64,), (1024,)),
        ((1088,),),
    ),
    "a raveled layer": Case(
        jax.jacfwd(from_vector(one_layer, *LAYER)),
        on_arguments(pushed(one_layer, 0, 1, 2)[1], *LAYER),
        ((208,),),
    ),
    "a Hessian of a raveled tree": Case(
        jax.hessian(from_vector(energy, (16,), (112,))),
        on_arguments(pushed(jax.jacrev(energy, (0, 1)), 0, 1)[1], (16,), (112,)),
        ((128,),),
    ),
    "slices by hand": Case(
        jax.jacfwd(by_slices),
        on_arguments(pushed(by_slices_of_its_own, 0, 1, 2)[1], (16, 8), (8,), (16,)),
        ((152,),),
    ),
    "outputs in a vector": Case(
        jax.jacrev(one_vector),
        pulled(matrix_and_vector, 2)[1],
        ((32,),),
        within=0.02,  # where cotangents are added that only padding parts, nothing is counted
    ),
}


def promised(report: Any) -> float:
    """The flops that the hints on other arguments' tangents give, the same in each."""
    found = {re.search(r"would cost about ([\d.]+) (\w+)", f.hint) for f in report.zeros}
    amounts = {float(match[1]) * UNITS[match[2]] for match in found if match is not None}
    assert len(amounts) == 1
    return amounts.pop()


@pytest.mark.parametrize("name", CASES)
def test_the_rewritten_program_costs_what_the_hint_says(name: str) -> None:
    case = CASES[name]
    args = tuple(array(*shape) for shape in case.sizes)
    before = pytest_jaxcost.measure(case.jointly, args)
    after = pytest_jaxcost.measure(case.apart, args)
    assert before.flops > before.without("zeros").flops
    assert after.zeros.flops == 0
    assert promised(before) == pytest.approx(after.flops, rel=case.within)


def test_many_arguments() -> None:
    def weighted(*parts: Any) -> Any:
        return sum(jnp.sin(part) * k for k, part in enumerate(parts, 1))

    args = (array(8),) * 40
    jointly, apart = pushed(weighted, *range(40))
    before, after = (pytest_jaxcost.measure(each, args) for each in (jointly, apart))
    assert promised(before) == pytest.approx(after.flops, rel=0.01)


# tangents that never meet, pushed together


def diagonal_by_b(function: Function) -> Function:
    """The Jacobian by `a`, and the diagonal of the one by `b`."""

    def jacobians(a: Any, b: Any) -> Any:
        diagonal = jax.jvp(lambda b: function(a, b), (b,), (jnp.ones_like(b),))[1]
        return jax.jacfwd(function)(a, b), diagonal

    return jacobians


def diagonals(a: Any, b: Any) -> Any:
    ones = jax.tree.map(jnp.ones_like, (a, b))
    return [
        jax.jvp(lambda a: two_lines(a, b), (a,), ones[:1])[1],
        jax.jvp(lambda b: two_lines(a, b), (b,), ones[1:])[1],
    ]


def two_lines(a: Any, b: Any) -> Any:
    return 2.0 * a, 3.0 * b


def rows_by_weights(weights: Any, z: Any) -> Any:
    return jnp.sin(weights) * z.sum(), z**3


def pulled_diagonal(x: Any) -> Any:
    rows = jax.jacrev(lambda x: mixed_outputs(x)[0])(x)
    pull = jax.vjp(lambda x: mixed_outputs(x)[1], x)[1]
    return rows, pull(jnp.ones_like(x))


def mixed_outputs(x: Any) -> Any:
    return x.reshape(4, 32) @ x[:32] ** 2, jnp.sin(x) * x


COLORED = {
    "one diagonal": (by_both[0], diagonal_by_b(two_helpers), ((64,), (1024,)), 65, "tangents"),
    "two diagonals": (pushed(two_lines, 0, 1)[0], diagonals, ((64,), (192,)), 2, "tangents"),
    "of a matrix": (
        pushed(rows_by_weights, 0, 1)[0],
        lambda w, z: (
            jax.jvp(lambda w: rows_by_weights(w, z), (w,), (jnp.ones_like(w),))[1],
            jax.jacfwd(rows_by_weights, 1)(w, z),
        ),
        ((16, 8), (8,)),
        9,
        "tangents",
    ),
    "by outputs": (pulled(mixed_outputs, 2)[0], pulled_diagonal, ((128,),), 5, "cotangents"),
}


@pytest.mark.parametrize("name", COLORED)
def test_tangents_that_never_meet(name: str) -> None:
    jointly, together, sizes, vectors, what = COLORED[name]
    args = tuple(array(*shape) for shape in sizes)
    before, after = (pytest_jaxcost.measure(each, args) for each in (jointly, together))
    found = {re.search(r"or ([\d.]+) (\w+) with (\d+) (\w+), if", f.hint) for f in before.zeros}
    (match,) = {None if match is None else match.groups() for match in found}
    assert match is not None
    assert match[2:] == (str(vectors), what)
    assert float(match[0]) * UNITS[match[1]] == pytest.approx(after.flops, rel=0.01)


def banded(a: Any, b: Any) -> Any:
    return jnp.cumsum(a) * b.sum()


@pytest.mark.parametrize(
    ("function", "sizes"), [(one_layer, ((16, 8), (16,), (4, 16))), (banded, ((32,), (64,)))]
)
def test_tangents_that_meet(function: Function, sizes: Any) -> None:
    args = tuple(array(*shape) for shape in sizes)
    report = pytest_jaxcost.measure(pushed(function, *range(len(sizes)))[0], args)
    assert report.flops > report.without("zeros").flops
    assert not any("as their sum" in each.hint for each in report.zeros)


def log_density(x: Any, mean: Any, covariance: Any) -> Any:
    return jax.scipy.stats.multivariate_normal.logpdf(x, mean, covariance)


def test_tangents_are_counted_where_a_reshape_merged_them_with_rows_too() -> None:
    jacobian = jax.jacfwd(log_density, (0, 1, 2))
    report = pytest_jaxcost.measure(jacobian, (array(20, 3), array(3), array(3, 3)))
    counted = {"69 of 72 tangents", "63 of 72 tangents", "some tangents"}
    assert {each.hint.partition(" through")[0] for each in report.zeros} <= counted
    primitives = {each.primitive for each in report.zeros.equations}
    assert {"sub", "add", "triangular_solve"} <= primitives


# vectors that hold several arguments


def test_the_hint_names_the_slices() -> None:
    jacobian = jax.jacfwd(from_vector(two_helpers, (64,), (1024,)))
    report = pytest_jaxcost.measure(jacobian, (array(1088),))
    assert report.zeros[0].hint.partition(" and avoids")[0] == (
        "1,024 of 1,088 tangents through two_helpers are structurally zero; take the slices "
        "[0:64], [64:1088] out of the vector before it is differentiated, as arguments of their "
        "own: one jax.jacfwd for each pushes only the others"
    )


def test_of_many_slices_the_first_are_named() -> None:
    def total(*parts: Any) -> Any:
        return sum(jnp.sin(part) * k for k, part in enumerate(parts, 1))

    jacobian = jax.jacfwd(from_vector(total, *[(4,)] * 9))
    report = pytest_jaxcost.measure(jacobian, (array(36),))
    assert "slices [0:4], [4:8], [8:12], [12:16], 5 more out" in report.zeros[0].hint


ONE_ARGUMENT = {
    "halves": lambda x: jnp.concatenate([jnp.sin(x[:64]) * x[64:], jnp.cos(x[64:])]),
    "a row and the others": lambda x: x[0] * x[1:] - jnp.sin(x[:-1]),
    "cuts that overlap": lambda x: jnp.tanh(x[:96].reshape(8, 12)).sum(0) * x[80:92],
    "cuts that leave something out": lambda x: jnp.tanh(x[:64].reshape(8, 8)) * x[65:73],
    "every second one": lambda x: x[::2].reshape(8, 8) @ jnp.sin(x[1::2].reshape(8, 8)),
}


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_what_a_function_does_with_one_argument(name: str) -> None:
    for derivative in (jax.jacfwd, jax.jacrev):
        report = pytest_jaxcost.measure(derivative(ONE_ARGUMENT[name]), (array(128),))
        assert [*report.zeros] == []


@pytest.mark.parametrize(("size", "is_waste"), [(1, False), (64, True)])
def test_calls_that_would_cost_more_are_not_asked_for(size: int, is_waste: bool) -> None:
    def function(x: Any, w: Any) -> Any:
        y = rotated(x, w)
        return jnp.full(size, y[0]) * x[:size], jnp.full(size, y[1] * x[0]) * x[:size]

    args = array(64), array(64, 64)
    before, after = (pytest_jaxcost.measure(each, args) for each in pulled(function, 2))
    assert (after.flops < before.flops) is is_waste
    assert bool(before.zeros) is is_waste
    assert len(before.zeros) + before.zeros.from_jax.flops > 0
