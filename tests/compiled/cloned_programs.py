"""Programs that XLA:CPU clones in, each with a twin one edit away that it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

VECTOR = jax.ShapeDtypeStruct((64,), jnp.float32)
SQUARE = jax.ShapeDtypeStruct((16, 16), jnp.float32)


class Case(NamedTuple):
    """A program and its arguments; an opcode, how often it is asked for, and how often computed.

    The executions are those of the surplus.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    opcode: str
    asked: int
    computed: int
    executions: int


def spread(x: Any, *sizes: int) -> Any:
    """Values that are read once for each size, in arrays that fuse with nothing of each other."""
    return tuple(jnp.outer(x, jnp.arange(1.0, size)) for size in sizes)


def in_scan(*sizes: int) -> Callable[[Any], Any]:
    def step(carry: Any, _: None) -> Any:
        return carry * 0.9, spread(jnp.sin(carry), *sizes)

    return lambda x: lax.scan(step, x, length=5)


def hoisted(*sizes: int) -> Callable[[Any], Any]:
    """Computed twice, where the program asks for it in each of five iterations."""
    return lambda x: lax.scan(lambda c, _: (c, spread(jnp.sin(c), *sizes)), x, length=5)


def in_nested_scan(*sizes: int) -> Callable[[Any], Any]:
    def outer(carry: Any, _: None) -> Any:
        return in_scan(*sizes)(carry)

    return lambda x: lax.scan(outer, x, length=3)


def in_branch(*sizes: int) -> Callable[[Any], Any]:
    def taken(x: Any) -> Any:
        return spread(jnp.sin(x), *sizes)

    return lambda x: lax.cond(x[0] > 0, taken, lambda x: spread(x, *sizes), x)


def in_called(*sizes: int) -> Callable[[Any], Any]:
    wave = jax.jit(lambda x: jnp.sin(x))
    return lambda x: spread(wave(x), *sizes)


def called_twice(*sizes: int) -> Callable[[Any], Any]:
    wave = jax.jit(lambda x: jnp.sin(x))
    return lambda x: (spread(wave(x), *sizes), spread(wave(x + 1), *sizes))


def in_gradient(*sizes: int) -> Callable[[Any], Any]:
    def values(x: Any) -> Any:
        return spread(x * jnp.sin(x), *sizes)

    return lambda x: jax.jvp(values, (x,), (x,))[1]


def through(library: Callable[[Any], Any], *others: int) -> Callable[[Any], Any]:
    """What a library function reads, and so many others."""

    def function(x: Any) -> Any:
        wave = jnp.sin(x)
        return library(wave), *(wave.T * (2.0 + k) for k in others)

    return function


def opcode_of(wave: Callable[[Any], Any], *sizes: int) -> Callable[[Any], Any]:
    return lambda x: spread(wave(x), *sizes)


NOISY = {
    "two readers": Case(opcode_of(jnp.sin, 3, 4), (VECTOR,), "sine", 1, 2, 1),
    "four readers": Case(opcode_of(jnp.sin, 3, 4, 5, 6), (VECTOR,), "sine", 1, 4, 3),
    "cosine": Case(opcode_of(jnp.cos, 3, 4, 5), (VECTOR,), "cosine", 1, 3, 2),
    "arithmetic": Case(opcode_of(lambda x: x * x, 3, 4), (VECTOR,), "multiply", 1, 2, 1),
    "a clamp": Case(opcode_of(lambda x: lax.max(x, 0.5), 3, 4), (VECTOR,), "maximum", 1, 2, 1),
    "in a scan": Case(in_scan(3, 4), (VECTOR,), "sine", 1, 2, 5),
    "in a nested scan": Case(in_nested_scan(3, 4, 5), (VECTOR,), "sine", 1, 3, 30),
    "in a branch": Case(in_branch(3, 4), (VECTOR,), "sine", 1, 2, 1),
    "in a jitted function": Case(in_called(3, 4, 5), (VECTOR,), "sine", 1, 3, 2),
    "in a function called twice": Case(called_twice(3, 4), (VECTOR,), "sine", 2, 4, 2),
    "in a derivative": Case(in_gradient(3, 4), (VECTOR,), "cosine", 1, 2, 1),
    "beside an FFT": Case(through(jnp.fft.fft, 0), (VECTOR,), "sine", 1, 2, 1),
    "beside a sort": Case(through(jnp.sort, 0), (SQUARE,), "sine", 1, 2, 1),
    "beside a dot": Case(through(lambda s: s @ s, 0), (SQUARE,), "sine", 1, 2, 1),
}

SOFT = jax.grad(lambda x: jnp.sum(jax.nn.softmax(x) ** 2))


def normalized(x: Any) -> Any:
    centered = x - x.mean(-1, keepdims=True)
    return centered * lax.rsqrt((centered**2).mean(-1, keepdims=True) + 1e-5)


def attention(x: Any) -> Any:
    return jax.nn.softmax(x @ x.T / 8) @ x


def rematerialized(x: Any) -> Any:
    return jax.grad(lambda x: jnp.sum(jax.checkpoint(lambda x: jnp.sin(jnp.sin(x)))(x)))(x)


def unrolled(x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.sin(c), None), x, length=6, unroll=3)[0]


QUIET = {
    "moved out of a loop": (hoisted(3, 4), VECTOR),
    "one reader": (opcode_of(jnp.sin, 3), VECTOR),
    "an expensive function": (opcode_of(jnp.tanh, 3, 4, 5, 6), VECTOR),
    "a logistic": (opcode_of(jax.nn.sigmoid, 3, 4), VECTOR),
    "an erf": (opcode_of(lax.erf, 3, 4), VECTOR),
    "in a scan": (in_scan(3), VECTOR),
    "in an unrolled scan": (unrolled, VECTOR),
    "in a nested scan": (in_nested_scan(3), VECTOR),
    "in a branch": (in_branch(3), VECTOR),
    "in a jitted function": (in_called(3), VECTOR),
    "in a function called twice": (called_twice(3), VECTOR),
    "in a derivative": (in_gradient(3), VECTOR),
    "rematerialized": (rematerialized, VECTOR),
    "an FFT alone": (through(jnp.fft.fft), VECTOR),
    "a sort alone": (through(jnp.sort), SQUARE),
    "softmax": (SOFT, SQUARE),
    "layer norm": (normalized, SQUARE),
    "attention": (attention, SQUARE),
    "a Cholesky factor": (jnp.linalg.cholesky, SQUARE),
    "different values": (lambda x: tuple(jnp.sin(k * x) for k in range(1, 5)), VECTOR),
}
