"""Burgers' equation with a physics-informed network, and a material whose energy is a network."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.flatten_util import ravel_pytree

from .arrays import normal, weights

Params = dict[str, Array]


def network_params(inputs: int, hidden: int) -> Params:
    return {
        "in": weights(inputs, hidden),
        "bias": normal(hidden, scale=0.1),
        "hidden": weights(hidden, hidden),
        "out": normal(hidden, scale=hidden**-0.5),
    }


PARAMS, SMALL, MATERIAL = network_params(2, 32), network_params(2, 5), network_params(6, 16)
TIMES, PLACES, STRAIN = normal(8, of="t"), normal(8, of="x"), normal(6, scale=0.1)
VISCOSITY = 0.01


def network(params: Params, inputs: Array) -> Array:
    hidden = jnp.tanh(inputs @ params["in"] + params["bias"])
    return jnp.tanh(hidden @ params["hidden"]) @ params["out"]


def velocity(params: Params, t: Array, x: Array) -> Array:
    return network(params, jnp.stack([t, x]))


# Each derivative is taken by itself, and each evaluates the network again.


def residual_by_nested_grads(params: Params, t: Array, x: Array) -> Array:
    u = velocity(params, t, x)  # <- waste: pinn.residual
    u_t = jax.grad(velocity, 1)(params, t, x)  # <- waste: pinn.residual
    u_x = jax.grad(velocity, 2)(params, t, x)  # <- waste: pinn.residual
    u_xx = jax.grad(jax.grad(velocity, 2), 2)(params, t, x)  # <- waste: pinn.residual
    return u_t + u * u_x - VISCOSITY * u_xx


def residual(params: Params, t: Array, x: Array) -> Array:
    def value_and_slopes(x: Array) -> tuple[Array, tuple[Array, Array]]:
        return jax.value_and_grad(velocity, (1, 2))(params, t, x)

    (u, (u_t, u_x)), (_, (_, u_xx)) = jax.jvp(value_and_slopes, (x,), (jnp.ones_like(x),))
    return u_t + u * u_x - VISCOSITY * u_xx


def loss_by_nested_grads(params: Params, times: Array, places: Array) -> Array:
    residuals = jax.vmap(residual_by_nested_grads, (None, 0, 0))(params, times, places)
    return jnp.mean(residuals**2)


def loss(params: Params, times: Array, places: Array) -> Array:
    return jnp.mean(jax.vmap(residual, (None, 0, 0))(params, times, places) ** 2)


# The gradient of a scalar by forward mode, one tangent for each parameter.


def fit(params: Params, times: Array, places: Array) -> Array:
    velocities = jax.vmap(velocity, (None, 0, 0))(params, times, places)
    return jnp.mean((velocities - jnp.sin(places)) ** 2)


def gradient_by_jacfwd(params: Params, times: Array, places: Array) -> Array:
    flat, unravel = ravel_pytree(params)

    def objective(flat: Array) -> Array:
        return fit(unravel(flat), times, places)

    return jax.jacfwd(objective)(flat)  # <- waste: pinn.gradient


def gradient(params: Params, times: Array, places: Array) -> Array:
    flat, unravel = ravel_pytree(params)

    def objective(flat: Array) -> Array:
        return fit(unravel(flat), times, places)

    return jax.grad(objective)(flat)


# The stiffness is the derivative of the stress, which is computed beside it.


def stress(params: Params, strain: Array) -> Array:
    return jax.grad(network, 1)(params, strain)


def stress_and_stiffness_apart(params: Params, strain: Array) -> tuple[Array, Array]:
    forces = stress(params, strain)  # <- waste: pinn.stiffness
    return forces, jax.jacfwd(stress, 1)(params, strain)  # <- waste: pinn.stiffness


def stress_and_stiffness(params: Params, strain: Array) -> tuple[Array, Array]:
    def stress_twice(strain: Array) -> tuple[Array, Array]:
        forces = stress(params, strain)
        return forces, forces

    stiffness, forces = jax.jacfwd(stress_twice, has_aux=True)(strain)
    return forces, stiffness
