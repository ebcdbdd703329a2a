"""A convolutional network, a blur, and an image that takes on another one's features."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from .arrays import normal

Params = dict[str, Array]

PARAMS = {
    "first": normal(3, 3, 2, 4, scale=0.3),
    "second": normal(3, 3, 4, 6, scale=0.2),
    "head": normal(6, 5, scale=0.4),
}
IMAGES, LABELS = normal(4, 8, 8, 2), np.arange(4)
IMAGE, TARGET, ROW = normal(1, 8, 8, 2, of="a"), normal(1, 8, 8, 2, of="b"), normal(128)


def convolve(x: Array, kernel: Array) -> Array:
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=layout)


def features(params: Params, images: Array) -> Array:
    hidden = jax.nn.relu(convolve(images, params["first"]))
    return jnp.tanh(convolve(hidden, params["second"]))


def logits_of(params: Params, maps: Array) -> Array:
    return jnp.mean(maps, axis=(1, 2)) @ params["head"]


def cross_entropy(logits: Array, labels: Array) -> Array:
    return -jnp.mean(jnp.sum(jax.nn.log_softmax(logits) * jax.nn.one_hot(labels, 5), axis=-1))


def roughness(images: Array) -> Array:
    steps = jnp.diff(images, axis=1)
    return jnp.mean(steps**2)  # <- waste: cnn.forgotten_penalty


# A penalty is computed in the loss and never added.


def loss_that_forgets_a_penalty(params: Params, images: Array, labels: Array) -> Array:
    maps = features(params, images)
    penalty = 1e-3 * roughness(maps)  # noqa: F841  # <- waste: cnn.forgotten_penalty
    return cross_entropy(logits_of(params, maps), labels)


def loss(params: Params, images: Array, labels: Array) -> Array:
    return cross_entropy(logits_of(params, features(params, images)), labels)


def loss_and_penalty(params: Params, images: Array, labels: Array) -> tuple[Array, Array]:
    """What would run if somebody read the penalty."""
    maps = features(params, images)
    return cross_entropy(logits_of(params, maps), labels), 1e-3 * roughness(maps)


# The target's features are computed in each iteration.


def distance(params: Params, image: Array, target: Array) -> Array:
    wanted = features(params, target)  # <- waste: cnn.target
    return jnp.mean((features(params, image) - wanted) ** 2)


def restyled_iteration_by_iteration(params: Params, image: Array, target: Array) -> Array:
    def iterate(_: Array, image: Array) -> Array:
        slope = jax.grad(distance, 1)(params, image, target)  # <- waste: cnn.target
        return image - 0.1 * slope

    return lax.fori_loop(0, 6, iterate, image)


def restyled(params: Params, image: Array, target: Array) -> Array:
    wanted = features(params, target)

    def distance_to(image: Array) -> Array:
        return jnp.mean((features(params, image) - wanted) ** 2)

    def iterate(_: Array, image: Array) -> Array:
        return image - 0.1 * jax.grad(distance_to)(image)

    return lax.fori_loop(0, 6, iterate, image)


# A kernel made of literals is transformed in each call.


def blur_response(n: int) -> Array:
    offsets = jnp.arange(n)
    kernel = jnp.exp(-((jnp.minimum(offsets, n - offsets) / 4.0) ** 2))
    return jnp.fft.rfft(kernel / jnp.sum(kernel))  # <- waste: cnn.blur


def blurred_with_new_kernel(row: Array) -> Array:
    response = blur_response(len(row))  # <- waste: cnn.blur
    return jnp.fft.irfft(jnp.fft.rfft(row) * response, len(row))


RESPONSE = blur_response(len(ROW))


def blurred(row: Array) -> Array:
    return jnp.fft.irfft(jnp.fft.rfft(row) * RESPONSE, len(row))
