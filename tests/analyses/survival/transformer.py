"""A loss that calls a transformer of four blocks twice, and one that calls it once."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

SEQUENCE, WIDTH, BLOCKS, CLASSES = 32, 48, 4, 10


def f32(*shape: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, jnp.float32)


BLOCK = {
    "queries": f32(WIDTH, WIDTH),
    "keys": f32(WIDTH, WIDTH),
    "values": f32(WIDTH, WIDTH),
    "out": f32(WIDTH, WIDTH),
    "wide": f32(WIDTH, 4 * WIDTH),
    "narrow": f32(4 * WIDTH, WIDTH),
}
PARAMS = {"blocks": [BLOCK] * BLOCKS, "head": f32(WIDTH, CLASSES)}
TOKENS = f32(SEQUENCE, WIDTH)
LABELS = jax.ShapeDtypeStruct((SEQUENCE,), jnp.int32)
ARGUMENTS = (PARAMS, TOKENS, LABELS)


def normalized(x: Any) -> Any:
    return (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5)


def block(p: Any, x: Any) -> Any:
    y = normalized(x)
    scores = (y @ p["queries"]) @ (y @ p["keys"]).T / jnp.sqrt(WIDTH)
    x = x + jax.nn.softmax(scores) @ (y @ p["values"]) @ p["out"]
    return x + jnp.tanh(normalized(x) @ p["wide"]) @ p["narrow"]


def model(params: Any, x: Any) -> Any:
    for p in params["blocks"]:
        x = block(p, x)
    return normalized(x) @ params["head"]


def cross_entropy(logits: Any, labels: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()


def accuracy(logits: Any, labels: Any) -> Any:
    return (logits.argmax(-1) == labels).mean()


def twice(params: Any, x: Any, labels: Any) -> Any:
    def loss(params: Any) -> Any:
        return cross_entropy(model(params, x), labels), accuracy(model(params, x), labels)

    return jax.value_and_grad(loss, has_aux=True)(params)


def once(params: Any, x: Any, labels: Any) -> Any:
    def loss(params: Any) -> Any:
        logits = model(params, x)
        return cross_entropy(logits, labels), accuracy(logits, labels)

    return jax.value_and_grad(loss, has_aux=True)(params)
