"""Steps of an optimizer for a nonlinear least-squares problem."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from .arrays import normal, weights

Params = dict[str, Array]

PARAMS = {"in": weights(8, 16), "out": weights(16, 3)}
MOMENTS = {"in": weights(8, 16, "moments"), "out": weights(16, 3, "moments")}
X, Y = normal(10, 8), normal(10, 3)
POINT, ALONG, ACROSS = normal(20, of="point"), normal(20, of="along"), normal(20, of="across")
MATRIX = weights(20, 20)
COUNT = np.float32(3)


def residuals(params: Params, x: Array, y: Array) -> Array:
    return jnp.tanh(x @ params["in"]) @ params["out"] - y


def loss(params: Params, x: Array, y: Array) -> Array:
    return 0.5 * jnp.mean(residuals(params, x, y) ** 2)


def global_norm(tree: Params) -> Array:
    return jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree)))


def descend(
    params: Params, moments: Params, gradient: Params, rate: Array
) -> tuple[Params, Params]:
    moments = jax.tree.map(lambda m, g: 0.9 * m + g, moments, gradient)
    return jax.tree.map(lambda p, m: p - rate * m, params, moments), moments


# The norm is computed to clip the gradient and again to log it.


def clip(gradient: Params) -> Params:
    factor = jnp.minimum(1.0, 0.5 / global_norm(gradient))  # <- waste: optimizer.norm
    return jax.tree.map(lambda g: factor * g, gradient)


def clipped_and_norm_apart(gradient: Params) -> tuple[Params, Array]:
    return clip(gradient), global_norm(gradient)  # <- waste: optimizer.norm


def clipped_and_norm(gradient: Params) -> tuple[Params, Array]:
    norm = global_norm(gradient)
    factor = jnp.minimum(1.0, 0.5 / norm)
    return jax.tree.map(lambda g: factor * g, gradient), norm


# The loss is evaluated beside its gradient.


def step_and_loss_apart(params: Params, moments: Params, x: Array, y: Array) -> tuple[Params, ...]:
    gradient = jax.grad(loss)(params, x, y)  # <- waste: optimizer.step
    params_after, moments = descend(params, moments, gradient, 1e-2)
    return params_after, moments, loss(params, x, y)  # <- waste: optimizer.step


def step_and_loss(params: Params, moments: Params, x: Array, y: Array) -> tuple[Params, ...]:
    value, gradient = jax.value_and_grad(loss)(params, x, y)
    return *descend(params, moments, gradient, 1e-2), value


# Products with one Hessian, each of which differentiates at the same point again.


def objective(matrix: Array, point: Array) -> Array:
    return jnp.sum(jnp.cos(matrix @ point) ** 2)


def sharpness_by_jvps(matrix: Array, point: Array, vector: Array) -> Array:
    def gradient(point: Array) -> Array:
        return jax.grad(objective, 1)(matrix, point)

    def iterate(_: Array, vector: Array) -> Array:
        product = jax.jvp(gradient, (point,), (vector,))[1]  # <- waste: optimizer.sharpness
        return product / jnp.linalg.norm(product)

    return lax.fori_loop(0, 12, iterate, vector)


def sharpness(matrix: Array, point: Array, vector: Array) -> Array:
    _, times_hessian = jax.linearize(lambda point: jax.grad(objective, 1)(matrix, point), point)

    def iterate(_: Array, vector: Array) -> Array:
        product = times_hessian(vector)
        return product / jnp.linalg.norm(product)

    return lax.fori_loop(0, 12, iterate, vector)


# Two tangents at one point.


def forces(matrix: Array, point: Array) -> Array:
    return jnp.sin(matrix @ jnp.tanh(matrix @ point))


def slopes_apart(matrix: Array, point: Array, a: Array, b: Array) -> tuple[Array, Array]:
    along = jax.jvp(lambda p: forces(matrix, p), (point,), (a,))[1]  # <- waste: optimizer.slopes
    across = jax.jvp(lambda p: forces(matrix, p), (point,), (b,))[1]  # <- waste: optimizer.slopes
    return along, across


def slopes(matrix: Array, point: Array, a: Array, b: Array) -> tuple[Array, Array]:
    _, push = jax.linearize(lambda p: forces(matrix, p), point)
    return push(a), push(b)


# The schedule is a function of Python's that each use calls.


def scheduled(count: Array) -> Array:
    return jax.pure_callback(_rate, jax.ShapeDtypeStruct((), jnp.float32), count)


def decayed_with_two_calls(params: Params, gradient: Params, count: Array) -> Params:
    kept = 1 - 0.1 * scheduled(count)  # <- waste: optimizer.schedule
    rate = scheduled(count)  # <- waste: optimizer.schedule
    return jax.tree.map(lambda p, g: kept * p - rate * g, params, gradient)


def decayed(params: Params, gradient: Params, count: Array) -> Params:
    rate = scheduled(count)
    kept = 1 - 0.1 * rate
    return jax.tree.map(lambda p, g: kept * p - rate * g, params, gradient)


def _rate(count: np.ndarray) -> np.ndarray:
    return np.float32(0.1 / (1 + count))
