"""Programs with findings that are no repetitions, and the better way to write each.

`better` computes the same results without the finding. The work of `opcodes` in both compiled
programs shows what the compiler made of it: as much as in the better one, and it is removed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Function = Callable[..., Any]
Verdict = Literal["survives", "removed", "unknown", "varies"]
"""`varies`: between releases of JAX; what the text says is right."""


class Case(NamedTuple):
    """A function, one without the finding about `primitive`, and where the work is counted."""

    function: Function
    better: Function
    avals: tuple[jax.ShapeDtypeStruct, ...]
    primitive: str
    opcodes: tuple[str, ...]
    kind: str
    verdicts: dict[str, Verdict]
    """By platform."""
    extra: Callable[[], tuple[Any, ...]]


def f32(*shape: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, jnp.float32)


V = f32(64)
M = f32(16, 16)
BATCH = f32(32, 16, 16)
XS = f32(10, 16)
DOT = ("dot", "convolution", "custom-call")
FACTOR = ("custom-call", "cholesky")
CASES: dict[str, Case] = {}


def case(
    kind: str,
    better: Function,
    *avals: jax.ShapeDtypeStruct,
    of: str,
    opcodes: tuple[str, ...],
    cpu: Verdict,
    extra: Callable[[], tuple[Any, ...]] = tuple,
    **others: Verdict,
) -> Callable[[Function], Function]:
    """Register a function under its name; `better` takes what `extra` makes, too."""

    def register(function: Function) -> Function:
        name = function.__name__
        verdicts = {"cpu": cpu, "tpu": cpu, "cuda": cpu, **others}
        CASES[name] = Case(function, better, avals, of, opcodes, kind, verdicts, extra)
        return function

    return register


# loop invariants


def steps(before: Function, step: Function) -> Function:
    """A loop whose `step` reads what `before` makes of the weights, once."""

    def run(w: Any, xs: Any) -> Any:
        ready = before(w)
        return lax.scan(lambda h, x: (step(h, x, ready), None), xs[0], xs)[0]

    return run


SQUARED = steps(lambda w: w @ w, lambda h, x, square: jnp.tanh(h @ square + x))


@case(
    "loop_invariants", SQUARED, M, XS, of="dot_general", opcodes=DOT, cpu="removed", cuda="survives"
)
def square_in_a_loop(w: Any, xs: Any) -> Any:
    return steps(lambda w: w, lambda h, x, w: jnp.tanh(h @ (w @ w) + x))(w, xs)


@case(
    "loop_invariants",
    steps(jnp.sin, lambda h, x, s: jnp.tanh(h @ s + x)),
    M,
    XS,
    of="sin",
    opcodes=("sine",),
    cpu="removed",
    cuda="survives",
)
def sine_in_a_loop(w: Any, xs: Any) -> Any:
    return steps(lambda w: w, lambda h, x, w: jnp.tanh(h @ jnp.sin(w) + x))(w, xs)


@case(
    "loop_invariants",
    steps(lax.linalg.cholesky, lambda h, x, c: jnp.tanh(h @ c + x)),
    M,
    XS,
    of="cholesky",
    opcodes=FACTOR,
    cpu="removed",
    tpu="survives",
    cuda="survives",
)
def cholesky_in_a_loop(w: Any, xs: Any) -> Any:
    return steps(lambda w: w, lambda h, x, w: jnp.tanh(h @ lax.linalg.cholesky(w) + x))(w, xs)


@case(
    "loop_invariants",
    lambda w, x: (
        lambda bound: lax.while_loop(lambda c: c.sum() < bound, lambda c: jnp.cos(c) + c, x)
    )(jnp.sum(jnp.sin(w))),
    M,
    V,
    of="sin",
    opcodes=("sine",),
    cpu="survives",
)
def sine_in_a_condition(w: Any, x: Any) -> Any:
    return lax.while_loop(lambda c: c.sum() < jnp.sum(jnp.sin(w)), lambda c: jnp.cos(c) + c, x)


@case(
    "loop_invariants",
    lambda w, x: (lambda s: lax.while_loop(lambda c: c[0, 0] < 9, lambda c: c @ s, x))(jnp.sin(w)),
    M,
    M,
    of="sin",
    opcodes=("sine",),
    cpu="removed",
    cuda="survives",
)
def sine_in_an_open_loop(w: Any, x: Any) -> Any:
    return lax.while_loop(lambda c: c[0, 0] < 9, lambda c: c @ jnp.sin(w), x)


@case(
    "loop_invariants",
    lambda w, x: (lambda square: lax.while_loop(lambda c: jnp.sum(square * c) < 9, jnp.exp, x))(
        w @ w
    ),
    M,
    M,
    of="dot_general",
    opcodes=DOT,
    cpu="survives",
)
def square_in_a_condition(w: Any, x: Any) -> Any:
    return lax.while_loop(lambda c: jnp.sum((w @ w) * c) < 9, jnp.exp, x)


def checkpointed(w: Any, xs: Any) -> Any:
    @jax.checkpoint
    def step(h: Any, x: Any) -> Any:
        return jnp.tanh(h * jnp.sin(w) + x)

    return jnp.sum(lax.scan(lambda h, x: (step(h, x), None), jnp.ones((16, 16)), xs)[0])


def checkpointed_once(w: Any, xs: Any) -> Any:
    @jax.checkpoint
    def step(h: Any, s: Any, x: Any) -> Any:
        return jnp.tanh(h * s + x)

    s = jnp.sin(w)
    return jnp.sum(lax.scan(lambda h, x: (step(h, s, x), None), jnp.ones((16, 16)), xs)[0])


@case(
    "loop_invariants",
    jax.grad(checkpointed_once),
    M,
    XS,
    of="sin",
    opcodes=("sine",),
    cpu="survives",
)
def sine_in_a_checkpointed_loop(w: Any, xs: Any) -> Any:
    return jax.grad(checkpointed)(w, xs)


@case(
    "loop_invariants",
    lambda w, xs: (
        lambda s: lax.scan(
            lambda c, x: (lax.scan(lambda d, y: (jnp.tanh(d @ s + y), None), c, xs)[0] * x, None),
            xs[0],
            xs,
        )[0]
    )(jnp.exp(w)),
    M,
    XS,
    of="exp",
    opcodes=("exponential",),
    cpu="removed",
    cuda="survives",
)
def exponential_in_two_loops(w: Any, xs: Any) -> Any:
    def inner(c: Any) -> Any:
        return lax.scan(lambda d, y: (jnp.tanh(d @ jnp.exp(w) + y), None), c, xs)[0]

    return lax.scan(lambda c, x: (inner(c) * x, None), xs[0], xs)[0]


@case(
    "loop_invariants",
    lambda w, xs: (
        lambda s: lax.scan(
            lambda c, x: (lax.cond(w[0, 0] > 0, lambda: c @ s, lambda: c + x), None), xs[0], xs
        )[0]
    )(jnp.sin(w)),
    M,
    XS,
    of="sin",
    opcodes=("sine",),
    cpu="survives",
)
def sine_in_a_branch_in_a_loop(w: Any, xs: Any) -> Any:
    def step(c: Any, x: Any) -> Any:
        return lax.cond(w[0, 0] > 0, lambda: c @ jnp.sin(w), lambda: c + x), None

    return lax.scan(step, xs[0], xs)[0]


# constant work, made of numbers that the program contains: what `extra` makes is handed over


GRID = np.linspace(-1, 1, 256, dtype=np.float32).reshape(16, 16)


def made(*shape: int) -> Any:
    return jnp.linspace(-1, 1, math.prod(shape)).reshape(shape)


def kernel() -> Any:
    return jnp.exp(-((jnp.arange(512.0)[:, None] - jnp.arange(512.0)) ** 2))


@case(
    "constant_work",
    lambda x, c: c @ x,
    f32(16),
    of="cholesky",
    opcodes=FACTOR,
    cpu="survives",
    extra=lambda: (jnp.eye(16),),
)
def cholesky_of_a_constant(x: Any) -> Any:
    grid = made(16, 16)
    return lax.linalg.cholesky(grid @ grid.T + 16 * jnp.eye(16)) @ x


@case(
    "constant_work",
    lambda x, c: c * x,
    V,
    of="fft",
    opcodes=("fft", "sine"),
    cpu="survives",
    extra=lambda: (jnp.ones(64, jnp.complex64),),
)
def fft_of_a_constant(x: Any) -> Any:
    return jnp.fft.fft(made(64)) * x


@case(
    "constant_work",
    lambda x, c: jnp.tanh(x @ c),
    f32(512),
    of="exp",
    opcodes=("exponential",),
    cpu="survives",
    extra=lambda: (jnp.ones((512, 512)),),
)
def kernel_matrix(x: Any) -> Any:
    return jnp.tanh(x @ kernel())


@case(
    "constant_work",
    lambda x, c: x + c,
    f32(16),
    of="tanh",
    opcodes=("tanh",),
    cpu="survives",
    extra=lambda: (jnp.ones(16),),
)
def loop_over_constants(x: Any) -> Any:
    grid = made(16, 16)
    table = lax.scan(lambda c, _: (jnp.tanh(c @ grid), None), jnp.ones(16), None, length=20)[0]
    return x + table


@case(
    "constant_work",
    lambda x, c: x + c,
    f32(64, 64),
    of="dot_general",
    opcodes=DOT,
    cpu="survives",
    extra=lambda: (jnp.ones((64, 64)),),
)
def dot_of_constants(x: Any) -> Any:
    return x + made(64, 64) @ made(64, 64)


@case(
    "constant_work",
    lambda x, c: x + c,
    f32(300, 300),
    of="sin",
    opcodes=("sine",),
    cpu="survives",
    extra=lambda: (jnp.ones((300, 300)),),
)
def sine_of_a_table(x: Any) -> Any:
    return x + jnp.sin(made(300, 300))


@case(
    "constant_work",
    lambda x, c: x + c,
    f32(300, 300),
    of="sin",
    opcodes=("sine",),
    cpu="removed",
    extra=lambda: (jnp.ones((300, 300)),),
)
def sine_of_one_number(x: Any) -> Any:
    return x + jnp.sin(jnp.full((300, 300), 2.0))


@case(
    "constant_work",
    lambda x, c: x * c,
    f32(8),
    of="eigh",
    opcodes=("custom-call", "while"),
    cpu="survives",
    extra=lambda: (jnp.ones(8),),
)
def spectrum_of_a_constant(x: Any) -> Any:
    grid = made(8, 8)
    return x * jnp.linalg.eigvalsh(grid + grid.T)


# repeated_factorizations


def spd(x: Any) -> Any:
    return x @ x.T + 16 * jnp.eye(16)


@case(
    "repeated_factorizations",
    lambda x: (lambda c: (c, c * 2))(lax.linalg.cholesky((x + x.T) / 2, symmetrize_input=False)),
    M,
    of="cholesky",
    opcodes=FACTOR,
    cpu="survives",
)
def cholesky_of_a_symmetrized_matrix(x: Any) -> Any:
    return (
        lax.linalg.cholesky(x, symmetrize_input=False),
        lax.linalg.cholesky((x + x.T) / 2, symmetrize_input=False) * 2,
    )


@case(
    "repeated_factorizations",
    lambda x: (lambda lu: (lu[0], lu[0].T))(lax.linalg.lu(x)),
    M,
    of="lu",
    opcodes=("custom-call",),
    cpu="survives",
)
def lu_of_the_transpose(x: Any) -> Any:
    return lax.linalg.lu(x)[0], lax.linalg.lu(x.T)[0]


@case(
    "repeated_factorizations",
    lambda x: (lambda svd: (svd[1], svd[0] + 1))(jnp.linalg.svd(x)),
    M,
    of="svd",
    opcodes=("custom-call",),
    cpu="survives",
    tpu="removed",
)
def singular_values_and_vectors(x: Any) -> Any:
    values = jnp.linalg.svd(x, compute_uv=False)
    return values, jnp.linalg.svd(x)[0] + 1


@case(
    "repeated_factorizations",
    lambda x: (lambda svd: (svd[0][:, :8], svd[0]))(jnp.linalg.svd(x)),
    f32(16, 8),
    of="svd",
    opcodes=("custom-call",),
    cpu="survives",
    tpu="survives",
    cuda="removed",
)
def full_and_reduced_vectors(x: Any) -> Any:
    return jnp.linalg.svd(x, full_matrices=False)[0], jnp.linalg.svd(x)[0]


def eigenvectors(x: Any, *, lower: bool) -> Any:
    return lax.linalg.eigh(x, lower=lower, symmetrize_input=False)[0]


@case(
    "repeated_factorizations",
    lambda x: (lambda v: (v, v + 1))(eigenvectors(x, lower=True)),
    M,
    of="eigh",
    opcodes=("custom-call", "while"),
    cpu="survives",
    tpu="removed",
)
def eigh_of_both_triangles(x: Any) -> Any:
    return eigenvectors(x, lower=True), eigenvectors(x, lower=False) + 1


@case(
    "repeated_factorizations",
    lambda x: (lambda c: (c, c + 1))(lax.linalg.cholesky(x)),
    M,
    of="cholesky",
    opcodes=FACTOR,
    cpu="removed",
)
def cholesky_of_a_matrix_turned_twice(x: Any) -> Any:
    return lax.linalg.cholesky(x), lax.linalg.cholesky(x.T.T) + 1


@case(
    "repeated_factorizations",
    lambda x: (lambda c: (c, c + 1))(lax.linalg.cholesky(x, symmetrize_input=False)),
    f32(1, 1),
    of="cholesky",
    opcodes=FACTOR,
    cpu="removed",
)
def cholesky_of_a_transposed_number(x: Any) -> Any:
    return (
        lax.linalg.cholesky(x, symmetrize_input=False),
        lax.linalg.cholesky(x.T, symmetrize_input=False) + 1,
    )


# zeros


def helper_1(p: Any) -> Any:
    return jnp.sin(jnp.sum(p * p)) * p


def main(p: Any, q: Any) -> Any:
    z = helper_1(p)
    return z, jnp.sum(jnp.sin(jnp.outer(z, q)), axis=1)


@case(
    "zeros",
    lambda p, q: (jax.jacfwd(main, 0)(p, q), jax.jacfwd(main, 1)(p, q)),
    f32(40),
    V,
    of="add_any",
    opcodes=("add", "multiply"),
    cpu="survives",
)
def tangents_of_both_arguments(p: Any, q: Any) -> Any:
    return jax.jacfwd(main, (0, 1))(p, q)


@case("zeros", lambda x, w: jnp.zeros_like(x), M, M, of="dot_general", opcodes=DOT, cpu="survives")
def dot_with_zeros(x: Any, w: Any) -> Any:
    return jnp.zeros((16, 16)) @ w


@case("zeros", lambda x: x + 1, f32(64, 64), of="dot_general", opcodes=DOT, cpu="survives")
def dot_with_an_identity(x: Any) -> Any:
    return x @ jnp.eye(64) + 1


@case(
    "zeros",
    lambda x, d: jnp.tanh(x * d),
    f32(64, 64),
    V,
    of="dot_general",
    opcodes=DOT,
    cpu="survives",
)
def dot_with_a_diagonal(x: Any, d: Any) -> Any:
    return jnp.tanh(x @ jnp.diag(d))


@case(
    "zeros",
    lambda x: jnp.tanh(x),
    M,
    of="mul",
    opcodes=("multiply",),
    cpu="survives",
)
def product_with_zeros(x: Any) -> Any:
    return jnp.tanh(x) + x * jnp.zeros((16, 16))


@case(
    "zeros",
    lambda x, w: jnp.concatenate([jnp.tanh(x @ w), jnp.zeros((192, 16))]),
    f32(64, 16),
    M,
    of="dot_general",
    opcodes=DOT,
    cpu="survives",
)
def padding_before_a_dot(x: Any, w: Any) -> Any:
    padded = jnp.concatenate([x, jnp.zeros((192, 16))])
    return jnp.tanh(padded @ w)


@case(
    "zeros",
    lambda x, w: jnp.concatenate([jnp.sin(x * w), jnp.zeros(192)]),
    V,
    V,
    of="sin",
    opcodes=("sine",),
    cpu="survives",
)
def padding_before_a_sine(x: Any, w: Any) -> Any:
    padded = jnp.concatenate([x * w, jnp.zeros(192)])
    return jnp.sin(padded)


@case(
    "zeros",
    lambda x, w: jnp.tanh(x) @ w,
    M,
    M,
    of="dot_general",
    opcodes=DOT,
    cpu="survives",
)
def jvp_with_a_tangent_of_zeros(x: Any, w: Any) -> Any:
    y, t = jax.jvp(lambda x, w: jnp.tanh(x) @ w, (x, w), (jnp.zeros((16, 16)), jnp.zeros((16, 16))))
    return y + t


# batch invariants


@case(
    "batch_invariants",
    lambda x: jnp.broadcast_to(jnp.sin(x), (32, 64)),
    V,
    of="sin",
    opcodes=("sine",),
    cpu="removed",
)
def sine_after_a_broadcast(x: Any) -> Any:
    return jnp.sin(jnp.broadcast_to(x, (32, 64)))


@case(
    "batch_invariants",
    lambda x, y: jnp.sin(x) * y,
    V,
    f32(32, 64),
    of="sin",
    opcodes=("sine",),
    cpu="removed",
)
def sine_of_a_broadcast_operand(x: Any, y: Any) -> Any:
    return jnp.sin(jnp.broadcast_to(x, (32, 64))) * y


@case(
    "batch_invariants",
    lambda x, y: jnp.tanh((x @ x) * y),
    M,
    BATCH,
    of="dot_general",
    opcodes=DOT,
    cpu="survives",
)
def dot_after_a_broadcast(x: Any, y: Any) -> Any:
    many = jnp.broadcast_to(x, (32, 16, 16))
    return jnp.tanh((many @ many) * y)


@case(
    "batch_invariants",
    lambda x, y: jnp.sort(x) * y,
    V,
    f32(32, 64),
    of="sort",
    opcodes=("sort",),
    cpu="survives",
)
def sort_after_a_broadcast(x: Any, y: Any) -> Any:
    return jnp.sort(jnp.broadcast_to(x, (32, 64)), axis=1) * y


@case(
    "batch_invariants",
    lambda x, y: lax.linalg.cholesky(x) * y,
    M,
    BATCH,
    of="cholesky",
    opcodes=FACTOR,
    cpu="survives",
)
def cholesky_after_a_broadcast(x: Any, y: Any) -> Any:
    return lax.linalg.cholesky(jnp.broadcast_to(x, (32, 16, 16))) * y


@case(
    "batch_invariants",
    lambda x, y: jnp.cumsum(x) * y,
    V,
    f32(32, 64),
    of="cumsum",
    opcodes=("reduce-window", "dot", "add"),
    cpu="survives",
)
def cumsum_after_a_broadcast(x: Any, y: Any) -> Any:
    return jnp.cumsum(jnp.broadcast_to(x, (32, 64)), axis=1) * y


@case(
    "batch_invariants",
    lambda x, y: jnp.exp(jnp.sin(x)) * y,
    V,
    f32(32, 64),
    of="exp",
    opcodes=("exponential",),
    cpu="removed",
)
def two_steps_after_a_broadcast(x: Any, y: Any) -> Any:
    many = jnp.broadcast_to(x, (32, 64))
    return jnp.exp(jnp.sin(many)) * y


# full Jacobians and wrong modes


def dense(x: Any) -> Any:
    return jnp.tanh(jnp.asarray(GRID) @ jnp.sin(x))


X = f32(16)


@case(
    "full_jacobians",
    lambda x, v: jax.jvp(dense, (x,), (v,))[1],
    X,
    X,
    of="dot_general",
    opcodes=DOT,
    cpu="survives",
)
def jacobian_times_a_vector(x: Any, v: Any) -> Any:
    return jax.jacfwd(dense)(x) @ v


@case(
    "full_jacobians",
    lambda x, v: jax.vjp(dense, x)[1](v)[0],
    X,
    X,
    of="dot_general",
    opcodes=DOT,
    cpu="survives",
)
def vector_times_a_jacobian(x: Any, v: Any) -> Any:
    return v @ jax.jacrev(dense)(x)


def energy(x: Any) -> Any:
    return jnp.sum(jnp.tanh(jnp.asarray(GRID) @ x) ** 2)


@case(
    "full_jacobians",
    lambda x, v: jax.jvp(jax.grad(energy), (x,), (v,))[1],
    X,
    X,
    of="dot_general",
    opcodes=DOT,
    cpu="survives",
)
def hessian_times_a_vector(x: Any, v: Any) -> Any:
    return jax.hessian(energy)(x) @ v


@case(
    "full_jacobians",
    lambda x: jax.jvp(jnp.sin, (x,), (jnp.ones(64),))[1],
    V,
    of="reduce_sum",
    opcodes=("dot", "reduce", "multiply"),
    cpu="survives",
)
def rows_of_a_jacobian_summed(x: Any) -> Any:
    return jnp.sum(jax.jacfwd(jnp.sin)(x), axis=1)


@case(
    "full_jacobians",
    lambda x: jax.jvp(jnp.sin, (x,), (jnp.ones(64),))[1],
    V,
    of="reduce_sum",
    opcodes=("multiply", "select"),
    cpu="survives",
)
def diagonal_of_a_jacobian(x: Any) -> Any:
    return jnp.diag(jax.jacfwd(jnp.sin)(x))


@case(
    "full_jacobians",
    lambda x: jnp.full(64, 64 * 3.0),
    V,
    of="reduce_sum",
    opcodes=("dot", "reduce", "multiply"),
    cpu="survives",
)
def jacobian_of_a_scaling_summed(x: Any) -> Any:
    return jnp.sum(jax.jacfwd(lambda x: 3.0 * x)(x), axis=1)


def total(x: Any) -> Any:
    return jnp.sum(jnp.tanh(jnp.asarray(GRID) @ jnp.sin(x)))


@case("wrong_modes", jax.grad(total), X, of="reduce_sum", opcodes=DOT, cpu="survives")
def gradient_in_forward_mode(x: Any) -> Any:
    return jax.jacfwd(total)(x)


def spread(t: Any) -> Any:
    return jnp.tanh(jnp.asarray(GRID) @ (t * jnp.linspace(0, 1, 16)))


@case("wrong_modes", jax.jacfwd(spread), f32(), of="reduce_sum", opcodes=DOT, cpu="survives")
def curve_in_reverse_mode(t: Any) -> Any:
    return jax.jacrev(spread)(t)


@case(
    "wrong_modes",
    jax.jacrev(lambda x: dense(x)[:3]),
    X,
    of="mul",
    opcodes=DOT,
    cpu="survives",
)
def few_outputs_in_forward_mode(x: Any) -> Any:
    return jax.jacfwd(lambda x: dense(x)[:3])(x)


@case(
    "wrong_modes",
    jax.grad(lambda x: jnp.sum(3.0 * x)),
    V,
    of="reduce_sum",
    opcodes=("reduce", "multiply", "dot"),
    cpu="survives",
)
def gradient_of_a_linear_function(x: Any) -> Any:
    return jax.jacfwd(lambda x: jnp.sum(3.0 * x))(x)


@case(
    "wrong_modes",
    jax.grad(lambda x: jnp.sum(jnp.sin(x))),
    V,
    of="reduce_sum",
    opcodes=("multiply", "reduce"),
    cpu="survives",
)
def gradient_of_a_sum_in_forward_mode(x: Any) -> Any:
    return jax.jacfwd(lambda x: jnp.sum(jnp.sin(x)))(x)


@case(
    "wrong_modes",
    jax.jacfwd(lambda t: jnp.sin(t * jnp.arange(64.0))),
    f32(),
    of="reduce_sum",
    opcodes=("multiply", "reduce"),
    cpu="survives",
)
def waves_in_reverse_mode(t: Any) -> Any:
    return jax.jacrev(lambda t: jnp.sin(t * jnp.arange(64.0)))(t)


# dead


@case("dead", jnp.cos, V, of="sin", opcodes=("sine",), cpu="removed")
def unused_sine(x: Any) -> Any:
    jnp.sin(x)
    return jnp.cos(x)


@case("dead", lambda x: x + 1, M, of="dot_general", opcodes=DOT, cpu="removed")
def unused_dot(x: Any) -> Any:
    _ = x @ x
    return x + 1


@case(
    "dead",
    lambda x: lax.fori_loop(0, 6, lambda _, c: jnp.tanh(c), x),
    V,
    of="sin",
    opcodes=("sine",),
    cpu="removed",
)
def unused_carry(x: Any) -> Any:
    return lax.fori_loop(0, 6, lambda _, c: (jnp.tanh(c[0]), jnp.sin(c[1])), (x, x))[0]


@case(
    "dead",
    lambda x: lax.cond(x[0] > 0, lambda: jnp.cos(x), lambda: x),
    V,
    of="sin",
    opcodes=("sine",),
    cpu="removed",
)
def unused_result_of_a_branch(x: Any) -> Any:
    return lax.cond(x[0] > 0, lambda: (jnp.cos(x), jnp.sin(x)), lambda: (x, x))[0]


@case("dead", lambda x: jnp.tanh(x), M, of="select_n", opcodes=FACTOR, cpu="removed")
def unused_cholesky(x: Any) -> Any:
    lax.linalg.cholesky(x)
    return jnp.tanh(x)


@jax.jit
def sine_and_cosine(x: Any) -> Any:
    return jnp.sin(x), jnp.cos(x)


@case("dead", lambda x: jnp.cos(x), V, of="sin", opcodes=("sine",), cpu="removed")
def unused_result_of_a_jit(x: Any) -> Any:
    return sine_and_cosine(x)[1]


# recomputed


def block(x: Any, w: Any) -> Any:
    return jnp.sin(jnp.sin(x @ w) @ w)


def loss_of(layer: Function) -> Function:
    return lambda x, w: jnp.sum(layer(x, w) ** 2)


@case(
    "recomputed",
    jax.grad(loss_of(block)),
    M,
    M,
    of="dot_general",
    opcodes=DOT,
    cpu="varies",
    tpu="survives",
    cuda="survives",
)
def checkpointed_blocks(x: Any, w: Any) -> Any:
    return jax.grad(loss_of(jax.checkpoint(block)))(x, w)


@case("recomputed", jax.grad(loss_of(block)), M, M, of="dot_general", opcodes=DOT, cpu="removed")
def checkpointed_blocks_without_barriers(x: Any, w: Any) -> Any:
    return jax.grad(loss_of(jax.checkpoint(block, prevent_cse=False)))(x, w)


@case("recomputed", jax.grad(loss_of(block)), M, M, of="sin", opcodes=("sine",), cpu="removed")
def checkpointed_sines_without_barriers(x: Any, w: Any) -> Any:
    return jax.grad(loss_of(jax.checkpoint(block, prevent_cse=False)))(x, w)


def layers(layer: Function) -> Function:
    return lambda x, w: jnp.sum(lax.scan(lambda c, _: (layer(c, w), None), x, None, length=6)[0])


@case("recomputed", jax.grad(layers(block)), M, M, of="sin", opcodes=("sine",), cpu="survives")
def checkpointed_layers(x: Any, w: Any) -> Any:
    return jax.grad(layers(jax.checkpoint(block)))(x, w)


@case("recomputed", jax.grad(layers(block)), M, M, of="dot_general", opcodes=DOT, cpu="survives")
def checkpointed_layers_without_barriers(x: Any, w: Any) -> Any:
    return jax.grad(layers(jax.checkpoint(block, prevent_cse=False)))(x, w)


def sine_of_exponential(x: Any) -> Any:
    return jnp.sin(jnp.exp(x))


@case(
    "recomputed",
    jax.value_and_grad(lambda x: jnp.sum(sine_of_exponential(x))),
    V,
    of="exp",
    opcodes=("exponential",),
    cpu="removed",
)
def checkpointed_exponential_without_barriers(x: Any) -> Any:
    layer = jax.checkpoint(sine_of_exponential, prevent_cse=False)
    return jax.value_and_grad(lambda x: jnp.sum(layer(x)))(x)
