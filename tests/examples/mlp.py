"""A classifier of three dense layers."""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree

from .arrays import normal, weights

Layers = list[dict[str, Array]]


def layers(*sizes: int) -> Layers:
    return [{"w": weights(n, m), "b": normal(m, scale=0.1)} for n, m in pairwise(sizes)]


PARAMS, X, LABELS = layers(12, 32, 32, 5), normal(16, 12), np.arange(16) % 5
SMALL, FEW, FEW_LABELS = layers(3, 6, 4), normal(8, 3), np.arange(8) % 4
DIRECTION = normal(3 * 6 + 6 + 6 * 4 + 4)


def dense(layer: dict[str, Array], x: Array) -> Array:
    return x @ layer["w"] + layer["b"]


def model(params: Layers, x: Array) -> Array:
    for layer in params[:-1]:
        x = jnp.tanh(dense(layer, x))
    return dense(params[-1], x)


def cross_entropy(logits: Array, labels: Array) -> Array:
    log_probabilities = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


def accuracy(logits: Array, labels: Array) -> Array:
    return jnp.mean(jnp.argmax(logits, axis=-1) == labels)


def entropy(logits: Array) -> Array:
    probabilities = jax.nn.softmax(logits)
    terms = probabilities * jnp.log(probabilities)
    return -jnp.mean(jnp.sum(terms, axis=-1))  # <- waste: mlp.unused_entropy


def loss(params: Layers, x: Array, labels: Array) -> Array:
    return cross_entropy(model(params, x), labels)


# The model is called for the loss and again for the accuracy.


def loss_and_accuracy_by_two_calls(params: Layers, x: Array, labels: Array) -> tuple[Array, Array]:
    hits = accuracy(model(params, x), labels)  # <- waste: mlp.accuracy
    return cross_entropy(model(params, x), labels), hits  # <- waste: mlp.accuracy


def loss_and_accuracy(params: Layers, x: Array, labels: Array) -> tuple[Array, Array]:
    logits = model(params, x)
    return cross_entropy(logits, labels), accuracy(logits, labels)


# The model is called for each of two terms, and both are differentiated.


def penalized_by_two_calls(params: Layers, x: Array, labels: Array) -> Array:
    penalty = 1e-2 * jnp.mean(model(params, x) ** 2)  # <- waste: mlp.penalty
    return cross_entropy(model(params, x), labels) + penalty  # <- waste: mlp.penalty


def penalized(params: Layers, x: Array, labels: Array) -> Array:
    logits = model(params, x)
    return cross_entropy(logits, labels) + 1e-2 * jnp.mean(logits**2)


# A metric is computed with the loss, and the caller drops it.


def loss_and_entropy(params: Layers, x: Array, labels: Array) -> tuple[Array, Array]:
    logits = model(params, x)
    spread = entropy(logits)  # <- waste: mlp.unused_entropy
    return cross_entropy(logits, labels), spread


def loss_without_its_entropy(params: Layers, x: Array, labels: Array) -> Array:
    value, _ = loss_and_entropy(params, x, labels)
    return value


# The whole Hessian, for its product with one direction.


def curvature_by_hessian(params: Layers, x: Array, labels: Array, direction: Array) -> Array:
    flat, unravel = ravel_pytree(params)

    def objective(flat: Array) -> Array:
        return loss(unravel(flat), x, labels)

    return jax.hessian(objective)(flat) @ direction  # <- waste: mlp.hessian


def curvature(params: Layers, x: Array, labels: Array, direction: Array) -> Array:
    flat, unravel = ravel_pytree(params)

    def objective(flat: Array) -> Array:
        return loss(unravel(flat), x, labels)

    return jax.jvp(jax.grad(objective), (flat,), (direction,))[1]
