"""A Kalman filter with missing observations, and the linearization of an extended one."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy.linalg import lu_factor, lu_solve

from .arrays import normal, weights

Model = dict[str, Array]
State = tuple[Array, Array]

N, M = 6, 4
MODEL = {
    "motion": 0.9 * np.eye(N, dtype=np.float32) + normal(N, N, scale=0.05),
    "push": normal(N, 5, scale=0.3),
    "sensor": normal(M, N),
}
DATA, BATCH = normal(12, M), normal(3, 12, M)
SEEN = np.array([[True, True, False] * 4, [True] * 12, [False, True] * 6])
DRIFT, GAIN = weights(12, 12), normal(12, 8, scale=0.1)
POSE, KICK = normal(12), normal(8)
SURPRISE, SPREAD = normal(16), 3 * np.eye(16, dtype=np.float32) + normal(16, 16, scale=0.2)


def process_noise(model: Model) -> Array:
    return model["push"] @ model["push"].T + 1e-2 * jnp.eye(N)  # <- waste: kalman.process_noise


def predict(model: Model, state: State, noise: Array) -> State:
    mean, covariance = state
    return model["motion"] @ mean, model["motion"] @ covariance @ model["motion"].T + noise


def update(model: Model, state: State, y: Array) -> State:
    mean, covariance = state
    seen = model["sensor"] @ covariance
    spread = seen @ model["sensor"].T + 0.1 * jnp.eye(M)
    gain = jnp.linalg.solve(spread, seen).T
    return mean + gain @ (y - model["sensor"] @ mean), covariance - gain @ seen


def run(step: Callable[[State, Array], tuple[State, Array]], data: Array) -> Array:
    return lax.scan(step, (jnp.zeros(N), jnp.eye(N)), data)[1]


# The covariance of the noise is made again in each step.


def means_with_noise_in_step(model: Model, data: Array) -> Array:
    def step(state: State, y: Array) -> tuple[State, Array]:
        predicted = predict(model, state, process_noise(model))  # <- waste: kalman.process_noise
        state = update(model, predicted, y)
        return state, state[0]

    return run(step, data)


def means(model: Model, data: Array) -> Array:
    noise = process_noise(model)

    def step(state: State, y: Array) -> tuple[State, Array]:
        state = update(model, predict(model, state, noise), y)
        return state, state[0]

    return run(step, data)


# The same matrix is factored to solve with it and for its determinant.


def log_density_by_two_factors(surprise: Array, spread: Array) -> Array:
    distance = surprise @ jnp.linalg.solve(spread, surprise)  # <- waste: kalman.log_density
    return -0.5 * (distance + jnp.linalg.slogdet(spread)[1])  # <- waste: kalman.log_density


def log_density(surprise: Array, spread: Array) -> Array:
    factors = lu_factor(spread)
    log_determinant = jnp.sum(jnp.log(jnp.abs(jnp.diag(factors[0]))))
    return -0.5 * (surprise @ lu_solve(factors, surprise) + log_determinant)


# A branch for missing observations, in a filter that runs on a batch.


def observe(model: Model, state: State, y: Array, seen: Array) -> State:
    return lax.cond(  # <- waste: kalman.missing
        seen, lambda state: update(model, state, y), lambda state: state, state
    )


def means_of_one(model: Model, noise: Array, data: Array, seen: Array) -> Array:
    def step(state: State, given: tuple[Array, Array]) -> tuple[State, Array]:
        state = observe(model, predict(model, state, noise), *given)  # <- waste: kalman.missing
        return state, state[0]

    return run(step, (data, seen))


def means_by_vmap(model: Model, batch: Array, seen: Array) -> Array:
    noise = process_noise(model)
    one = jax.vmap(means_of_one, (None, None, 0, 0))
    return one(model, noise, batch, seen)  # <- waste: kalman.missing


def means_by_map(model: Model, batch: Array, seen: Array) -> Array:
    noise = process_noise(model)
    return lax.map(lambda given: means_of_one(model, noise, *given), (batch, seen))


# Noise that is added moves no drift: its tangents are zero there.


def drift(w: Array, pose: Array) -> Array:
    return pose + 0.1 * jnp.sin(w @ jnp.tanh(w @ pose))  # <- waste: kalman.linearized


def motion(w: Array, gain: Array, pose: Array, kick: Array) -> Array:
    return drift(w, pose) + gain @ jnp.sin(kick)  # <- waste: kalman.linearized


def linearized_by_one_call(w: Array, gain: Array, pose: Array, kick: Array) -> tuple[Array, Array]:
    return jax.jacfwd(motion, (2, 3))(w, gain, pose, kick)  # <- waste: kalman.linearized


def linearized(w: Array, gain: Array, pose: Array, kick: Array) -> tuple[Array, Array]:
    by_kick = jax.jacfwd(lambda kick: gain @ jnp.sin(kick))(kick)
    return jax.jacfwd(drift, 1)(w, pose), by_kick
