"""Healthy programs: loops, batches, constants and callbacks as careful authors write them."""

# ruff: noqa: ANN001, ANN201, ANN202
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Program = tuple[Callable[..., Any], tuple[Any, ...]]
HEALTHY: dict[str, Program] = {}

VECTOR = jnp.linspace(0.1, 0.9, 48)
SQUARE = jnp.eye(8) * 3 + jnp.linspace(0.0, 1.0, 64).reshape(8, 8)
BATCH = jnp.linspace(-1.0, 1.0, 40).reshape(5, 8)
MATRICES = jnp.stack([SQUARE, SQUARE + 1.0, SQUARE.T])
KEY = jax.random.PRNGKey(0)


def program(*args: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a function with its arguments to the table, and its gradient if it is a scalar loss."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        HEALTHY[function.__name__] = (function, args)
        out = jax.eval_shape(function, *args)
        if _is_loss(out) and all(jnp.issubdtype(arg.dtype, jnp.floating) for arg in args[:1]):
            HEALTHY[f"grad_{function.__name__}"] = (jax.grad(function), args)
            HEALTHY[f"value_and_grad_{function.__name__}"] = (jax.value_and_grad(function), args)
        return function

    return add


def _is_loss(out: Any) -> bool:
    return getattr(out, "shape", None) == () and jnp.issubdtype(out.dtype, jnp.floating)


@program(SQUARE, SQUARE, BATCH)
def recurrent_network(w, u, xs):
    def step(h, x):
        h = jnp.tanh(h @ w + x @ u)
        return h, h

    return jnp.sum(lax.scan(step, jnp.zeros(8), xs)[1] ** 2)


@program(jnp.ones((4, 16, 8)) * 0.1, BATCH)
def gated_recurrent_network(w, xs):
    def step(h, x):
        both = jnp.concatenate([h, x])
        z, r = jax.nn.sigmoid(both @ w[0]), jax.nn.sigmoid(both @ w[1])
        candidate = jnp.tanh(jnp.concatenate([r * h, x]) @ w[2])
        return (1.0 - z) * h + z * candidate, None

    return jnp.sum(lax.scan(step, jnp.zeros(8), xs)[0])


def attention(q, k, v):
    scores = jnp.einsum("qd,kd->qk", q, k) / jnp.sqrt(q.shape[-1])
    mask = jnp.tril(jnp.ones(scores.shape, bool))
    return jax.nn.softmax(jnp.where(mask, scores, -jnp.inf), axis=-1) @ v


def layer(x, w):
    centered = x - x.mean(-1, keepdims=True)
    normal = centered * lax.rsqrt(jnp.mean(centered**2, -1, keepdims=True) + 1e-6)
    x = x + attention(normal @ w[0], normal @ w[1], normal @ w[2])
    return x + jax.nn.gelu(x @ w[0]) @ w[1]


@program(jnp.ones((4, 3, 8, 8)) * 0.1, BATCH)
def scanned_layers(weights, x):
    return jnp.sum(lax.scan(lambda h, w: (layer(h, w), None), x, weights)[0] ** 2)


@program(jnp.ones((4, 3, 8, 8)) * 0.1, BATCH)
def checkpointed_layers(weights, x):
    step = jax.checkpoint(lambda h, w: (layer(h, w), None))
    return jnp.sum(lax.scan(step, x, weights)[0] ** 2)


@program(jnp.ones((3, 8, 8)) * 0.1, jnp.stack([BATCH, BATCH + 1.0]))
def batched_attention(w, x):
    return jnp.mean(jax.vmap(layer, in_axes=(0, None))(x, w) ** 2)


@program(VECTOR)
def runge_kutta(y):
    def field(t, y):
        return -y * jnp.sin(t)

    def step(i, y):
        t, h = i * 0.1, 0.1
        k1 = field(t, y)
        k2 = field(t + h / 2, y + h / 2 * k1)
        return y + h * k2

    return jnp.sum(lax.fori_loop(0, 20, step, y))


@program(SQUARE, SQUARE, BATCH)
def kalman_filter(a, q, ys):
    def step(state, y):
        mean, cov = state
        mean, cov = a @ mean, a @ cov @ a.T + q
        gain = jnp.linalg.solve(cov + jnp.eye(8), cov)
        return (mean + gain @ (y - mean), cov - gain @ cov), None

    return jnp.sum(lax.scan(step, (jnp.zeros(8), jnp.eye(8)), ys)[0][0])


@program(SQUARE, BATCH, BATCH)
def training_loop(w, x, y):
    def loss(w):
        return jnp.mean((jnp.tanh(x @ w) - y) ** 2)

    def step(state, _):
        w, m, v, t = state
        g = jax.grad(loss)(w)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        return (
            w - 0.01 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8),
            m,
            v,
            t + 1,
        ), None

    zeros = jnp.zeros_like(w)
    return lax.scan(step, (w, zeros, zeros, 1.0), None, length=10)[0][0]


@program(jnp.zeros(8), KEY)
def random_walk(x, key):
    def step(x, key):
        return x + 0.1 * jax.random.normal(key, x.shape), None

    return jnp.sum(lax.scan(step, x, jax.random.split(key, 10))[0])


@program(VECTOR)
def noise_from_a_key_made_inside(x):
    noise = jax.random.normal(jax.random.key(1), x.shape)
    return jnp.sum(jnp.sin(x + 0.1 * noise))


@program(VECTOR)
def newton_iteration(a):
    def unfinished(state):
        x, i = state
        return (jnp.max(jnp.abs(x * x - a)) > 1e-6) & (i < 50)

    return lax.while_loop(unfinished, lambda s: (0.5 * (s[0] + a / s[0]), s[1] + 1), (a, 0))[0]


@program(SQUARE, VECTOR[:8])
def power_iteration_by_while(a, x):
    def step(state):
        i, x, a = state
        y = a @ x
        return i + 1, y / jnp.linalg.norm(y), a

    return lax.while_loop(lambda s: s[0] < 10, step, (0, x, a))[1]


@program(MATRICES, BATCH[:3])
def batched_solve(a, b):
    return jnp.sum(jax.vmap(jnp.linalg.solve)(a, b))


@program(SQUARE, BATCH)
def one_matrix_for_a_batch(a, xs):
    return jnp.sum(jax.vmap(lambda x: jnp.tanh(a @ x))(xs))


@program(SQUARE, BATCH, BATCH)
def per_example_gradients(w, xs, ys):
    def loss(w, x, y):
        return jnp.sum((jnp.tanh(x @ w) - y) ** 2)

    return jax.vmap(jax.grad(loss), in_axes=(None, 0, 0))(w, xs, ys)


@program(VECTOR[:8])
def jacobians_and_hessian(x):
    def f(x):
        return jnp.sin(x) * jnp.sum(x)

    return jax.jacfwd(f)(x), jax.jacrev(f)(x), jax.hessian(lambda x: jnp.sum(f(x)))(x)


@program(BATCH, VECTOR[:8], VECTOR[8:16])
def normalized_by_row_and_column(x, scale, shift):
    x = (x - x.mean(0)) / (x.std(0) + 1e-5)
    x = x / jnp.sum(jnp.abs(x), axis=1)[:, None]
    return jnp.sum(x * scale + shift)


@program(BATCH, BATCH)
def pairwise_distances(x, y):
    return jnp.sum(jnp.sqrt(jnp.sum((x[:, None] - y[None]) ** 2, -1) + 1e-9))


@program(VECTOR, VECTOR)
def outer_and_one_hot(x, y):
    labels = jax.nn.one_hot(jnp.argmax(y), 48)
    return jnp.sum(jnp.outer(x, y) * labels) + jnp.sum(jnp.ones(48) * x[0])


@program(jnp.ones((2, 3, 8, 8)), jnp.ones((4, 3, 3, 3)), jnp.ones(4))
def convolution_with_bias(x, w, b):
    y = lax.conv(x, w, (1, 1), "SAME") + b[None, :, None, None]
    return jnp.mean(jax.nn.relu(y))


@program(VECTOR, jnp.array(True))
def branch_with_one_predicate(x, p):
    return jnp.sum(jax.vmap(lambda x, p: lax.cond(p, jnp.sin, jnp.cos, x), (0, None))(x, p))


@program(BATCH, jnp.array([True, False, True, True, False]))
def selection_that_was_written(x, p):
    return jnp.sum(jnp.where(p[:, None], jnp.sin(x), jnp.cos(x)))


@program(VECTOR)
def generalized_advantage(rewards):
    def step(carry, r):
        carry = r + 0.99 * 0.95 * carry
        return carry, carry

    return jnp.sum(lax.scan(step, 0.0, rewards, reverse=True)[1])


@program(BATCH)
def positions_and_small_tables(x):
    positions = jnp.arange(8) / 8
    table = jnp.sin(positions * jnp.array([1.0, 2.0, 4.0])[:, None])
    window = jnp.where(jnp.abs(positions - 0.5) < 0.3, 1.0, 0.0)
    return jnp.sum(x @ table.T) + jnp.sum(x * window)


@program(SQUARE.astype(jnp.bfloat16), BATCH.astype(jnp.bfloat16))
def narrow_dots(w, x):
    return jnp.sum(jnp.dot(x, w, preferred_element_type=jnp.float32))


@program(SQUARE, BATCH)
def dots_narrowed_before(w, x):
    return jnp.sum((x.astype(jnp.bfloat16) @ w.astype(jnp.bfloat16)).astype(jnp.float32))


def host_sine(x):
    return np.sin(x)


def host_cosine(x):
    return np.cos(x)


@program(VECTOR)
def different_callbacks(x):
    call = functools.partial(jax.pure_callback, result_shape_dtypes=jax.typeof(x))
    return call(host_sine, x=x) + call(host_cosine, x=x) + call(host_sine, x=x + 1.0)


@program(VECTOR)
def callback_of_the_carry(x):
    def step(c, _):
        return jax.pure_callback(host_sine, jax.typeof(c), c), None

    return lax.scan(step, x, None, length=4)[0]
