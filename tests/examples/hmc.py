"""Hamiltonian Monte Carlo for a logistic regression."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy.linalg import cho_factor, cho_solve

from .arrays import normal

X, LABELS = normal(20, 8), (normal(20) > 0).astype(np.float32)
POSITION, MOMENTUM = normal(8, of="position"), normal(8, of="momentum")
ROOT = normal(8, 8, scale=0.2)
MASS = ROOT @ ROOT.T + np.eye(8, dtype=np.float32)
STEP, STEPS = 0.05, 5


def potential(position: Array, x: Array, labels: Array) -> Array:
    logits = x @ position
    return jnp.sum(jnp.logaddexp(0.0, logits) - labels * logits) + 0.5 * position @ position


def force(position: Array, x: Array, labels: Array) -> Array:
    return -jax.grad(potential)(position, x, labels)


# A step ends with the force that the next one begins with.


def leapfrog_with_two_forces(
    position: Array, momentum: Array, x: Array, labels: Array
) -> tuple[Array, Array]:
    for _ in range(STEPS):
        momentum = momentum + STEP / 2 * force(position, x, labels)  # <- waste: hmc.leapfrog
        position = position + STEP * momentum
        momentum = momentum + STEP / 2 * force(position, x, labels)  # <- waste: hmc.leapfrog
    return position, momentum


def leapfrog(position: Array, momentum: Array, x: Array, labels: Array) -> tuple[Array, Array]:
    kick = STEP / 2 * force(position, x, labels)
    for _ in range(STEPS):
        momentum = momentum + kick
        position = position + STEP * momentum
        kick = STEP / 2 * force(position, x, labels)
        momentum = momentum + kick
    return position, momentum


# A random walk draws the step and the acceptance with one key.


def accept(key: Array, before: Array, after: Array, x: Array, labels: Array) -> Array:
    change = potential(before, x, labels) - potential(after, x, labels)
    level = jnp.log(jax.random.uniform(key))  # <- waste: hmc.keys
    return jnp.where(level < change, after, before)


def walk_with_one_key(key: Array, position: Array, x: Array, labels: Array) -> Array:
    moved = position + 0.1 * jax.random.normal(key, position.shape)  # <- waste: hmc.keys
    return accept(key, position, moved, x, labels)  # <- waste: hmc.keys


def walk(key: Array, position: Array, x: Array, labels: Array) -> Array:
    for_step, for_acceptance = jax.random.split(key)
    moved = position + 0.1 * jax.random.normal(for_step, position.shape)
    return accept(for_acceptance, position, moved, x, labels)


# The mass matrix is factored in each step.


def velocity(mass: Array, momentum: Array) -> Array:
    return cho_solve(cho_factor(mass), momentum)  # <- waste: hmc.mass


def drifted_step_by_step(
    mass: Array, position: Array, momentum: Array, x: Array, labels: Array
) -> Array:
    def step(_: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        position, momentum = state
        momentum = momentum + STEP * force(position, x, labels)
        return position + STEP * velocity(mass, momentum), momentum  # <- waste: hmc.mass

    return lax.fori_loop(0, STEPS, step, (position, momentum))[0]


def drifted(mass: Array, position: Array, momentum: Array, x: Array, labels: Array) -> Array:
    factor = cho_factor(mass)

    def step(_: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        position, momentum = state
        momentum = momentum + STEP * force(position, x, labels)
        return position + STEP * cho_solve(factor, momentum), momentum

    return lax.fori_loop(0, STEPS, step, (position, momentum))[0]
