"""A neural ordinary differential equation, and a stiff linear one."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

from .arrays import normal, weights

Params = dict[str, Array]

PARAMS = {"in": weights(6, 24), "out": 0.3 * weights(24, 6)}
START, DATA = normal(6), normal(20, 6)
STIFFNESS = normal(12, 12, scale=0.2)
DISPLACEMENT = normal(12)
DT = 0.1


def field(params: Params, y: Array) -> Array:
    return jnp.tanh(y @ params["in"]) @ params["out"] - 0.5 * y


def rk4(params: Params, y: Array) -> Array:
    k1 = field(params, y)
    k2 = field(params, y + DT / 2 * k1)
    k3 = field(params, y + DT / 2 * k2)
    k4 = field(params, y + DT * k3)
    return y + DT / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def trajectory(params: Params, start: Array) -> Array:
    def step(y: Array, _: None) -> tuple[Array, Array]:
        y = rk4(params, y)
        return y, y

    return lax.scan(step, start, None, length=len(DATA))[1]


def misfit(params: Params, start: Array, data: Array) -> Array:
    return jnp.mean((trajectory(params, start) - data) ** 2)


# The trajectory is solved for the misfit and again for its gradient.


def misfit_and_gradient_apart(params: Params, start: Array, data: Array) -> tuple[Array, Params]:
    value = misfit(params, start, data)  # <- waste: ode.value_and_gradient
    return value, jax.grad(misfit)(params, start, data)  # <- waste: ode.value_and_gradient


misfit_and_gradient = jax.value_and_grad(misfit)


# One gradient for each argument.


def gradients_apart(params: Params, start: Array, data: Array) -> tuple[Params, Array]:
    by_params = jax.grad(misfit, 0)(params, start, data)  # <- waste: ode.gradients
    by_start = jax.grad(misfit, 1)(params, start, data)  # <- waste: ode.gradients
    return by_params, by_start


gradients = jax.grad(misfit, argnums=(0, 1))


# A matrix that no step changes is factored in each step.


def relaxed_step_by_step(stiffness: Array, start: Array) -> Array:
    def step(y: Array, _: None) -> tuple[Array, Array]:
        system = jnp.eye(len(y)) - DT * stiffness
        y = jnp.linalg.solve(system, y)  # <- waste: ode.implicit_steps
        return y, y

    return lax.scan(step, start, None, length=15)[1]


def relaxed(stiffness: Array, start: Array) -> Array:
    factors = jax.scipy.linalg.lu_factor(jnp.eye(len(start)) - DT * stiffness)

    def step(y: Array, _: None) -> tuple[Array, Array]:
        y = jax.scipy.linalg.lu_solve(factors, y)
        return y, y

    return lax.scan(step, start, None, length=15)[1]


# The test of a loop computes what it compares with, each time.


def settled_by_testing(params: Params, start: Array) -> Array:
    def moves(y: Array) -> Array:
        speed_at_start = jnp.linalg.norm(field(params, start))  # <- waste: ode.settled
        return jnp.linalg.norm(y) > 0.2 * speed_at_start

    return lax.while_loop(moves, lambda y: rk4(params, y), start)


def settled(params: Params, start: Array) -> Array:
    enough = 0.2 * jnp.linalg.norm(field(params, start))

    def moves(y: Array) -> Array:
        return jnp.linalg.norm(y) > enough

    return lax.while_loop(moves, lambda y: rk4(params, y), start)


def settled_and_speed_again(params: Params, start: Array) -> tuple[Array, Array]:
    """One more evaluation than the healthy program: what each iteration wastes at least."""
    return settled(params, start), jnp.linalg.norm(field(params, start))
