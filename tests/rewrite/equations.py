"""Programs of one equation, one or more for each row of the axes' table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Program = tuple[Callable[..., Any], tuple[Any, ...]]


def f32(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.float32)


def i32(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.int32)


def flag(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.bool_)


CONV = ("NCHW", "OIHW", "NCHW")
MATRICES = f32(4, 3, 3)
GATHER = lax.GatherDimensionNumbers((1,), (0,), (0,))
BATCHED_GATHER = lax.GatherDimensionNumbers((1,), (1,), (1,), (0,), (0,))
SCATTER = lax.ScatterDimensionNumbers((1,), (0,), (0,))
WHERE = np.array([[1], [0], [2]])


def spd(a: Any) -> Any:
    return a @ jnp.swapaxes(a, -1, -2) + 3 * jnp.eye(a.shape[-1])


def conv(images: Any, filters: Any, **params: Any) -> Any:
    stride = params.pop("window_strides", (1, 1))
    padding = params.pop("padding", "SAME")
    return lax.conv_general_dilated(
        images, filters, stride, padding, dimension_numbers=CONV, **params
    )


EQUATIONS: dict[str, Program] = {
    "add": (lax.add, (f32(4, 5), f32(4, 5))),
    "mul": (lambda a: lax.mul(a, np.float32(2)), (f32(4, 5),)),
    "select_n": (lax.select_n, (flag(4, 5), f32(4, 5), f32(4, 5))),
    "select_n of a scalar": (lax.select_n, (flag(), f32(4, 5), f32(4, 5))),
    "clamp": (lambda x: lax.clamp(np.float32(0.3), x, np.float32(0.6)), (f32(4, 5),)),
    "convert": (lambda x: lax.convert_element_type(x, np.int32), (f32(4, 5),)),
    "integer_pow": (lambda x: lax.integer_pow(x, 3), (f32(4, 5),)),
    "reduce_sum": (lambda x: lax.reduce_sum_p.bind(x, **_axes(x, 1)), (f32(4, 5, 3),)),
    "reduce_max": (lambda x: jnp.max(x, (0, 2)), (f32(4, 5, 3),)),
    "reduce_min": (lambda x: jnp.min(x, 1), (f32(4, 5),)),
    "reduce_prod": (lambda x: jnp.prod(x, 0), (f32(4, 5),)),
    "reduce_and": (lambda x: jnp.all(x, 0), (flag(4, 5),)),
    "reduce_or": (lambda x: jnp.any(x, 0), (flag(4, 5),)),
    "argmax": (lambda x: lax.argmax(x, 0, np.int32), (f32(4, 5),)),
    "cumsum": (lambda x: lax.cumsum(x, 0), (f32(4, 5),)),
    "cumprod": (lambda x: lax.cumprod(x, 1, reverse=True), (f32(4, 5),)),
    "cummax": (lambda x: lax.cummax(x, 1), (f32(4, 5),)),
    "cumlogsumexp": (lambda x: lax.cumlogsumexp(x, 0), (f32(4, 5),)),
    "sort": (lambda x: lax.sort(x, dimension=0), (f32(4, 5),)),
    "sort two": (
        lambda x, y: lax.sort((x, y), dimension=1, num_keys=1),
        (f32(4, 5), f32(4, 5)),
    ),
    "top_k": (lambda x: lax.top_k(x, 2), (f32(4, 5),)),
    "reduce_window": (
        lambda x: lax.reduce_window(x, np.float32(0), lax.add, (1, 2), (1, 1), "VALID"),
        (f32(4, 5),),
    ),
    "dot": (jnp.dot, (f32(4, 6), f32(6, 5))),
    "dot of two": (
        lambda a, b: lax.dot_general(a, b, (((0, 2), (1, 3)), ((1,), (0,)))),
        (f32(4, 3, 5, 2), f32(3, 4, 6, 5)),
    ),
    "dot without contraction": (
        lambda a, b: lax.dot_general(a, b, (((), ()), ((0,), (0,)))),
        (f32(4, 3), f32(4, 5)),
    ),
    "dot in another type": (
        lambda a, b: lax.dot(a, b, preferred_element_type=np.int32),
        (jax.ShapeDtypeStruct((4, 6), jnp.int8), jax.ShapeDtypeStruct((6, 5), jnp.int8)),
    ),
    "conv": (conv, (f32(4, 3, 6, 5), f32(5, 3, 3, 2))),
    "conv with strides": (
        lambda a, b: conv(
            a, b, window_strides=(2, 3), padding=((1, 2), (3, 0)), rhs_dilation=(1, 2)
        ),
        (f32(4, 3, 7, 9), f32(5, 3, 3, 2)),
    ),
    "conv transposed": (
        lambda a, b: conv(a, b, padding=((2, 2), (1, 0)), lhs_dilation=(2, 3)),
        (f32(4, 3, 5, 4), f32(5, 3, 3, 2)),
    ),
    "conv in groups": (
        lambda a, b: conv(a, b, feature_group_count=2),
        (f32(4, 6, 6, 5), f32(4, 3, 3, 2)),
    ),
    "conv in batch groups": (
        lambda a, b: conv(a, b, batch_group_count=2),
        (f32(4, 3, 6, 5), f32(4, 3, 3, 2)),
    ),
    "fft": (lambda x: lax.fft(x, "RFFT", (4,)), (f32(5, 4),)),
    "cholesky": (lambda a: lax.linalg.cholesky(spd(a), symmetrize_input=False), (MATRICES,)),
    "lu": (lambda a: lax.linalg.lu(spd(a)), (MATRICES,)),
    "qr": (lambda a: lax.linalg.qr(spd(a)), (MATRICES,)),
    "eigh": (lambda a: lax.linalg.eigh(spd(a), symmetrize_input=False), (MATRICES,)),
    "svd": (lambda a: lax.linalg.svd(spd(a)), (MATRICES,)),
    "triangular_solve": (
        lambda a, b: lax.linalg.triangular_solve(spd(a), b, left_side=True, lower=True),
        (MATRICES, f32(4, 3, 5)),
    ),
    "triangular_solve from the right": (
        lambda a, b: lax.linalg.triangular_solve(spd(a), b, lower=True),
        (MATRICES, f32(4, 5, 3)),
    ),
    "tridiagonal_solve": (
        lambda d, b: lax.linalg.tridiagonal_solve(d, d + 3, d, b),
        (f32(4, 3), f32(4, 3, 5)),
    ),
    "broadcast_in_dim": (
        lambda x: lax.broadcast_in_dim(x, (4, 3, 5), (0, 2)), (f32(4, 5),)
    ),
    "broadcast_in_dim of one": (
        lambda x: lax.broadcast_in_dim(x, (4, 3, 5), (0, 2)), (f32(1, 5),)
    ),
    "iota": (lambda: lax.broadcasted_iota(np.int32, (4, 5), 0), ()),
    "tile": (lambda x: jnp.tile(x, (1, 2)), (f32(4, 5),)),
    "transpose": (lambda x: lax.transpose(x, (2, 0, 1)), (f32(4, 5, 3),)),
    "squeeze": (lambda x: lax.squeeze(x, (1,)), (f32(4, 1, 5),)),
    "reshape": (lambda x: lax.reshape(x, (4, 15)), (f32(4, 5, 3),)),
    "reshape with an axis": (lambda x: lax.reshape(x, (1, 4, 5, 1)), (f32(4, 5),)),
    "rev": (lambda x: lax.rev(x, (1,)), (f32(4, 5),)),
    "concatenate": (lambda x, y: lax.concatenate((x, y), 0), (f32(4, 5), f32(3, 5))),
    "split": (lambda x: tuple(lax.split(x, (1, 3), axis=0)), (f32(4, 5),)),
    "stack": (lambda x, y: jnp.stack([x, y], 1), (f32(4, 5), f32(4, 5))),
    "unstack": (lambda x: tuple(jnp.unstack(x, axis=1)), (f32(4, 3),)),
    "pad": (lambda x: lax.pad(x, np.float32(0), ((1, 0, 1), (0, 0, 0))), (f32(4, 5),)),
    "slice": (lambda x: lax.slice(x, (1, 0), (4, 5), (2, 1)), (f32(4, 5),)),
    "dynamic_slice": (lambda x, k: lax.dynamic_slice(x, (k, k), (4, 2)), (f32(4, 5), i32())),
    "dynamic_update_slice": (
        lambda x, y, k: lax.dynamic_update_slice(x, y, (k, k)),
        (f32(4, 5), f32(2, 5), i32()),
    ),
    "gather": (
        lambda x: lax.gather(x, WHERE, GATHER, (1, 5), mode="clip"), (f32(4, 5),)
    ),
    "gather in a batch": (
        lambda x, k: lax.gather(x, k, BATCHED_GATHER, (1, 1, 5), mode="clip"),
        (f32(4, 3, 5), i32(4, 1)),
    ),
    "scatter": (lambda x, y: lax.scatter(x, WHERE, y, SCATTER), (f32(4, 5), f32(3, 5))),
    "scatter_add": (lambda x, y: lax.scatter_add(x, WHERE, y, SCATTER), (f32(4, 5), f32(3, 5))),
    "scatter_max": (lambda x, y: lax.scatter_max(x, WHERE, y, SCATTER), (f32(4, 5), f32(3, 5))),
}  # fmt: skip


def _axes(x: Any, *axes: int) -> dict[str, Any]:
    (eqn,) = jax.make_jaxpr(lambda x: jnp.sum(x, axes))(x).eqns
    return dict(eqn.params)
