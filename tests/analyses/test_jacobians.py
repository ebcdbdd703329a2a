"""Jacobians that are made to be summed, and Jacobians made in the costlier mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import measure
from pytest_jaxcost.analyses import Facts
from pytest_jaxcost.flow.identities import bases

M, N = 8, 32
W = np.linspace(-0.5, 0.5, M * N).reshape(M, N).astype("float32")
X = np.linspace(0.1, 0.9, N).astype("float32")
V, U = X + 1, np.linspace(1, 2, M).astype("float32")

PUSH = 2 * M * N + M
"""What one tangent through `wide` costs: the dot and the product with the cosine."""
MATRIX = 2 * N * N
"""What ``jnp.eye(N)`` costs: an add and a comparison for each element."""


def wide(x: Any) -> Any:
    return jnp.sin(W @ x)


def scalar(x: Any) -> Any:
    return jnp.sin(W @ x).sum()


def recurrent(x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.sin(W.T @ (W @ c)), None), x, None, 3)[0]


def nested(x: Any, depth: int) -> Any:
    if not depth:
        return jnp.sin(W.T @ (W @ x))
    return lax.scan(lambda c, _: (nested(c, depth - 1), None), x, None, 2)[0]


def elementwise(x: Any) -> Any:
    return jnp.sin(x) * x


def jvp(f: Callable[..., Any], v: Any = V) -> Callable[..., Any]:
    return lambda x: jax.jvp(f, (x,), (v,))[1]


def vjp(f: Callable[..., Any], u: Any = U) -> Callable[..., Any]:
    return lambda x: jax.vjp(f, x)[1](u)[0]


ROW = (N - 1) * PUSH + MATRIX
REVERSE_ROW = (M - 1) * PUSH + 2 * M * M
PRODUCT = 2 * M * N

# wasteful, what to write instead, flops that this saves, and a word of the hint
EXACT: dict[str, tuple[Any, Any, int, str]] = {
    "matmul": (lambda x: jax.jacfwd(wide)(x) @ V, jvp(wide), ROW + PRODUCT, "jax.jvp(f"),
    "einsum": (
        lambda x: jnp.einsum("ij,j->i", jax.jacfwd(wide)(x), V),
        jvp(wide),
        ROW + PRODUCT,
        "jax.jvp(f",
    ),
    "multiply and sum": (
        lambda x: (jax.jacfwd(wide)(x) * V).sum(1),
        jvp(wide),
        ROW + M * N + M * (N - 1),
        "jax.jvp(f",
    ),
    "sum over inputs": (
        lambda x: jax.jacfwd(wide)(x).sum(1),
        jvp(wide, jnp.ones(N)),
        ROW + M * (N - 1),
        "jax.jvp(f",
    ),
    "a basis by hand": (
        lambda x: jax.vmap(lambda e: jax.jvp(wide, (x,), (e,))[1])(jnp.eye(N)).T @ V,
        jvp(wide),
        ROW + PRODUCT,
        "jax.jvp(f",
    ),
    "jitted helpers": (
        jax.jit(lambda x: jnp.dot(jax.jit(jax.jacfwd(wide))(x), V)),
        jvp(wide),
        ROW + PRODUCT,
        "jax.jvp(f",
    ),
    "two vectors of many": (
        lambda x: jax.jacfwd(wide)(x) @ jnp.stack([V, 2 * V], 1),
        lambda x: jax.vmap(lambda v: jax.jvp(wide, (x,), (v,))[1], 1, 1)(jnp.stack([V, 2 * V], 1)),
        (N - 2) * PUSH + MATRIX + 2 * PRODUCT,
        "2 would do",
    ),
    "vector times jacrev": (
        lambda x: U @ jax.jacrev(wide)(x),
        vjp(wide),
        REVERSE_ROW + PRODUCT,
        "jax.vjp(f",
    ),
    "jacrev, transposed": (
        lambda x: jax.jacrev(wide)(x).T @ U,
        vjp(wide),
        REVERSE_ROW + PRODUCT,
        "jax.vjp(f",
    ),
    "through a loop": (
        lambda x: jax.jacfwd(recurrent)(x) @ V,
        jvp(recurrent),
        (N - 1) * 3 * (4 * M * N + N) + MATRIX + 2 * N * N,
        "jax.jvp(f",
    ),
    "diagonal of what is diagonal": (
        lambda x: jnp.diag(jax.jacfwd(jnp.sin)(x)),
        jvp(jnp.sin, jnp.ones(N)),
        (N - 1) * N + MATRIX,
        "element by element",
    ),
}


@pytest.mark.parametrize(("fn", "instead", "saved", "hint"), EXACT.values(), ids=EXACT)
def test_a_product_does_not_need_its_jacobian(fn: Any, instead: Any, saved: int, hint: str) -> None:
    report, better = measure(fn, (X,)), measure(instead, (X,))
    assert report.full_jacobians.eqns >= 1
    assert hint in report.full_jacobians[0].hint
    assert "about" not in report.full_jacobians[0].hint
    assert better.metrics["full_jacobians"] == 0
    if hint == "element by element":
        # some releases of JAX look the diagonal up, whose indices are still counted out
        assert saved <= report.full_jacobians.flops <= report.flops - better.flops
    else:
        assert report.full_jacobians.flops == report.flops - better.flops == saved


HESSIANS: dict[str, tuple[Any, Any]] = {
    "product": (lambda x: jax.hessian(scalar)(x) @ V, jvp(jax.grad(scalar))),
    "product from the left": (lambda x: V @ jax.hessian(scalar)(x), jvp(jax.grad(scalar))),
    "quadratic form": (
        lambda x: V @ jax.hessian(scalar)(x) @ V,
        lambda x: V @ jvp(jax.grad(scalar))(x),
    ),
    "forward over reverse by hand": (
        lambda x: jax.jacfwd(jax.grad(scalar))(x) @ V,
        jvp(jax.grad(scalar)),
    ),
    "a batch": (
        jax.vmap(lambda x: jax.hessian(scalar)(x) @ V, in_axes=0),
        jax.vmap(jvp(jax.grad(scalar))),
    ),
}


@pytest.mark.parametrize(("fn", "instead"), HESSIANS.values(), ids=HESSIANS)
def test_a_hessian_vector_product_does_not_need_its_hessian(fn: Any, instead: Any) -> None:
    x = np.stack([X, 2 * X, 3 * X]) if fn is HESSIANS["a batch"][0] else X
    report, better = measure(fn, (x,)), measure(instead, (x,))
    assert "jax.jvp(jax.grad(f), (x,), (v,))[1]" in report.full_jacobians[0].hint
    assert better.metrics["full_jacobians"] == 0
    # jax.hessian pulls with an identity matrix of one element, which jax.grad does without
    assert report.full_jacobians.flops == pytest.approx(report.flops - better.flops, rel=0.01)


ACROSS: dict[str, tuple[Any, Any]] = {
    "jacrev times vector": (lambda x: jax.jacrev(wide)(x) @ V, jvp(wide)),
    "vector times jacfwd": (lambda x: U @ jax.jacfwd(wide)(x), vjp(wide)),
    "jacfwd summed over outputs": (lambda x: jax.jacfwd(wide)(x).sum(0), vjp(wide, jnp.ones(M))),
}


@pytest.mark.parametrize(("fn", "instead"), ACROSS.values(), ids=ACROSS)
def test_the_other_side_is_the_other_modes(fn: Any, instead: Any) -> None:
    report, better = measure(fn, (X,)), measure(instead, (X,))
    assert report.full_jacobians.eqns == 1
    assert "about" not in report.full_jacobians[0].hint
    assert better.metrics["full_jacobians"] == 0
    assert report.full_jacobians.flops == report.flops - better.flops


def several(x: Any) -> Any:
    jacobian = jax.jacfwd(recurrent)(x)
    return jacobian, jacobian @ V


QUIET: dict[str, Callable[[Any], Any]] = {
    "a product of its own": jvp(wide),
    "a pull": vjp(wide),
    "a hessian-vector product": jvp(jax.grad(scalar)),
    "a Jacobian": jax.jacfwd(recurrent),
    "a Jacobian in reverse": jax.jacrev(wide),
    "a Hessian": jax.hessian(scalar),
    "a product beside its Jacobian": several,
    "Gauss-Newton": lambda x: (lambda j: j.T @ j)(jax.jacrev(wide)(x)),
    "a Newton step": lambda x: jnp.linalg.solve(jax.hessian(scalar)(x) + jnp.eye(N), x),
    "the diagonal of a full Hessian": lambda x: jnp.diag(jax.hessian(scalar)(x)),
    "the trace of a full Hessian": lambda x: jnp.trace(jax.hessian(scalar)(x)),
    "a norm": lambda x: (jax.jacfwd(recurrent)(x) ** 2).sum(),
    "as many vectors as inputs": lambda x: jax.jacfwd(recurrent)(x) @ jnp.outer(x, x),
    "an identity and no derivative": lambda x: jnp.eye(N) @ x,
    "an inverse": lambda x: jnp.linalg.inv(jnp.outer(x, x) + jnp.eye(N)) @ x,
    "gradients of a batch, summed": lambda x: jax.vmap(jax.grad(scalar))(jnp.outer(x, x)).sum(0),
    "tangents of the user's": lambda x: jax.vmap(lambda v: jvp(wide, v)(x))(jnp.outer(x, x)).sum(0),
}


@pytest.mark.parametrize("fn", QUIET.values(), ids=QUIET)
def test_healthy_derivatives_are_quiet(fn: Callable[[Any], Any]) -> None:
    measure(fn, (X,)).check(full_jacobians=0, wrong_modes=0)


def identity(rows: int) -> int:
    return 2 * rows * rows


# wasteful, the other mode, vectors that one and the other move, flops that the other mode saves
MODES: dict[str, tuple[Any, Any, Any, int, int, int]] = {
    # the sum of the outputs is pushed for each tangent, and its transpose is a broadcast
    "gradient by jacfwd": (
        jax.jacfwd(scalar),
        jax.grad(scalar),
        X,
        N,
        1,
        (N - 1) * PUSH + N * (M - 1) + identity(N),
    ),
    "few outputs": (
        jax.jacfwd(wide),
        jax.jacrev(wide),
        X,
        N,
        M,
        (N - M) * PUSH + identity(N) - identity(M),
    ),
    # a cotangent of the input is a dot with V, where a tangent is a product with it
    "one input": (
        jax.jacrev(lambda t: jnp.sin(W @ (t * V))),
        jax.jacfwd(lambda t: jnp.sin(W @ (t * V))),
        1.0,
        M,
        1,
        (M - 1) * PUSH + M * (2 * N - 1) - N + identity(M),
    ),
    "by hand": (
        lambda x: jax.vmap(lambda e: jax.jvp(scalar, (x,), (e,))[1])(jnp.eye(N)),
        jax.grad(scalar),
        X,
        N,
        1,
        (N - 1) * PUSH + N * (M - 1) + identity(N),
    ),
    "through a loop": (
        jax.jacfwd(lambda x: recurrent(x).sum()),
        jax.grad(lambda x: recurrent(x).sum()),
        X,
        N,
        1,
        (N - 1) * 3 * (4 * M * N + N) + N * (N - 1) + identity(N),
    ),
}


@pytest.mark.parametrize(
    ("fn", "instead", "x", "vectors", "others", "saved"), MODES.values(), ids=MODES
)
def test_the_other_mode_does_with_fewer_vectors(
    fn: Any, instead: Any, x: Any, vectors: int, others: int, saved: int
) -> None:
    report, better = measure(fn, (x,)), measure(instead, (x,))
    (found,) = report.wrong_modes
    assert f"{vectors} " in found.hint
    assert f"for {others} " in found.hint
    assert "about" not in found.hint
    assert better.metrics["wrong_modes"] == 0
    # jax.jacfwd of a function of one number pushes with an identity matrix of one element
    assert found.flops == pytest.approx(report.flops - better.flops, abs=2)
    assert found.flops == saved


def parted(a: Any, b: Any) -> Any:
    return jnp.sum(a**2) + jnp.sum(jnp.sin(b))


EMPTY = np.zeros(0, "float32")


EMPTIES: dict[str, tuple[Any, Any]] = {
    "one of two arguments": (jax.hessian(parted, (0, 1)), (EMPTY, U)),
    "all arguments": (jax.hessian(parted, (0, 1)), (EMPTY, EMPTY)),
    "forward": (jax.jacfwd(elementwise), (EMPTY,)),
    "reverse": (jax.jacrev(lambda x: x.reshape(2, -1)), (EMPTY,)),
    "of each example": (jax.vmap(jax.jacfwd(elementwise)), (EMPTY.reshape(3, 0),)),
    "no examples": (jax.vmap(jax.jacfwd(elementwise)), (EMPTY.reshape(0, 8),)),
}


@pytest.mark.parametrize(("fn", "args"), EMPTIES.values(), ids=EMPTIES)
def test_arguments_without_elements_have_quiet_jacobians(fn: Any, args: Any) -> None:
    measure(fn, args).check(full_jacobians=0, wrong_modes=0)


# what is differentiated, and what the hint says of its other mode
INSTEAD: dict[str, tuple[Any, Any, str]] = {
    "one output": (jax.jacfwd(scalar), X, "jax.grad pulls a cotangent"),
    "an array of one": (jax.jacfwd(lambda x: scalar(x)[None]), X, "jax.jacrev pulls a cotangent"),
    "each of a batch": (
        jax.vmap(jax.jacfwd(scalar)),
        jnp.outer(X[:3], X),
        "jax.grad pulls a cotangent",
    ),
    "few outputs": (jax.jacfwd(wide), X, "jax.jacrev pulls a cotangent for each"),
    "one input": (
        jax.jacrev(lambda t: jnp.sin(W @ (t * V))),
        1.0,
        "jax.jacfwd pushes a tangent",
    ),
}


@pytest.mark.parametrize(("fn", "x", "instead"), INSTEAD.values(), ids=INSTEAD)
def test_the_hint_names_the_function_that_takes_such_an_output(
    fn: Any, x: Any, instead: str
) -> None:
    hint = measure(fn, (x,)).wrong_modes[0].hint
    assert hint.split(": ")[1].split(";")[0] == instead


QUIET_MODES: dict[str, tuple[Any, Any]] = {
    "tall": (jax.jacrev(wide), X),
    "square": (jax.jacfwd(recurrent), X),
    "two of three": (jax.jacfwd(lambda x: x[:2] * jnp.sin(x)[1:]), X[:3]),
    "two inputs, one output": (jax.jacfwd(lambda x: jnp.sin(x).sum()), X[:2]),
    "four inputs, one output": (jax.jacfwd(lambda x: jnp.sin(x).sum()), X[:4]),
    "a gradient": (jax.grad(scalar), X),
    "outputs of two kinds": (jax.jacfwd(lambda x: (scalar(x), x)), X),
    "a single tangent": (jvp(scalar), X),
    "lost sight of, in too many loops": (jax.jacfwd(lambda x: nested(x, 6).sum()), X),
    "no reverse mode": (
        jax.jacfwd(lambda x: lax.while_loop(lambda c: c[0] < 1, lambda c: 2 * c, x).sum()),
        X,
    ),
}


@pytest.mark.parametrize(("fn", "x"), QUIET_MODES.values(), ids=QUIET_MODES)
def test_the_mode_that_fits_is_quiet(fn: Any, x: Any) -> None:
    measure(fn, (x,)).check(wrong_modes=0, full_jacobians=0)


def test_a_fifth_input_is_worth_the_other_mode() -> None:
    assert measure(jax.jacfwd(lambda x: jnp.sin(x).sum()), (X[:5],)).wrong_modes.eqns == 1


def test_a_jacobian_that_is_summed_is_no_question_of_modes() -> None:
    report = measure(lambda x: jax.jacfwd(wide)(x) @ V, (X,))
    assert (report.full_jacobians.eqns, report.wrong_modes.eqns) == (1, 0)


def test_the_finding_says_where_and_how_much() -> None:
    def product(x: Any) -> Any:
        return jax.jacfwd(wide)(x) @ V

    report = measure(product, (X,))
    (found,) = report.full_jacobians
    assert (found.primitive, found.aval, found.phase) == ("dot_general", "f32[8]", "primal")
    assert [place.function for place in found.places] == [
        "test_the_finding_says_where_and_how_much.<locals>.product"
    ]
    assert found.share == pytest.approx(found.flops / (report.flops + report.transcendentals))
    assert found.hint == (
        "32 tangents are pushed where 1 would do: jax.jvp(f, (x,), (v,))[1] is the product J @ v"
    )


@pytest.mark.parametrize("depth", [1, 3, 6])
def test_loops_in_loops_are_followed_to_a_depth(depth: int) -> None:
    report = measure(lambda x: jax.jacfwd(lambda x: nested(x, depth))(x) @ V, (X,))
    assert report.full_jacobians.eqns == (depth <= 4)
    if depth <= 4:
        better = measure(jvp(lambda x: nested(x, depth)), (X,))
        saved = report.flops - better.flops
        assert (
            report.full_jacobians.flops
            == saved
            == MATRIX + 2 * N * N + (N - 1) * (2**depth * (4 * M * N + N))
        )


def test_a_basis_made_inside_a_loop_is_followed() -> None:
    def steps(f: Any, x: Any) -> Any:
        return lax.scan(lambda c, _: (f(c), None), x, None, 3)[0]

    report = measure(lambda x: steps(lambda c: jax.jacfwd(recurrent)(c) @ c, x), (X,))
    better = measure(lambda x: steps(lambda c: jvp(recurrent, c)(c), x), (X,))
    assert report.full_jacobians.flops == report.flops - better.flops > 0


def test_identities_that_no_derivative_pushes_cost_little() -> None:
    def shifted(x: Any) -> Any:
        for k in range(300):
            x = (jnp.outer(x, x) + k * jnp.eye(N)) @ x
        return x

    facts = Facts(jax.make_jaxpr(shifted)(X))
    assert bases(facts.program) == []
