"""A transformer block, a stack of them, and latent vectors that attend to a sequence."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from .arrays import normal

Params = dict[str, Array]


def block_params(of: str, d: int = 16, heads: int = 2) -> Params:
    inwards = {name: normal(d, heads, d // heads, scale=d**-0.5, of=of + name) for name in "qkv"}
    return inwards | {
        "o": normal(heads, d // heads, d, scale=d**-0.5, of=of),
        "up": normal(d, 2 * d, scale=d**-0.5, of=of),
        "down": normal(2 * d, d, scale=(2 * d) ** -0.5, of=of),
        "scale": normal(d, scale=0.1, of=of) + 1,
    }


PARAMS, BLOCKS = block_params("a"), [block_params("a"), block_params("b")]
XS, LATENTS = normal(4, 10, 16), normal(6, 16)
QUERIES, KEYS = normal(2, 10, 8, of="queries"), normal(2, 10, 8, of="keys")


def layer_norm(scale: Array, x: Array) -> Array:
    centered = x - jnp.mean(x, axis=-1, keepdims=True)
    return scale * centered * jax.lax.rsqrt(jnp.mean(centered**2, axis=-1, keepdims=True) + 1e-5)


def split_heads(w: Array, x: Array) -> Array:
    return jnp.einsum("td,dhk->htk", x, w)


def attention_weights(params: Params, x: Array, memory: Array) -> Array:
    queries, keys = split_heads(params["q"], x), split_heads(params["k"], memory)
    return jax.nn.softmax(jnp.einsum("htk,hsk->hts", queries, keys) / keys.shape[-1] ** 0.5)


def mix(params: Params, attention: Array, memory: Array) -> Array:
    mixed = jnp.einsum("hts,hsk->htk", attention, split_heads(params["v"], memory))
    return jnp.einsum("htk,hkd->td", mixed, params["o"])


def attend(params: Params, x: Array, memory: Array) -> Array:
    return mix(params, attention_weights(params, x, memory), memory)  # <- waste: attention.maps


def feed_forward(params: Params, x: Array) -> Array:
    return jax.nn.gelu(x @ params["up"]) @ params["down"]


def block(params: Params, x: Array) -> Array:
    normed = layer_norm(params["scale"], x)
    x = x + attend(params, normed, normed)
    return x + feed_forward(params, layer_norm(params["scale"], x))


# The attention is computed in the block and again to be shown.


def block_and_maps_apart(params: Params, x: Array) -> tuple[Array, Array]:
    normed = layer_norm(params["scale"], x)
    maps = attention_weights(params, normed, normed)  # <- waste: attention.maps
    x = x + attend(params, normed, normed)  # <- waste: attention.maps
    return x + feed_forward(params, layer_norm(params["scale"], x)), maps


def block_and_maps(params: Params, x: Array) -> tuple[Array, Array]:
    normed = layer_norm(params["scale"], x)
    maps = attention_weights(params, normed, normed)
    x = x + mix(params, maps, normed)
    return x + feed_forward(params, layer_norm(params["scale"], x)), maps


# Half precision is widened before the product, where only the sum needs to be wide.


def widened_scores(queries: Array, keys: Array) -> Array:
    wide_queries, wide_keys = queries.astype(jnp.float32), keys.astype(jnp.float32)
    return jnp.einsum("htk,hsk->hts", wide_queries, wide_keys)  # <- waste: attention.upcast


def scores(queries: Array, keys: Array) -> Array:
    return jnp.einsum("htk,hsk->hts", queries, keys, preferred_element_type=jnp.float32)


# All examples of a batch get the same latent vectors, each its own copy.


def read(params: Params, latents: Array, x: Array) -> Array:
    normed = layer_norm(params["scale"], latents)  # <- waste: attention.latents
    return attend(params, normed, x)


def read_with_copies(params: Params, latents: Array, xs: Array) -> Array:
    copies = jnp.tile(latents, (xs.shape[0], 1, 1))  # <- waste: attention.latents
    return jax.vmap(read, in_axes=(None, 0, 0))(params, copies, xs)  # <- waste: attention.latents


def read_all(params: Params, latents: Array, xs: Array) -> Array:
    return jax.vmap(read, in_axes=(None, None, 0))(params, latents, xs)


# Each block is checkpointed, although what it would keep is small.


def energy(blocks: list[Params], x: Array, apply: Callable[..., Array]) -> Array:
    for params in blocks:
        x = apply(params, x)  # <- waste: attention.remat
    return jnp.mean(x**2)


def energy_with_remat(blocks: list[Params], x: Array) -> Array:
    return energy(blocks, x, jax.checkpoint(block))  # <- waste: attention.remat


def energy_without(blocks: list[Params], x: Array) -> Array:
    return energy(blocks, x, block)
