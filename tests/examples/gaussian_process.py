"""Regression with a Gaussian process, and draws from one on a fixed grid."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.scipy.linalg import cho_factor, cho_solve

from .arrays import normal

Params = dict[str, Array]

PARAMS = {"scale": normal() * 0 + 0.8, "variance": normal() * 0 + 1.2}
X, Y, POINTS, NOISE = normal(24, 3), normal(24), normal(4, 3), normal(24, of="noise")
STEPS, LEVEL = normal(40), normal() * 0 + 2
JITTER = 1e-2


def gram(params: Params, a: Array, b: Array) -> Array:
    squares = jnp.sum((a[:, None] - b[None, :]) ** 2, axis=-1)
    return params["variance"] * jnp.exp(-0.5 * squares / params["scale"] ** 2)


def covariance(params: Params, x: Array) -> Array:
    return gram(params, x, x) + JITTER * jnp.eye(len(x))


def log_density(factor: tuple[Array, bool], y: Array) -> Array:
    log_determinant = 2 * jnp.sum(jnp.log(jnp.diag(factor[0])))
    return -0.5 * (y @ cho_solve(factor, y) + log_determinant)


# The kernel is evaluated for the density and again for a penalty.


def penalized_with_two_kernels(params: Params, x: Array, y: Array) -> Array:
    fit = log_density(cho_factor(covariance(params, x)), y)  # <- waste: gaussian_process.kernel
    return fit - 0.1 * jnp.sum(gram(params, x, x) ** 2)  # <- waste: gaussian_process.kernel


def penalized(params: Params, x: Array, y: Array) -> Array:
    kernel = gram(params, x, x)
    fit = log_density(cho_factor(kernel + JITTER * jnp.eye(len(x))), y)
    return fit - 0.1 * jnp.sum(kernel**2)


# Each prediction factors the same matrix.


def predict(params: Params, x: Array, y: Array, point: Array) -> Array:
    factor = cho_factor(covariance(params, x))  # <- waste: gaussian_process.predictions
    across = gram(params, point[None], x)[0]
    return across @ cho_solve(factor, y)  # <- waste: gaussian_process.predictions


def predictions_one_by_one(params: Params, x: Array, y: Array, points: Array) -> list[Array]:
    return [predict(params, x, y, p) for p in points]  # <- waste: gaussian_process.predictions


def predictions(params: Params, x: Array, y: Array, points: Array) -> list[Array]:
    coefficients = cho_solve(cho_factor(covariance(params, x)), y)
    return [gram(params, point[None], x)[0] @ coefficients for point in points]


# One function factors the matrix to solve with it, another one to draw with it.


def fit_and_draw_apart(params: Params, x: Array, y: Array, noise: Array) -> tuple[Array, Array]:
    matrix = covariance(params, x)
    coefficients = cho_solve(cho_factor(matrix), y)  # <- waste: gaussian_process.two_factors
    draw = jnp.linalg.cholesky(matrix) @ noise  # <- waste: gaussian_process.two_factors
    return coefficients, draw


def fit_and_draw(params: Params, x: Array, y: Array, noise: Array) -> tuple[Array, Array]:
    factor = jnp.linalg.cholesky(covariance(params, x))
    return cho_solve((factor, True), y), factor @ noise


# The walk's covariance is made of literals alone, and is factored in every call.


def walk_covariance(n: int) -> Array:
    times = jnp.linspace(0.1, 4.0, n)
    return jnp.minimum(times[:, None], times[None, :])


def walk_on_new_grid(level: Array, steps: Array) -> Array:
    factor = jnp.linalg.cholesky(walk_covariance(len(steps)))  # <- waste: gaussian_process.walk
    return level + factor @ steps


def walk(level: Array, steps: Array, factor: Array) -> Array:
    return level + factor @ steps


def walk_with_given_grid(level: Array, steps: Array) -> Array:
    """The healthy program under the wasteful one's arguments."""
    return walk(level, steps, WALK_FACTOR)


WALK_FACTOR = jnp.linalg.cholesky(walk_covariance(len(STEPS)))
