"""The programs that are measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

LENGTH, WIDTH, HEADS = 64, 64, 4
BLOCKS = 24
"""Blocks whose gradient has about 4,000 equations."""

Program = tuple[Callable[..., Any], tuple[Any, ...]]


def normalized(x: jax.Array, scale: jax.Array) -> jax.Array:
    centered = x - jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.mean(jnp.square(centered), axis=-1, keepdims=True)
    return centered * jax.lax.rsqrt(variance + 1e-6) * scale


def attention(p: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    q, k, v = jnp.split((x @ p["qkv"]).reshape(LENGTH, HEADS, -1), 3, axis=-1)
    scores = jnp.einsum("qhd,khd->hqk", q, k) / math.sqrt(WIDTH // HEADS)
    mixed = jnp.einsum("hqk,khd->qhd", jax.nn.softmax(scores), v)
    return mixed.reshape(LENGTH, WIDTH) @ p["out"]


def block(p: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    x = x + attention(p, normalized(x, p["scale1"]))
    return x + jax.nn.gelu(normalized(x, p["scale2"]) @ p["up"]) @ p["down"]


def block_attending_twice(p: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    """The block with its attention computed a second time."""
    half = attention(p, normalized(x, p["scale1"])) / 2
    x = x + half + attention(p, normalized(x, p["scale1"])) / 2
    return x + jax.nn.gelu(normalized(x, p["scale2"]) @ p["up"]) @ p["down"]


def transformer_gradient(
    blocks: int, block: Callable[[dict[str, jax.Array], jax.Array], jax.Array] = block
) -> Program:
    """The gradient of a transformer's loss by its parameters: a function never traced before."""

    def loss(params: list[dict[str, jax.Array]], x: jax.Array) -> jax.Array:
        for p in params:
            x = block(p, x)
        return jnp.mean(jnp.square(x))

    shapes = {
        "scale1": (WIDTH,),
        "scale2": (WIDTH,),
        "qkv": (WIDTH, 3 * WIDTH),
        "out": (WIDTH, WIDTH),
        "up": (WIDTH, 4 * WIDTH),
        "down": (4 * WIDTH, WIDTH),
    }
    p = {name: jax.ShapeDtypeStruct(shape, jnp.float32) for name, shape in shapes.items()}
    x = jax.ShapeDtypeStruct((LENGTH, WIDTH), jnp.float32)
    return jax.grad(loss), ([p] * blocks, x)


def nested_jits(depth: int) -> Program:
    """Jitted functions that each call the next one twice: 2**depth sines."""

    def calls_twice(inner: Callable[[jax.Array], jax.Array]) -> Callable[[jax.Array], jax.Array]:
        return jax.jit(lambda x: inner(x) + inner(x * 2))

    fn: Callable[[jax.Array], jax.Array] = jnp.sin
    for _ in range(depth):
        fn = calls_twice(fn)
    return fn, (jax.ShapeDtypeStruct((8,), jnp.float32),)
