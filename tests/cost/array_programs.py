"""Programs of every other primitive whose count XLA gets right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tests.cost.programs import COMPLEX, FLOATS, INTEGERS, Program, program


def _bookkeeping() -> Iterator[Program]:
    yield from (
        program("broadcast_in_dim", lambda x: lax.broadcast(x, (2,)), "f32[3,7]"),
        program("expand_dims", lambda x: lax.expand_dims(x, (1,)), "f32[3,7]"),
        program("reshape", lambda x: lax.reshape(x, (21,)), "f32[3,7]"),
        program("transpose", lambda x: lax.transpose(x, (1, 0)), "f32[3,7]"),
        program("squeeze", lambda x: lax.squeeze(x, (0,)), "f32[1,7]"),
        program("rev", lambda x: lax.rev(x, (1,)), "f32[3,7]"),
        program("slice", lambda x: lax.slice(x, (1, 0), (3, 7), (1, 2)), "f32[3,7]"),
        program("split", lambda x: lax.split(x, (3, 4), 1), "f32[3,7]"),
        program("concatenate", lambda x, y: lax.concatenate([x, y], 0), "f32[3,7]", "f32[2,7]"),
        program("pad", lambda x, y: lax.pad(x, y, ((1, -1, 0), (0, 2, 1))), "f32[3,7]", "f32[]"),
        program("iota", lambda: lax.iota("int32", 9)),
        program("iota 2-D", lambda: lax.broadcasted_iota("float32", (3, 7), 1)),
        program(
            "dynamic_slice",
            lambda x, i, j: lax.dynamic_slice(x, (i, j), (2, 2)),
            *("f32[3,7]", "i32[]", "i32[]"),
        ),
        program(
            "dynamic_update_slice",
            lambda x, y, i, j: lax.dynamic_update_slice(x, y, (i, j)),
            *("f32[3,7]", "f32[2,2]", "i32[]", "i32[]"),
        ),
        program("stop_gradient", lax.stop_gradient, "f32[3,7]"),
        program("optimization_barrier", lax.optimization_barrier, "f32[3,7]"),
        program("copy", lambda x: jnp.copy(x), "f32[3,7]"),
        program("device_put", lambda x: jax.device_put(x), "f32[3,7]"),
    )


def _contractions() -> Iterator[Program]:
    batched = (((2,), (1,)), ((0,), (0,)))
    several = (((0, 2), (1, 0)), ((), ()))
    numbers = (((1,), (0,)), ((), ()))

    def dot(numbers: Any, **options: Any) -> Callable[..., Any]:
        return lambda x, y: lax.dot_general(x, y, numbers, **options)

    for dtype in (*FLOATS, *INTEGERS, *COMPLEX):
        yield program(f"dot {dtype}", dot(numbers), f"{dtype}[3,5]", f"{dtype}[5,2]")
    yield from (
        program("dot batched", dot(batched), "f32[4,3,5]", "f32[4,5,2]"),
        program("dot over two axes", dot(several), "f32[4,3,5]", "f32[5,4]"),
        program("outer product", dot((((), ()), ((), ()))), "f32[4]", "f32[5]"),
        program("inner product", dot((((0,), (0,)), ((), ()))), "f32[4]", "f32[4]"),
        program("dot highest", dot(numbers, precision="highest"), "f32[3,5]", "f32[5,2]"),
        program(
            "dot to f32", dot(numbers, preferred_element_type="float32"), "bf16[3,5]", "bf16[5,2]"
        ),
        program("dot to i32", dot(numbers, preferred_element_type="int32"), "i8[3,5]", "i8[5,2]"),
        program(
            "einsum", lambda x, y: jnp.einsum("bij,bkj->bik", x, y), "f32[2,3,5]", "f32[2,4,5]"
        ),
    )


def _convolutions() -> Iterator[Program]:
    def conv(strides: Any, padding: Any, **options: Any) -> Callable[..., Any]:
        return lambda x, y: lax.conv_general_dilated(x, y, strides, padding, **options)

    image, kernel = "f32[2,4,9,8]", "f32[6,4,3,2]"
    yield from (
        program("conv valid", conv((1, 1), "VALID"), image, kernel),
        program("conv same", conv((1, 1), "SAME"), image, kernel),
        program("conv strided", conv((2, 3), "SAME"), image, kernel),
        program("conv negative padding", conv((1, 2), ((-1, 0), (3, -2))), image, kernel),
        program("conv wide padding", conv((2, 1), ((7, 9), (5, 0))), image, kernel),
        program("conv dilated window", conv((1, 1), "VALID", rhs_dilation=(2, 3)), image, kernel),
        program(
            "conv dilated base", conv((1, 1), ((1, 0), (2, 2)), lhs_dilation=(2, 3)), image, kernel
        ),
        program(
            "conv dilated both",
            conv((2, 3), ((2, 1), (0, 4)), lhs_dilation=(4, 2), rhs_dilation=(2, 3)),
            image,
            kernel,
        ),
        program("conv grouped", conv((1, 1), "SAME", feature_group_count=2), image, "f32[6,2,3,2]"),
        program(
            "conv batch groups", conv((1, 1), "SAME", batch_group_count=2), image, "f32[6,4,3,2]"
        ),
        program("conv 1-D", conv((2,), "SAME"), "f32[2,4,9]", "f32[6,4,3]"),
        program("conv bf16", conv((1, 1), "SAME"), "bf16[2,4,9,8]", "bf16[6,4,3,2]"),
        program("conv complex", conv((1, 1), "SAME"), "c64[2,4,9,8]", "c64[6,4,3,2]"),
        program(
            "conv channels last",
            conv((1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")),
            "f32[2,9,8,4]",
            "f32[3,2,4,6]",
        ),
        program("convolve", lambda x, y: jnp.convolve(x, y, mode="full"), "f32[30]", "f32[11]"),
    )


def _reductions() -> Iterator[Program]:
    sums = {"reduce_sum": jnp.sum, "reduce_prod": jnp.prod}
    for name, function in sums.items():
        for dtype in ("f32", "f64", "i32", "c64"):
            yield program(f"{name} {dtype}", lambda x, f=function: f(x, 1), f"{dtype}[3,7,2]")
    for name, function in {"reduce_max": jnp.max, "reduce_min": jnp.min}.items():
        for dtype in (*FLOATS, *INTEGERS, *COMPLEX):
            yield program(f"{name} {dtype}", lambda x, f=function: f(x, (0, 2)), f"{dtype}[3,7,2]")
    for name, function in {"any": jnp.any, "all": jnp.all}.items():
        yield program(name, lambda x, f=function: f(x, 1), "bool[3,7]")
    for name, find in {"argmax": lax.argmax, "argmin": lax.argmin}.items():
        for dtype in (*FLOATS, *INTEGERS, "bool"):
            yield program(
                f"{name} {dtype}", lambda x, f=find: f(x, 1, jnp.int32), f"{dtype}[3,7,2]"
            )
    yield from (
        program("sum of all", jnp.sum, "f32[3,7,2]"),
        program("sum of one", lambda x: jnp.sum(x, 0), "f32[1,7]"),
        program("sum of nothing", lambda x: jnp.sum(x, 0), "f32[0,7]"),
        program("reduce_xor", lambda x: lax.reduce_xor(x, (0,)), "i32[3,7]"),
        program("reduce", lambda x: lax.reduce(x, 1.0, lambda a, b: a * b + a, (1,)), "f32[3,7]"),
        program(
            "reduce with exp",
            lambda x: lax.reduce(x, -1.0, lambda a, b: jnp.logaddexp(a, b), (0,)),
            "f32[3,7]",
        ),
        program(
            "reduce of two",
            lambda x, y: lax.reduce(
                (x, y), (0.0, 1.0), lambda a, b: (a[0] + b[0], a[1] * b[1]), (1,)
            ),
            "f32[3,7]",
            "f32[3,7]",
        ),
    )


def _windows() -> Iterator[Program]:
    def window(init: Any, op: Any, padding: str = "VALID") -> Callable[..., Any]:
        return lambda x: lax.reduce_window(x, init, op, (1, 2, 3), (1, 1, 2), padding)

    def pool(x: Any) -> Any:
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 3), (1, 2, 2), "SAME")

    x = "f32[4,6,8]"
    yield from (
        program("reduce_window_sum", window(0.0, lax.add), x),
        program("reduce_window_sum padded", window(0.0, lax.add, "SAME"), x),
        program("reduce_window_max", window(-np.inf, lax.max), x),
        program("reduce_window_min", window(np.inf, lax.min, "SAME"), x),
        program("reduce_window", window(1.0, lambda a, b: a * b + a), x),
        program("max_pool and its gradient", lambda x, g: _vjp(pool, x, g), x, "f32[4,3,4]"),
        program("max_pool and its tangent", lambda x, t: jax.jvp(pool, (x,), (t,)), x, x),
    )


def _vjp(function: Callable[[Any], Any], x: Any, cotangent: Any) -> Any:
    y, transposed = jax.vjp(function, x)
    return y, transposed(cotangent)


def _indexing() -> Iterator[Program]:
    x, i = "f32[9,6]", "i32[4]"
    for mode in ("fill", "clip", "promise_in_bounds"):
        yield program(
            f"gather {mode}",
            lambda x, i, m=mode: x.at[i].get(mode=m, wrap_negative_indices=False),
            x,
            i,
        )
        yield program(
            f"gather of points {mode}",
            lambda x, i, m=mode: x.at[i, i].get(mode=m, wrap_negative_indices=False),
            x,
            i,
        )
    yield program(
        "gather c64 fill",
        lambda x, i: x.at[i].get(mode="fill", wrap_negative_indices=False),
        "c64[9,6]",
        i,
    )
    for mode in ("drop", "clip", "promise_in_bounds"):
        for method in ("set", "add", "mul", "min", "max", "subtract"):
            yield program(
                f"scatter {method} {mode}",
                lambda x, i, u, k=method, m=mode: getattr(x.at[i], k)(
                    u, mode=m, wrap_negative_indices=False
                ),
                x,
                i,
                "f32[4,6]",
            )
    yield from (
        program(
            "scatter c64",
            lambda x, i, u: x.at[i].add(u, wrap_negative_indices=False),
            "c64[9,6]",
            i,
            "c64[4,6]",
        ),
        program(
            "scatter max c64",
            lambda x, i, u: x.at[i].max(u, wrap_negative_indices=False),
            "c64[9,6]",
            i,
            "c64[4,6]",
        ),
        program(
            "scatter apply",
            lambda x, i: x.at[i].apply(lambda y: jnp.sin(y) * 3, wrap_negative_indices=False),
            x,
            i,
        ),
        program("numpy indexing", lambda x, i: x[i], x, i),
        program("take", lambda x, i: jnp.take(x, i, axis=1), x, i),
    )


def _ranks_and_transforms() -> Iterator[Program]:
    yield from (
        program("sort", lax.sort, "f32[37]"),
        program("sort by a key", lambda x, y: lax.sort((x, y), num_keys=1), "f32[37]", "i32[37]"),
        program("sort of one", lax.sort, "f32[1]"),
        program("fft", lambda x: lax.fft(x, "FFT", (8,)), "c64[3,8]"),
        program("ifft", lambda x: lax.fft(x, "IFFT", (12,)), "c64[3,12]"),
        program("rfft", lambda x: lax.fft(x, "RFFT", (16,)), "f32[3,16]"),
        program("irfft", lambda x: lax.fft(x, "IRFFT", (16,)), "c64[3,9]"),
    )


def _by_xla() -> Iterator[Program]:
    if "polynomial" in vars(lax):  # from JAX 0.11
        yield program("polynomial", lambda x, *c: lax.polynomial(x, c), "f32[9]", *["f32[]"] * 5)
    yield from (
        program("rng_uniform", lambda a, b: lax.rng_uniform(a, b, (50,)), "f32[]", "f32[]"),
        program("rng_bit_generator", lambda k: lax.rng_bit_generator(k, (50,)), "u32[4]"),
        program("cholesky_update", lax.linalg.cholesky_update, "f32[9,9]", "f32[9]"),
        program(
            "symmetric_product",
            lambda x, y: lax.linalg.symmetric_product(x, y, alpha=2.0, beta=3.0),
            "f32[5,3]",
            "f32[5,5]",
        ),
    )


PROGRAMS = tuple(
    made
    for family in (
        *(_bookkeeping, _contractions, _convolutions, _reductions, _windows),
        *(_indexing, _ranks_and_transforms, _by_xla),
    )
    for made in family()
)
