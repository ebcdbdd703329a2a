"""A recurrent network with dropout and normalized weights."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

from .arrays import normal, weights

Params = dict[str, Array]

PARAMS = {"in": weights(12, 12, "in"), "rec": weights(12, 12, "rec"), "out": normal(12, 3)}
XS, TARGETS, WIDE = normal(20, 12), normal(20, 3), normal(20, 64)
WIDTH = 12


def cell(recurrent: Array, inputs: Array, state: Array, x: Array) -> Array:
    return jnp.tanh(state @ recurrent + x @ inputs)


def states(params: Params, xs: Array) -> Array:
    def step(state: Array, x: Array) -> tuple[Array, Array]:
        state = cell(params["rec"], params["in"], state, x)
        return state, state

    return lax.scan(step, jnp.zeros(WIDTH), xs)[1]


# Both masks are drawn with one key.


def dropout(key: Array, x: Array) -> Array:
    return jnp.where(jax.random.bernoulli(key, 0.8, x.shape), x / 0.8, 0.0)  # <- waste: rnn.dropout


def outputs_with_one_key(params: Params, xs: Array, key: Array) -> Array:
    hidden = states(params, dropout(key, xs))  # <- waste: rnn.dropout
    return dropout(key, hidden) @ params["out"]  # <- waste: rnn.dropout


def outputs(params: Params, xs: Array, key: Array) -> Array:
    before, after = jax.random.split(key)
    hidden = states(params, dropout(before, xs))
    return dropout(after, hidden) @ params["out"]


# The weights are normalized in each step.


def unit_columns(w: Array) -> Array:
    return w / jnp.linalg.norm(w, axis=0)  # <- waste: rnn.unit_columns


def normalized_step_by_step(params: Params, xs: Array) -> Array:
    def step(state: Array, x: Array) -> tuple[Array, Array]:
        recurrent = unit_columns(params["rec"])  # <- waste: rnn.unit_columns
        state = cell(recurrent, params["in"], state, x)
        return state, state

    return lax.scan(step, jnp.zeros(WIDTH), xs)[1]


def normalized(params: Params, xs: Array) -> Array:
    return states(params | {"rec": unit_columns(params["rec"])}, xs)


def loss_step_by_step(params: Params, xs: Array, targets: Array) -> Array:
    return jnp.mean((normalized_step_by_step(params, xs) @ params["out"] - targets) ** 2)


def loss(params: Params, xs: Array, targets: Array) -> Array:
    return jnp.mean((normalized(params, xs) @ params["out"] - targets) ** 2)


# The variance takes the mean once more.


def standardized_with_two_means(states: Array) -> Array:
    mean = jnp.mean(states, axis=-1, keepdims=True)  # <- waste: rnn.standardized
    variance = jnp.var(states, axis=-1, keepdims=True)  # <- waste: rnn.standardized
    return (states - mean) / jnp.sqrt(variance + 1e-5)


def standardized(states: Array) -> Array:
    centered = states - jnp.mean(states, axis=-1, keepdims=True)
    variance = jnp.mean(centered**2, axis=-1, keepdims=True)
    return centered / jnp.sqrt(variance + 1e-5)
