"""Random programs with zeros in them: arrays of two axes, cut, joined, moved and multiplied.

Each step takes arrays that were made so far and makes another one of any shape; what would not fit
is made to fit by a reshape, a slice or a pad, so that every draw is a program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st
from jax import lax

Array = Any
N, M = 4, 6


class Step(NamedTuple):
    name: str
    left: int
    right: int
    k: int
    inner: tuple[Step, ...] = ()


class Program(NamedTuple):
    steps: tuple[Step, ...]

    def __call__(self, x: Array) -> Array:
        arrays = [x]
        for step in self.steps:
            arrays.append(run(step, arrays))
        return arrays[1:]

    @property
    def jaxpr(self) -> Any:
        return jax.make_jaxpr(self)(X)


X = np.float32(np.linspace(-1.5, 2.0, N * M).reshape(N, M))


def run(step: Step, arrays: Sequence[Array]) -> Array:
    left, right = (arrays[k % len(arrays)] for k in (step.left, step.right))
    if step.inner:
        return LOOPS[step.name](step, left, right)
    return STEPS[step.name](left, right, step.k)


def fitted(a: Array, shape: tuple[int, ...]) -> Array:
    """The array with its elements cut or padded with zeros to another shape."""
    if a.shape == shape:
        return a
    flat = a.reshape(-1)
    size = int(np.prod(shape))
    flat = flat[:size] if flat.size >= size else jnp.pad(flat, (0, size - flat.size))
    return flat.reshape(shape)


def matrix(a: Array) -> Array:
    return a if a.ndim == 2 else fitted(a, (N, M))


def rows(a: Array, k: int) -> tuple[Array, int]:
    a = matrix(a)
    return a, k % a.shape[0]


def basis(a: Array, b: Array, k: int) -> Array:
    a = matrix(a)
    parts = jnp.split(jnp.eye(a.shape[0] + 2, dtype=a.dtype), [1 + k % a.shape[0]], axis=1)
    return parts[k % 2]


def dot(a: Array, b: Array, k: int) -> Array:
    a, b = matrix(a), matrix(b)
    contract = (k % 2, k // 2 % 2)
    n = min(a.shape[contract[0]], b.shape[contract[1]])
    a = lax.slice_in_dim(a, 0, n, axis=contract[0])
    b = lax.slice_in_dim(b, 0, n, axis=contract[1])
    return lax.dot_general(a, b, (((contract[0],), (contract[1],)), ((), ())))


def batched_dot(a: Array, b: Array, k: int) -> Array:
    a, b = fitted(a, (2, 3, 4)), fitted(b, (2, 4, 3))
    return lax.dot_general(a, b, (((2,), (1,)), ((0,), (0,)))).reshape(6, 3)


def reshaped(a: Array, b: Array, k: int) -> Array:
    size = a.size
    divisors = [d for d in range(1, size + 1) if size % d == 0]
    first = divisors[k % len(divisors)]
    rest = [d for d in divisors if (size // first) % d == 0]
    second = rest[k // 3 % len(rest)]
    return matrix_of(a.reshape(first, second, size // first // second), k)


def matrix_of(a: Array, k: int) -> Array:
    return a.sum(k % 3) if k % 4 else a.reshape(a.shape[0], -1)


def diag_of(a: Array, b: Array, k: int) -> Array:
    return jnp.diag(matrix(a)[:, 0])


def window(a: Array, b: Array, k: int) -> Array:
    a = matrix(a)
    low, stride = k % a.shape[0], 1 + k % 3
    return lax.slice(a, (low, 0), a.shape, (stride, 1))


def moved(a: Array, b: Array, k: int) -> Array:
    a = matrix(a)
    return lax.dynamic_slice(jnp.pad(a, ((1, 2), (0, 3))), (k % 4, b.size % 3), a.shape)


def updated(a: Array, b: Array, k: int) -> Array:
    a, b = matrix(a), matrix(b)
    part = b[: a.shape[0], : 1 + k % a.shape[1]]
    part = part[:, : a.shape[1]]
    return lax.dynamic_update_slice(a, part, (0, k % a.shape[1]))


def gathered(a: Array, b: Array, k: int) -> Array:
    a = matrix(a)
    mode = ("clip", "fill", "promise_in_bounds")[k % 3]
    return a.at[jnp.array([0, k % a.shape[0], 0])].get(mode=mode, fill_value=0)


def scattered(a: Array, b: Array, k: int) -> Array:
    a = matrix(a)
    update = fitted(b, (2, a.shape[1]))
    at = a.at[jnp.array([0, k % a.shape[0]])]
    return (at.add, at.set, at.multiply)[k % 3](update)


def solved(a: Array, b: Array, k: int) -> Array:
    b = fitted(b, (3, 3))
    return lax.linalg.triangular_solve(
        jnp.eye(3) + 0.1 * jnp.ones((3, 3)), b, left_side=bool(k % 2), lower=True
    )


def convolved(a: Array, b: Array, k: int) -> Array:
    images, filters = fitted(a, (2, 2, 5)), fitted(b, (3, 2, 2))
    return lax.conv(images, filters, (1,), "SAME").reshape(6, 5)


def transformed(a: Array, b: Array, k: int) -> Array:
    return jnp.real(jnp.fft.fft(matrix(a)))


def jacobian(a: Array, b: Array, k: int) -> Array:
    a, b = fitted(a, (2,)), fitted(b, (3,))
    parts = jax.jacfwd(lambda a, b: jnp.sin(a).sum() * b * a[k % 2], argnums=(0, 1))(a, b)
    return parts[k % 2]


def pulled(a: Array, b: Array, k: int) -> Array:
    a = matrix(a)
    return jax.grad(lambda a: jnp.tanh(a)[: 1 + k % a.shape[0], k % a.shape[1]].sum())(a)


def both(f: Callable[[Array, Array], Array]) -> Callable[[Array, Array, int], Array]:
    def apply(a: Array, b: Array, k: int) -> Array:
        a = matrix(a)
        return f(a, fitted(b, a.shape))

    return apply


STEPS: Mapping[str, Callable[[Array, Array, int], Array]] = {
    "add": both(lax.add),
    "sub": both(lax.sub),
    "mul": both(lax.mul),
    "max": both(lax.max),
    "div": both(lambda a, b: a / (1 + b * b)),
    "select": both(lambda a, b: jnp.where(a > 0, a, b)),
    "select_basis": both(lambda a, b: jnp.where(jnp.eye(*a.shape, dtype=bool), a, b * 0)),
    "clamp": both(lambda a, b: lax.clamp(np.float32(-1), a, np.float32(1))),
    "tanh": lambda a, b, k: lax.tanh(a),
    "power": lambda a, b, k: lax.integer_pow(lax.tanh(a), 1 + k % 3),
    "cos": lambda a, b, k: lax.cos(a),
    "zeros": lambda a, b, k: jnp.zeros_like(a),
    "ones": lambda a, b, k: jnp.ones_like(a),
    "basis": basis,
    "shifted_basis": lambda a, b, k: jnp.eye(3, 5, k=k % 4 - 1, dtype=a.dtype),
    "diag": diag_of,
    "row": lambda a, b, k: jnp.zeros_like(matrix(a)).at[k % 2].set(1.0),
    "pad": lambda a, b, k: lax.pad(matrix(a), np.float32(0), ((k % 3, 1, 0), (k % 2, 0, k % 2))),
    "crop": lambda a, b, k: lax.pad(matrix(a), np.float32(0), ((0, 2, 0), (1 - k % 3, 1, 0))),
    "concatenate": lambda a, b, k: jnp.concatenate(
        [matrix(a), fitted(b, (2, matrix(a).shape[1]))][:: 1 if k % 2 else -1]
    ),
    "transpose": lambda a, b, k: matrix(a).T,
    "rev": lambda a, b, k: lax.rev(matrix(a), ((0,), (1,), (0, 1))[k % 3]),
    "reshape": reshaped,
    "slice": window,
    "split": lambda a, b, k: jnp.split(matrix(a), [1], axis=k % 2)[k // 2 % 2],
    "unpack": lambda a, b, k: jnp.stack(list(matrix(a)))[:: 1 if k % 2 else -1],
    "dynamic_slice": moved,
    "dynamic_update": updated,
    "gather": gathered,
    "scatter": scattered,
    "sum": lambda a, b, k: jnp.broadcast_to(matrix(a).sum(k % 2, keepdims=True), matrix(a).shape),
    "outer": lambda a, b, k: matrix(a)[:, :1] * matrix(b)[:1],
    "max_along": lambda a, b, k: matrix(a).max(k % 2)[:, None] * jnp.ones(3),
    "cumsum": lambda a, b, k: lax.cumsum(matrix(a), axis=k % 2, reverse=bool(k // 2 % 2)),
    "cummax": lambda a, b, k: lax.cummax(matrix(a), axis=k % 2, reverse=bool(k // 2 % 2)),
    "cumprod": lambda a, b, k: lax.cumprod(jnp.tanh(matrix(a)), axis=k % 2),
    "sort": lambda a, b, k: lax.sort(matrix(a), dimension=k % 2),
    "dot": dot,
    "batched_dot": batched_dot,
    "solve": solved,
    "conv": convolved,
    "fft": transformed,
    "jacobian": jacobian,
    "grad": pulled,
}


def _scan_carry(step: Step, a: Array, b: Array) -> Array:
    a = matrix(a)

    def body(carry: Array, x: Array) -> Any:
        made = run_inner(step, [carry, jnp.broadcast_to(x, carry.shape)])
        return fitted(made, carry.shape), made.sum(0)

    last, stacked = lax.scan(body, a, fitted(b, (3, a.shape[1])), reverse=bool(step.k % 2))
    return last if step.k // 2 % 2 else stacked


def _scan_swap(step: Step, a: Array, b: Array) -> Array:
    a = matrix(a)
    pair = (a, fitted(b, a.shape))

    def body(carry: Any, _: None) -> Any:
        return (carry[1], fitted(run_inner(step, carry), a.shape)), None

    return lax.scan(body, pair, None, length=3)[0][step.k % 2]


def _while(step: Step, a: Array, b: Array) -> Array:
    a = matrix(a)

    def body(carry: Any) -> Any:
        k, value = carry
        return k + 1, fitted(run_inner(step, [value, value]), a.shape)

    return lax.while_loop(lambda carry: carry[0] < step.k % 3, body, (0, a))[1]


def _cond(step: Step, a: Array, b: Array) -> Array:
    a = matrix(a)
    b = fitted(b, a.shape)
    return lax.cond(
        a[0, 0] > 0, lambda a, b: fitted(run_inner(step, [a, b]), a.shape), lambda a, b: b, a, b
    )


def run_inner(step: Step, arrays: Sequence[Array]) -> Array:
    made = list(arrays)
    for each in step.inner:
        made.append(matrix(run(each, made)))
    return made[-1]


LOOPS: Mapping[str, Callable[[Step, Array, Array], Array]] = {
    "cond": _cond,
    "scan_carry": _scan_carry,
    "scan_swap": _scan_swap,
    "while": _while,
}

numbers = st.integers(0, 12)


plain = st.builds(
    Step, st.sampled_from(sorted(STEPS)), numbers, numbers, numbers, inner=st.just(())
)


def _steps(inner: Any) -> Any:
    loops = st.builds(
        Step,
        st.sampled_from(sorted(LOOPS)),
        numbers,
        numbers,
        numbers,
        inner=st.lists(inner, min_size=1, max_size=3).map(tuple),
    )
    return st.one_of(plain, plain, plain, loops)


steps = _steps(_steps(plain))
programs = st.lists(steps, min_size=1, max_size=7).map(lambda found: Program(tuple(found)))
