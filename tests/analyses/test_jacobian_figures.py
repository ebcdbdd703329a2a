"""What a Jacobian in the wrong mode, or one that is contracted, is said to cost, on real programs.

The oracle is the program rewritten by hand.
"""

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

RANDOM = np.random.default_rng(0)
Array = Any


def draw(*shape: int) -> Array:
    return RANDOM.standard_normal(shape).astype("float32") * 0.3


LAYERS = [(draw(16, 24), draw(16)), (draw(16, 16), draw(16)), (draw(3, 16), draw(3))]
KERNEL, IMAGE, BATCH = draw(3, 3, 2, 4), draw(4, 4, 2), draw(3, 4, 4, 2)
QUERY, KEY, VALUE = draw(6, 6), draw(6, 6), draw(6, 6)
STATE, INPUT = draw(10, 10), draw(10, 4)
WIDER, WIDEST = draw(12, 3), draw(30, 12)
POSITIVE = draw(5, 5) + 2 * np.eye(5, dtype="float32")


def mlp(x: Array, activation: Callable[[Array], Array] = jnp.tanh) -> Array:
    for weights, bias in LAYERS[:-1]:
        x = activation(weights @ x + bias)
    weights, bias = LAYERS[-1]
    return weights @ x + bias


def loss(x: Array) -> Array:
    return (mlp(x) ** 2).sum()


def classifier(x: Array) -> Array:
    return jax.nn.softmax(mlp(x, jax.nn.gelu))


def convolve(images: Array, kernel: Array) -> Array:
    numbers = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(images, kernel, (1, 1), "SAME", dimension_numbers=numbers)


def pooled(image: Array) -> Array:
    hidden = jax.nn.relu(convolve(image[None], KERNEL))
    return hidden.reshape(1, 2, 2, 2, 2, 4).max((2, 4)).mean((0, 1, 2))


def pooled_batch(images: Array) -> Array:
    return jnp.sin(convolve(images, KERNEL)).mean((0, 1, 2))


def attention(x: Array) -> Array:
    query, key, value = x @ QUERY, x @ KEY, x @ VALUE
    return (jax.nn.softmax(query @ key.T / 2.4, axis=-1) @ value).mean(0)


def rnn(inputs: Array) -> Array:
    def step(state: Array, x: Array) -> tuple[Array, None]:
        return jnp.tanh(STATE @ state + INPUT @ x), None

    return lax.scan(step, jnp.zeros(10), inputs)[0][:2]


def states(state: Array) -> Array:
    return lax.scan(lambda h, _: (jnp.tanh(STATE @ h), None), state, None, 4)[0]


def decoder(code: Array) -> Array:
    return jnp.tanh(WIDEST @ jnp.tanh(WIDER @ code))


def rollout(state: Array) -> Array:
    start = STATE @ jnp.tile(state, 5)
    return lax.scan(lambda h, _: (jnp.tanh(STATE @ h), h), start, None, 6)[1]


def statistics(x: Array) -> Array:
    return jnp.stack([jax.nn.logsumexp(x), (x**2).mean(), jnp.prod(x[:3])])


def normalized(x: Array) -> Array:
    return ((x - x.mean()) / jnp.sqrt(x.var() + 1e-5) * LAYERS[1][0][0]).sum()


def steps(gradient: Any) -> Any:
    return lambda x: lax.scan(lambda c, _: (c - 0.1 * gradient(c), None), x, None, 4)[0]


# wasteful, the other mode, what it is measured at
MODES: dict[str, tuple[Any, Any, Array]] = {
    "an MLP": (jax.jacfwd(mlp), jax.jacrev(mlp), draw(24)),
    "its loss": (jax.jacfwd(loss), jax.grad(loss), draw(24)),
    "gelu and softmax": (jax.jacfwd(classifier), jax.jacrev(classifier), draw(24)),
    "a convolution": (jax.jacfwd(pooled), jax.jacrev(pooled), IMAGE),
    "a convolution of a batch": (jax.jacfwd(pooled_batch), jax.jacrev(pooled_batch), BATCH),
    "attention": (jax.jacfwd(attention), jax.jacrev(attention), draw(7, 6)),
    "an RNN": (jax.jacfwd(rnn), jax.jacrev(rnn), draw(6, 4)),
    "reductions": (jax.jacfwd(statistics), jax.jacrev(statistics), draw(24)),
    "a layer norm": (jax.jacfwd(normalized), jax.grad(normalized), draw(16)),
    "a norm": (jax.jacfwd(jnp.linalg.norm), jax.grad(jnp.linalg.norm), draw(24)),
    "a gather": (
        jax.jacfwd(lambda x: jnp.sin(x[np.array([1, 3, 5])]).sum()),
        jax.grad(lambda x: jnp.sin(x[np.array([1, 3, 5])]).sum()),
        draw(24),
    ),
    "a sort": (
        jax.jacfwd(lambda x: jnp.sort(jnp.sin(x))[:2]),
        jax.jacrev(lambda x: jnp.sort(jnp.sin(x))[:2]),
        draw(24),
    ),
    "a Fourier transform": (
        jax.jacfwd(lambda x: jnp.abs(jnp.fft.rfft(x))[:2]),
        jax.jacrev(lambda x: jnp.abs(jnp.fft.rfft(x))[:2]),
        draw(16),
    ),
    "a Cholesky": (
        jax.jacfwd(lambda x: jnp.sin(jnp.linalg.cholesky(jnp.outer(x, x) + POSITIVE)).sum()),
        jax.grad(lambda x: jnp.sin(jnp.linalg.cholesky(jnp.outer(x, x) + POSITIVE)).sum()),
        draw(5),
    ),
    "in a loop": (steps(jax.jacfwd(loss)), steps(jax.grad(loss)), draw(24)),
    "a decoder": (jax.jacrev(decoder), jax.jacfwd(decoder), draw(3)),
    "a rollout": (jax.jacrev(rollout), jax.jacfwd(rollout), draw(2)),
    # the residuals are there, so that the checkpoint does not have to run again
    "a checkpoint": (jax.jacfwd(jax.checkpoint(loss)), jax.grad(loss), draw(24)),
    "a convolution by its kernel": (
        jax.jacrev(lambda kernel: convolve(BATCH[:1], kernel)),
        jax.jacfwd(lambda kernel: convolve(BATCH[:1], kernel)),
        draw(1, 1, 2, 1),
    ),
}


@pytest.mark.parametrize(("fn", "instead", "x"), MODES.values(), ids=MODES)
def test_the_other_mode_saves_what_is_reported(fn: Any, instead: Any, x: Array) -> None:
    report, better = measure(fn, (x,)), measure(instead, (x,))
    saved = report.flops - better.flops
    assert report.wrong_modes.flops == pytest.approx(saved, rel=0.01)
    assert "about" not in report.wrong_modes[0].hint
    better.check(wrong_modes=0)


def sine(x: Array) -> Array:
    return jnp.sin(x @ x)


# wasteful, the other mode, what it is measured at, why there is no edit
ABOUT: dict[str, tuple[Any, Any, Array, str]] = {
    "each example of a batch": (
        jax.vmap(jax.jacfwd(loss)),
        jax.vmap(jax.grad(loss)),
        draw(3, 24),
        "the Jacobian is made for each example of a batch",
    ),
    "a Jacobian in a Jacobian": (
        jax.jacfwd(jax.jacfwd(sine)),
        jax.jacfwd(jax.grad(sine)),
        draw(24),
        "the Jacobian is made for each example of a batch",
    ),
}


@pytest.mark.parametrize(("fn", "instead", "x", "reason"), ABOUT.values(), ids=ABOUT)
def test_without_an_edit_the_price_is_of_the_equations(
    fn: Any, instead: Any, x: Array, reason: str
) -> None:
    report, better = measure(fn, (x,)), measure(instead, (x,))
    saved = report.flops - better.flops
    (found,) = report.wrong_modes
    assert found.flops == pytest.approx(saved, rel=0.1)
    assert found.hint.endswith("1 output: jax.grad pulls a cotangent")
    assert (found.edits, found.no_edit, found.exact) == ((), reason, False)
    better.check(wrong_modes=0)


ONES = np.ones(24, "float32")
ROW, LONG, STEP = draw(3), draw(30), draw(10)
V = draw(24)


def scaled(x: Array) -> Array:
    return x * jnp.tanh(x)


# wasteful, the product alone, what it is measured at
PRODUCTS: dict[str, tuple[Any, Any, Array]] = {
    "jacrev of an MLP": (lambda x: jax.jacrev(mlp)(x) @ V, jvp(mlp, V), draw(24)),
    "jacfwd of an MLP": (lambda x: ROW @ jax.jacfwd(mlp)(x), vjp(mlp, ROW), draw(24)),
    "jacrev of a decoder": (lambda z: jax.jacrev(decoder)(z) @ ROW, jvp(decoder, ROW), draw(3)),
    "jacfwd of a decoder": (lambda z: LONG @ jax.jacfwd(decoder)(z), vjp(decoder, LONG), draw(3)),
    "jacrev of an RNN": (lambda h: jax.jacrev(states)(h) @ STEP, jvp(states, STEP), draw(10)),
    "jacfwd of an RNN": (lambda h: STEP @ jax.jacfwd(states)(h), vjp(states, STEP), draw(10)),
    "a Hessian": (lambda x: jax.hessian(loss)(x) @ V, jvp(jax.grad(loss), V), draw(24)),
    "a Hessian in reverse": (
        lambda x: jax.jacrev(jax.grad(loss))(x) @ V,
        jvp(jax.grad(loss), V),
        draw(24),
    ),
    "its diagonal": (lambda x: jnp.diag(jax.jacfwd(scaled)(x)), jvp(scaled, ONES), draw(24)),
    "its trace": (
        lambda x: jnp.trace(jax.jacfwd(scaled)(x)),
        lambda x: jvp(scaled, ONES)(x).sum(),
        draw(24),
    ),
    "all its entries": (
        lambda x: jax.jacfwd(scaled)(x).sum(),
        lambda x: jvp(scaled, ONES)(x).sum(),
        draw(24),
    ),
}


@pytest.mark.parametrize(("fn", "instead", "x"), PRODUCTS.values(), ids=PRODUCTS)
def test_the_product_saves_what_is_reported(fn: Any, instead: Any, x: Array) -> None:
    report, better = measure(fn, (x,)), measure(instead, (x,))
    saved = report.flops - better.flops
    # jax.hessian pulls with an identity matrix of one element, which jax.grad does without
    indices = 6 * x.size if fn is PRODUCTS["its diagonal"][0] else 0  # still looked up in some JAX
    assert saved - indices - 2 <= report.full_jacobians.flops <= saved + 2
    assert "about" not in report.full_jacobians[0].hint
    better.check(full_jacobians=0)
