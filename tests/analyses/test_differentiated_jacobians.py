"""Jacobians that are contracted inside a function that is differentiated once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import measure
from tests.analyses.test_jacobians import jvp, vjp

RANDOM = np.random.default_rng(1)
N, M = 24, 5
Array = Any
Params = dict[str, Any]


def draw(*shape: int) -> Array:
    return RANDOM.standard_normal(shape).astype("float32") * 0.3


PARAMS: Params = {"a": draw(16, N), "b": draw(M, 16)}
X, V, U, ONES = draw(N), draw(N), draw(M), np.ones(N, "float32")
POINTS, PAIR, STATE, START = draw(3, N), draw(N, 2), draw(10, 10), draw(10)
DIRECTION = draw(10)


def net(params: Params, x: Array) -> Array:
    return jnp.tanh(params["b"] @ jnp.tanh(params["a"] @ x))


def energy(params: Params, x: Array) -> Array:
    return (net(params, x) ** 2).sum()


def squared(of: Callable[[Callable[[Array], Array], Array], Array]) -> Callable[[Params], Array]:
    """A loss on something that is made of the net and a point."""
    return lambda params: (of(lambda x: net(params, x), X) ** 2).sum()


def of_energy(of: Callable[[Callable[[Array], Array]], Array]) -> Callable[[Params], Array]:
    return lambda params: (of(lambda x: energy(params, x)) ** 2).sum()


def at_points(loss: Callable[[Params, Array], Array]) -> Callable[[Params], Array]:
    return lambda params: jax.vmap(lambda x: loss(params, x))(POINTS).sum()


def rnn(state: Array) -> Callable[[Array], Array]:
    step = lambda h, _: (jnp.tanh(state @ h), None)  # noqa: E731
    return lambda h: lax.scan(step, h, None, 4)[0]


def descent(gradient: Callable[[Params], Params]) -> Callable[[Params], Params]:
    def step(params: Params, _: None) -> tuple[Params, None]:
        return jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient(params)), None

    return lambda params: lax.scan(step, params, None, 3)[0]


WASTEFUL = squared(lambda f, x: jax.jacfwd(f)(x) @ V)
PRODUCT = squared(lambda f, x: jvp(f, V)(x))

# wasteful, what to write instead, what it is measured at, a word of the hint
NOISY: dict[str, tuple[Any, Any, Any, str]] = {
    "by the parameters": (jax.grad(WASTEFUL), jax.grad(PRODUCT), PARAMS, "1 would do: jax.jvp(f"),
    "by the point": (
        jax.grad(lambda x: ((jax.jacfwd(lambda x: net(PARAMS, x))(x) @ V) ** 2).sum()),
        jax.grad(lambda x: (jvp(lambda x: net(PARAMS, x), V)(x) ** 2).sum()),
        X,
        "1 would do: jax.jvp(f",
    ),
    "multiplied and summed": (
        jax.grad(squared(lambda f, x: (jax.jacfwd(f)(x) * V).sum(1))),
        jax.grad(PRODUCT),
        PARAMS,
        "1 would do: jax.jvp(f",
    ),
    "summed over inputs": (
        jax.grad(squared(lambda f, x: jax.jacfwd(f)(x).sum(1))),
        jax.grad(squared(lambda f, x: jvp(f, ONES)(x))),
        PARAMS,
        "1 would do: jax.jvp(f",
    ),
    "two vectors": (
        jax.grad(squared(lambda f, x: jax.jacfwd(f)(x) @ PAIR)),
        jax.grad(squared(lambda f, x: jax.vmap(lambda v: jax.jvp(f, (x,), (v,))[1], 1, 1)(PAIR))),
        PARAMS,
        "2 would do: jax.jvp(f",
    ),
    "a vector times jacrev": (
        jax.grad(squared(lambda f, x: U @ jax.jacrev(f)(x))),
        jax.grad(squared(lambda f, x: vjp(f, U)(x))),
        PARAMS,
        "1 would do: jax.vjp(f",
    ),
    "a Hessian-vector product": (
        jax.grad(of_energy(lambda f: jax.hessian(f)(X) @ V)),
        jax.grad(of_energy(lambda f: jvp(jax.grad(f), V)(X))),
        PARAMS,
        "1 would do: jax.jvp(jax.grad(f)",
    ),
    "a Hutchinson trace": (
        jax.grad(of_energy(lambda f: V @ jax.hessian(f)(X) @ V)),
        jax.grad(of_energy(lambda f: V @ jvp(jax.grad(f), V)(X))),
        PARAMS,
        "1 would do: jax.jvp(jax.grad(f)",
    ),
    "jitted": (
        jax.jit(jax.grad(squared(lambda f, x: jax.jit(jax.jacfwd(f))(x) @ V))),
        jax.grad(PRODUCT),
        PARAMS,
        "1 would do: jax.jvp(f",
    ),
    "at each point of a batch": (
        jax.grad(at_points(lambda p, x: ((jax.jacfwd(lambda x: net(p, x))(x) @ V) ** 2).sum())),
        jax.grad(at_points(lambda p, x: (jvp(lambda x: net(p, x), V)(x) ** 2).sum())),
        PARAMS,
        "1 would do: jax.jvp(f",
    ),
    "through a loop": (
        jax.grad(lambda s: ((jax.jacfwd(rnn(s))(START) @ DIRECTION) ** 2).sum()),
        jax.grad(lambda s: (jvp(rnn(s), DIRECTION)(START) ** 2).sum()),
        STATE,
        "1 would do: jax.jvp(f",
    ),
    "in a training loop": (
        descent(jax.grad(WASTEFUL)),
        descent(jax.grad(PRODUCT)),
        PARAMS,
        "1 would do: jax.jvp(f",
    ),
    "pushed once more": (
        lambda x: jvp(lambda x: jax.jacfwd(lambda x: net(PARAMS, x))(x) @ V, V)(x),
        jvp(jvp(lambda x: net(PARAMS, x), V), V),
        X,
        "1 would do: jax.jvp(f",
    ),
}


@pytest.mark.parametrize(("fn", "instead", "at", "hint"), NOISY.values(), ids=NOISY)
def test_a_product_in_a_loss_does_not_need_its_jacobian(
    fn: Any, instead: Any, at: Any, hint: str
) -> None:
    report, better = measure(fn, (at,)), measure(instead, (at,))
    (found,) = report.full_jacobians
    assert found.flops == pytest.approx(report.flops - better.flops, rel=0.005)
    assert hint in found.hint
    assert "about" not in found.hint
    better.check(full_jacobians=0, wrong_modes=0)


@pytest.mark.parametrize(("fn", "instead", "at"), [each[:3] for each in NOISY.values()], ids=NOISY)
def test_what_to_write_instead_computes_the_same(fn: Any, instead: Any, at: Any) -> None:
    for one, other in zip(jax.tree.leaves(fn(at)), jax.tree.leaves(instead(at)), strict=True):
        assert np.allclose(one, other, rtol=1e-3, atol=1e-4)


# the vector is differentiated too, so that a product with the Jacobian's transpose is needed
WITH_VECTOR: dict[str, tuple[Any, Any, Any]] = {
    "along the point": (
        jax.grad(lambda x: ((jax.jacfwd(lambda x: net(PARAMS, x))(x) @ x) ** 2).sum()),
        jax.grad(lambda x: (jax.jvp(lambda x: net(PARAMS, x), (x,), (x,))[1] ** 2).sum()),
        X,
    ),
    "along a parameter": (
        jax.grad(lambda p: ((jax.jacfwd(lambda x: net(p, x))(X) @ p["v"]) ** 2).sum()),
        jax.grad(lambda p: (jvp(lambda x: net(p, x), p["v"])(X) ** 2).sum()),
        {**PARAMS, "v": V},
    ),
}


@pytest.mark.parametrize(("fn", "instead", "at"), WITH_VECTOR.values(), ids=WITH_VECTOR)
def test_a_vector_that_is_differentiated_too_is_pulled(fn: Any, instead: Any, at: Any) -> None:
    report, better = measure(fn, (at,)), measure(instead, (at,))
    (found,) = report.full_jacobians
    # JAX pulls once for the point and the vector together, the edit once for each
    assert found.flops == pytest.approx(report.flops - better.flops, rel=0.01)
    better.check(full_jacobians=0)


def product_beside_norm(f: Callable[[Array], Array], x: Array) -> Array:
    jacobian = jax.jacfwd(f)(x)
    return jacobian @ V + (jacobian**2).sum()


QUIET: dict[str, Callable[[Params], Any]] = {
    "a product": PRODUCT,
    "a norm": squared(lambda f, x: jax.jacrev(f)(x)),
    "a product beside a norm": squared(product_beside_norm),
    "Gauss-Newton": squared(lambda f, x: (lambda j: j.T @ j)(jax.jacrev(f)(x))),
    "a Gauss-Newton product": squared(
        lambda f, x: (lambda j: j.T @ (j @ V) + j.sum())(jnp.tanh(jax.jacrev(f)(x)))
    ),
    "a Laplacian": of_energy(lambda f: jnp.trace(jax.hessian(f)(X))),
    "a determinant": of_energy(lambda f: jnp.linalg.det(jax.hessian(f)(X) + jnp.eye(N))),
    "a Newton step": of_energy(lambda f: jnp.linalg.solve(jax.hessian(f)(X) + jnp.eye(N), V)),
    "as many vectors": squared(lambda f, x: jax.jacrev(f)(x).T @ PARAMS["a"][:M]),
    "a nonlinear function of it": squared(lambda f, x: jnp.tanh(jax.jacrev(f)(x)) @ V),
}


@pytest.mark.parametrize("loss", QUIET.values(), ids=QUIET)
def test_a_loss_that_needs_its_jacobian_is_quiet(loss: Callable[[Params], Any]) -> None:
    measure(jax.grad(loss), (PARAMS,)).check(full_jacobians=0)
