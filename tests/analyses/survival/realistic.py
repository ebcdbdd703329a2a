"""Programs as people write them: derivatives, networks and solvers that repeat themselves.

Written down, with their verdicts, before anything of this package was read that decides them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tests.analyses.survival.programs import DOT, Function, M, V, W, case, identity

S = jax.ShapeDtypeStruct((), jnp.float32)
C = jax.ShapeDtypeStruct((32,), jnp.complex64)
KEY = jax.ShapeDtypeStruct((2,), jnp.uint32)
IDS = jax.ShapeDtypeStruct((8,), jnp.int32)
IMAGE = jax.ShapeDtypeStruct((2, 8, 8, 3), jnp.float32)
KERNEL = jax.ShapeDtypeStruct((3, 3, 3, 4), jnp.float32)
EXP, SINE, TANH = ("exponential",), ("sine",), ("tanh",)
removed = partial(case, verdict="removed")
survives = partial(case, verdict="survives")


# networks


def network(w: Any, x: Any) -> Any:
    for each in range(3):
        x = jnp.tanh(x @ w[each])
    return x


@removed(lambda w, x: (lambda y: (y, y.T))(network(w, x)), W, M, repeats="dot_general", opcodes=DOT)
def layers_of_a_python_loop(w: Any, x: Any) -> Any:
    return network(w, x), network(w, x).T


@removed(
    lambda w, x: (lambda y: [y] * 3)([jnp.tanh(x @ w[i]) for i in range(3)]),
    W,
    M,
    repeats="tanh",
    opcodes=TANH,
)
def layers_of_a_list_thrice(w: Any, x: Any) -> Any:
    return [[jnp.tanh(x @ w[i]) for i in range(3)] for _ in range(3)]


@removed(
    jax.value_and_grad(lambda w, x, y: jnp.mean((network(w, x) - y) ** 2)),
    W,
    M,
    M,
    repeats="dot_general",
    opcodes=DOT,
)
def loss_apart_from_its_gradient(w: Any, x: Any, y: Any) -> Any:
    def loss(w: Any) -> Any:
        return jnp.mean((network(w, x) - y) ** 2)

    return loss(w), jax.grad(loss)(w)


def attention(x: Any, q: Any, k: Any) -> Any:
    scores = (x @ q) @ (x @ k).T / 4.0
    return jax.nn.softmax(scores, axis=-1) @ x


@removed(
    lambda x, q, k: (lambda y: (y, y + x))(attention(x, q, k)),
    M,
    M,
    M,
    repeats="dot_general",
    opcodes=DOT,
)
def attention_for_values_and_for_the_residual(x: Any, q: Any, k: Any) -> Any:
    return attention(x, q, k), attention(x, q, k) + x


@survives(
    lambda x, q, k: (lambda y: (y, lax.cond(x[0, 0] > 0, lambda: y * 2, lambda: x)))(
        attention(x, q, k)
    ),
    M,
    M,
    M,
    repeats="dot_general",
    opcodes=DOT,
)
def attention_again_in_a_branch(x: Any, q: Any, k: Any) -> Any:
    return attention(x, q, k), lax.cond(x[0, 0] > 0, lambda: attention(x, q, k) * 2, lambda: x)


def layer_norm(x: Any) -> Any:
    return (x - x.mean(-1, keepdims=True)) * lax.rsqrt(x.var(-1, keepdims=True) + 1e-5)


@removed(
    lambda x, q, k: (lambda y: (y @ q, y @ k))(layer_norm(x)),
    M,
    M,
    M,
    repeats="rsqrt",
    opcodes=("rsqrt",),
)
def norm_per_projection(x: Any, q: Any, k: Any) -> Any:
    return layer_norm(x) @ q, layer_norm(x) @ k


@removed(
    jax.grad(lambda x, q, k: jnp.sum((lambda y: (y @ q) * (y @ k))(layer_norm(x)))),
    M,
    M,
    M,
    repeats="rsqrt",
    opcodes=("rsqrt",),
)
def gradient_of_norm_per_projection(x: Any, q: Any, k: Any) -> Any:
    return jax.grad(lambda x: jnp.sum((layer_norm(x) @ q) * (layer_norm(x) @ k)))(x)


@removed(
    lambda x, y: (lambda p: (-jnp.mean(y * p), jnp.exp(p)))(jax.nn.log_softmax(x)),
    M,
    M,
    repeats="exp",
    opcodes=(),
)
def cross_entropy_and_entropy(x: Any, y: Any) -> Any:
    def surprise() -> Any:
        return jax.nn.log_softmax(x)

    return -jnp.mean(y * surprise()), jnp.exp(surprise())


def encoder(w: Any, x: Any) -> Any:
    return lax.scan(lambda h, w: (jnp.tanh(h @ w), None), x, w)[0]


@removed(
    lambda w, x: (lambda h: (h.sum(), (h**2).sum()))(encoder(w, x)),
    W,
    M,
    repeats="tanh",
    opcodes=TANH,
)
def two_heads_on_a_scanned_encoder(w: Any, x: Any) -> Any:
    return encoder(w, x).sum(), (encoder(w, x) ** 2).sum()


@survives(
    lambda w, x: jax.value_and_grad(lambda w: jnp.sum(encoder(w, x) ** 2))(w),
    W,
    M,
    repeats="tanh",
    opcodes=TANH,
)
def scanned_encoder_and_its_gradient(w: Any, x: Any) -> Any:
    def loss(w: Any) -> Any:
        return jnp.sum(encoder(w, x) ** 2)

    return loss(w), jax.grad(loss)(w)


@jax.jit
def generator(w: Any, z: Any) -> Any:
    return jnp.tanh(z @ w) @ w


@jax.jit
def first_loss(w: Any, z: Any) -> Any:
    return jnp.sum(generator(w, z))


@jax.jit
def second_loss(w: Any, z: Any) -> Any:
    return jnp.max(jax.nn.softplus(generator(w, z)))


@removed(
    lambda w, z: (lambda g: (jnp.sum(g), jnp.max(jax.nn.softplus(g))))(generator(w, z)),
    M,
    M,
    repeats="dot_general",
    opcodes=DOT,
)
def one_generator_in_two_jitted_losses(w: Any, z: Any) -> Any:
    return first_loss(w, z), second_loss(w, z)


@removed(
    lambda x, y: (lambda p: (p, jnp.sum(p * y)))(jax.nn.gelu(x)),
    M,
    M,
    repeats="tanh",
    opcodes=TANH,
)
def gelu_twice(x: Any, y: Any) -> Any:
    return jax.nn.gelu(x), jnp.sum(jax.nn.gelu(x) * y)


# rematerialization


def block(x: Any) -> Any:
    return jnp.tanh(x @ x) @ x


@survives(
    jax.value_and_grad(
        lambda x: jnp.sum(
            lax.scan(lambda c, _: (jax.checkpoint(block)(c), None), x, None, length=5)[0]
        )
    ),
    M,
    repeats="dot_general",
    opcodes=DOT,
)
def loss_beside_its_gradient_with_checkpointed_steps(x: Any) -> Any:
    def loss(x: Any) -> Any:
        return jnp.sum(
            lax.scan(lambda c, _: (jax.checkpoint(block)(c), None), x, None, length=5)[0]
        )

    return loss(x), jax.grad(loss)(x)


# rules of the user's own


@jax.custom_vjp
def stable(x: Any) -> Any:
    return jnp.log(1 + jnp.exp(x)) * jnp.sin(x)


stable.defvjp(
    lambda x: (jnp.log(1 + jnp.exp(x)) * jnp.sin(x), x),
    lambda x, g: (g * jnp.exp(x) / (1 + jnp.exp(x)) * jnp.sin(x),),
)


@removed(
    lambda x: (lambda e, s: (jnp.log(1 + e) * s, e / (1 + e) * s))(jnp.exp(x), jnp.sin(x)),
    V,
    repeats="exp",
    opcodes=EXP,
)
def primal_repeated_by_a_custom_rule(x: Any) -> Any:
    return stable(x), jax.grad(lambda x: jnp.sum(stable(x)))(x)


@jax.custom_jvp
def wave(x: Any) -> Any:
    return jnp.sin(x) * jnp.exp(-x)


@wave.defjvp
def wave_jvp(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    return wave(x), t * (jnp.cos(x) * jnp.exp(-x) - jnp.sin(x) * jnp.exp(-x))


@removed(
    lambda x, t: (lambda s, e: (s * e, t * (jnp.cos(x) * e - s * e)))(jnp.sin(x), jnp.exp(-x)),
    V,
    V,
    repeats="sin",
    opcodes=SINE,
)
def primal_repeated_by_a_custom_jvp(x: Any, t: Any) -> Any:
    return jax.jvp(wave, (x,), (t,))


# derivatives at one point


def field(x: Any) -> Any:
    return jnp.tanh(x) * jnp.sum(jnp.sin(x))


@removed(
    lambda x: (lambda j: (j, j.T))(jax.jacfwd(field)(x)),
    V,
    repeats="sin",
    opcodes=(),
)
def jacobian_and_field(x: Any) -> Any:
    return field(x), jax.jacfwd(field)(x), jax.jacrev(field)(x)


@removed(
    lambda x: (lambda g: (g, jax.hessian(lambda x: jnp.sum(jnp.exp(jnp.sin(x))))(x)))(
        jax.grad(lambda x: jnp.sum(jnp.exp(jnp.sin(x))))(x)
    ),
    V,
    repeats="exp",
    opcodes=(),
)
def gradient_and_hessian(x: Any) -> Any:
    def f(x: Any) -> Any:
        return jnp.sum(jnp.exp(jnp.sin(x)))

    return jax.grad(f)(x), jax.hessian(f)(x)


@survives(
    lambda w, x: jax.vmap(jax.value_and_grad(lambda x: jnp.sum(encoder(w, x))))(
        jnp.stack([x, x + 1])
    ),
    W,
    M,
    repeats="tanh",
    opcodes=TANH,
)
def values_and_gradients_per_example(w: Any, x: Any) -> Any:
    xs = jnp.stack([x, x + 1])

    def loss(x: Any) -> Any:
        return jnp.sum(encoder(w, x))

    return jax.vmap(loss)(xs), jax.vmap(jax.grad(loss))(xs)


@removed(
    lambda w, x: jax.vmap(lambda w: (lambda y: (y @ x, y))(jnp.tanh(x @ w)))(w),
    W,
    M,
    repeats="dot_general",
    opcodes=DOT,
)
def duplicate_under_vmap(w: Any, x: Any) -> Any:
    return jax.vmap(lambda w: (jnp.tanh(x @ w) @ x, jnp.tanh(x @ w)))(w)


def inner_twice(m: Any) -> Any:
    def row(r: Any) -> Any:
        scaled = jnp.sin(r) * 2
        return scaled @ r + jnp.sin(r)

    return jax.vmap(row)(m)


@removed(
    lambda w: jax.vmap(jax.vmap(lambda r: (lambda s: (s * 2) @ r + s)(jnp.sin(r))))(w),
    W,
    repeats="sin",
    opcodes=SINE,
)
def duplicate_under_two_vmaps(w: Any) -> Any:
    return jax.vmap(inner_twice)(w)


# loops


@survives(
    lambda x: lax.while_loop(
        lambda c: jnp.sum(c[1]) < 9,
        lambda c: (lambda y: (y, jnp.sin(y)))(c[0] + c[1]),
        (x, jnp.sin(x)),
    )[0],
    V,
    repeats="sin",
    opcodes=(),
)
def condition_repeats_the_body(x: Any) -> Any:
    return lax.while_loop(lambda c: jnp.sum(jnp.sin(c)) < 9, lambda c: c + jnp.sin(c), x)


@removed(
    lambda x: lax.while_loop(
        lambda c: jnp.sum(jnp.sin(c)) * jnp.max(jnp.sin(c)) < 9, lambda c: c + 1, x
    ),
    V,
    repeats="sin",
    opcodes=(),
)
def twice_in_a_condition(x: Any) -> Any:
    def goes_on(c: Any) -> Any:
        return (jnp.sum(jnp.sin(c)) < 9) & (jnp.max(jnp.sin(c)) < 2)

    return lax.while_loop(goes_on, lambda c: c + 1, x)


@removed(
    lambda x: (
        lambda s: (
            s,
            lax.fori_loop(0, 4, lambda _, c: lax.fori_loop(0, 3, lambda _, d: d @ s, c), x),
        )
    )(jnp.sin(x)),
    M,
    repeats="sin",
    opcodes=SINE,
)
def outside_and_inside_two_loops(x: Any) -> Any:
    def inner(_: Any, d: Any) -> Any:
        return d @ jnp.sin(x)

    return jnp.sin(x), lax.fori_loop(0, 4, lambda _, c: lax.fori_loop(0, 3, inner, c), x)


@survives(
    lambda x: lax.scan(
        lambda c, _: (lambda y: (y @ c, jnp.sum(y)))(jnp.tanh(c)), x, None, length=5
    ),
    M,
    repeats="tanh",
    opcodes=TANH,
)
def two_recurrences_alike(x: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        return jnp.tanh(c) @ c, None

    def step_with_sums(c: Any, _: Any) -> Any:
        y = jnp.tanh(c)
        return y @ c, jnp.sum(y)

    last, _ = lax.scan(step, x, None, length=5)
    _, sums = lax.scan(step_with_sums, x, None, length=5)
    return last, sums


@removed(lambda x: (lambda s: (s, s @ x))(jnp.sin(x)), M, repeats="sin", opcodes=SINE)
def outside_and_in_a_loop_of_one_step(x: Any) -> Any:
    return jnp.sin(x), lax.scan(lambda c, _: (jnp.sin(x) @ c, None), x, None, length=1)[0]


def runge_kutta(f: Function, y: Any, steps: int) -> Any:
    def step(y: Any, _: Any) -> Any:
        half = y + 0.1 * f(y)
        full = y + 0.2 * f(half)
        return full, jnp.max(jnp.abs(full - (y + 0.2 * f(y))))

    return lax.scan(step, y, None, length=steps)


def euler_slope_once(f: Function, y: Any, steps: int) -> Any:
    def step(y: Any, _: Any) -> Any:
        slope = f(y)
        full = y + 0.2 * f(y + 0.1 * slope)
        return full, jnp.max(jnp.abs(full - (y + 0.2 * slope)))

    return lax.scan(step, y, None, length=steps)


@removed(
    lambda x, w: euler_slope_once(lambda y: jnp.tanh(w @ y), x, 10),
    V,
    jax.ShapeDtypeStruct((64, 64), jnp.float32),
    repeats="dot_general",
    opcodes=DOT,
)
def slope_again_for_the_error(x: Any, w: Any) -> Any:
    return runge_kutta(lambda y: jnp.tanh(w @ y), x, 10)


@removed(
    lambda x: lax.while_loop(
        lambda s: s[1] < 20,
        lambda s: (lambda v, g: (s[0] - v / g, s[1] + 1))(
            *jax.value_and_grad(lambda x: jnp.exp(x) * jnp.sin(x))(s[0])
        ),
        (x, 0),
    )[0],
    S,
    repeats="exp",
    opcodes=EXP,
)
def newton_step(x: Any) -> Any:
    def f(x: Any) -> Any:
        return jnp.exp(x) * jnp.sin(x)

    return lax.while_loop(
        lambda s: s[1] < 20, lambda s: (s[0] - f(s[0]) / jax.grad(f)(s[0]), s[1] + 1), (x, 0)
    )[0]


# branches


@survives(
    lambda x: (
        lambda e: (
            e,
            lax.cond(
                x[0] > 0, lambda: lax.cond(x[1] > 0, lambda: e.sum(), lambda: 0.0), lambda: 1.0
            ),
        )
    )(jnp.exp(x)),
    V,
    repeats="exp",
    opcodes=EXP,
)
def outside_and_in_a_nested_branch(x: Any) -> Any:
    def inner() -> Any:
        return lax.cond(x[1] > 0, lambda: jnp.exp(x).sum(), lambda: 0.0)

    return jnp.exp(x), lax.cond(x[0] > 0, inner, lambda: 1.0)


@removed(
    lambda x: lax.cond(x[0, 0] > 0, lambda: (lambda s: s @ x + s)(jnp.sin(x)), lambda: x),
    M,
    repeats="sin",
    opcodes=SINE,
)
def twice_within_one_branch(x: Any) -> Any:
    def taken() -> Any:
        return jnp.sin(x) @ x + jnp.sin(x)

    return lax.cond(x[0, 0] > 0, taken, lambda: x)


@survives(
    lambda x: (
        lambda y: (
            y,
            lax.switch(
                (x[0, 0] > 0).astype(int) + (x[1, 1] > 0), [lambda: y @ x, lambda: y + x, lambda: x]
            ),
        )
    )(jnp.cos(x)),
    M,
    repeats="cos",
    opcodes=("cosine",),
)
def outside_and_in_some_branches(x: Any) -> Any:
    index = (x[0, 0] > 0).astype(int) + (x[1, 1] > 0)
    branches = [lambda: jnp.cos(x) @ x, lambda: jnp.cos(x) + x, lambda: x]
    return jnp.cos(x), lax.switch(index, branches)


@survives(
    lambda x: lax.cond(
        x[0, 0] > 0, jax.value_and_grad(lambda x: jnp.sum(scan_of(x))), lambda x: (0.0, x), x
    ),
    M,
    repeats="tanh",
    opcodes=TANH,
)
def loop_and_its_gradient_in_a_branch(x: Any) -> Any:
    def f(x: Any) -> Any:
        return jnp.sum(scan_of(x))

    return lax.cond(x[0, 0] > 0, lambda x: (f(x), jax.grad(f)(x)), lambda x: (0.0, x), x)


def scan_of(x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.tanh(c @ c), None), x, None, length=7)[0]


# linear algebra


def positive(x: Any) -> Any:
    return x @ x.T + jnp.eye(x.shape[0])


def log_density(x: Any, y: Any) -> Any:
    factor = jnp.linalg.cholesky(positive(x))
    half = lax.linalg.triangular_solve(factor, y, left_side=True, lower=True)
    return -0.5 * jnp.sum(half**2) - jnp.sum(jnp.log(jnp.diag(factor)))


def whitened(x: Any, y: Any) -> Any:
    factor = jnp.linalg.cholesky(positive(x))
    return lax.linalg.triangular_solve(factor, y, left_side=True, lower=True)


def density_and_whitened(x: Any, y: Any) -> Any:
    factor = jnp.linalg.cholesky(positive(x))
    half = lax.linalg.triangular_solve(factor, y, left_side=True, lower=True)
    return -0.5 * jnp.sum(half**2) - jnp.sum(jnp.log(jnp.diag(factor))), half


@removed(density_and_whitened, M, M, repeats="cholesky", opcodes=("custom-call", "cholesky"))
def density_and_residuals(x: Any, y: Any) -> Any:
    return jax.jit(log_density)(x, y), jax.jit(whitened)(x, y)


@removed(
    lambda x, y: (lambda z: (z, z + y))(jnp.linalg.solve(x, y)),
    M,
    M,
    repeats="lu",
    opcodes=("custom-call",),
)
def solve_twice(x: Any, y: Any) -> Any:
    return jnp.linalg.solve(x, y), jnp.linalg.solve(x, y) + y


@survives(
    lambda x: (lambda r: (r[0], lax.cond(x[0, 0] > 0, lambda: r[1], lambda: x)))(
        jnp.linalg.eigh(x)
    ),
    M,
    repeats="eigh",
    opcodes=("custom-call",),
)
def eigenvalues_and_vectors_in_a_branch(x: Any) -> Any:
    values = jnp.linalg.eigh(x)[0]
    return values, lax.cond(x[0, 0] > 0, lambda: jnp.linalg.eigh(x)[1], lambda: x)


@removed(
    lambda x: (lambda r: (r[0], r[1]))(jnp.linalg.qr(x)), M, repeats="qr", opcodes=("custom-call",)
)
def both_factors_apart(x: Any) -> Any:
    return jnp.linalg.qr(x)[0], jnp.linalg.qr(x)[1]


# signals, images, indices


@removed(
    lambda x: (lambda f: (jnp.abs(f), jnp.angle(f)))(jnp.fft.rfft(x)),
    V,
    repeats="fft",
    opcodes=("fft",),
)
def magnitude_and_phase(x: Any) -> Any:
    return jnp.abs(jnp.fft.rfft(x)), jnp.angle(jnp.fft.rfft(x))


@survives(
    lambda x, k: (lambda f: (f, lax.cond(k > 0, lambda: jnp.fft.irfft(f * k), lambda: x)))(
        jnp.fft.rfft(x)
    ),
    V,
    S,
    repeats="fft",
    opcodes=("fft",),
)
def spectrum_again_in_a_filter(x: Any, k: Any) -> Any:
    return jnp.fft.rfft(x), lax.cond(k > 0, lambda: jnp.fft.irfft(jnp.fft.rfft(x) * k), lambda: x)


def convolved(x: Any, k: Any) -> Any:
    numbers = ("NHWC", "HWIO", "NHWC")
    return jax.nn.relu(lax.conv_general_dilated(x, k, (1, 1), "SAME", dimension_numbers=numbers))


@removed(
    jax.value_and_grad(lambda k, x: jnp.sum(convolved(x, k) ** 2)),
    KERNEL,
    IMAGE,
    repeats="conv_general_dilated",
    opcodes=("convolution", "custom-call"),
)
def convolution_and_its_gradient(k: Any, x: Any) -> Any:
    def loss(k: Any) -> Any:
        return jnp.sum(convolved(x, k) ** 2)

    return loss(k), jax.grad(loss)(k)


@survives(
    lambda k, x: (lambda y: (y, lax.cond(x[0, 0, 0, 0] > 0, lambda: y + 1, lambda: y * 0)))(
        convolved(x, k)
    ),
    KERNEL,
    IMAGE,
    repeats="conv_general_dilated",
    opcodes=("convolution", "custom-call"),
)
def convolution_again_in_a_branch(k: Any, x: Any) -> Any:
    first = convolved(x, k)
    return first, lax.cond(
        x[0, 0, 0, 0] > 0, lambda: convolved(x, k) + 1, lambda: jnp.zeros_like(first)
    )


@removed(lambda x, i: (lambda s: (s, s * 2))(jnp.exp(x[i])), V, IDS, repeats="exp", opcodes=EXP)
def gathered_twice(x: Any, i: Any) -> Any:
    return jnp.exp(x[i]), jnp.exp(x[i]) * 2


@removed(
    lambda x, y: (lambda p: (p.sum(), p.max()))(jnp.einsum("bij,bjk,k->bi", x, y, y[0, 0])),
    W,
    W,
    repeats="dot_general",
    opcodes=DOT,
)
def einsum_twice(x: Any, y: Any) -> Any:
    def product() -> Any:
        return jnp.einsum("bij,bjk,k->bi", x, y, y[0, 0])

    return product().sum(), product().max()


@removed(
    lambda x: (lambda e: (jnp.real(e), jnp.imag(e)))(jnp.exp(1j * x)),
    V,
    repeats="exp",
    opcodes=(),
)
def rotated_twice(x: Any) -> Any:
    return jnp.real(jnp.exp(1j * x)), jnp.imag(jnp.exp(1j * x))


@survives(
    lambda x: (lambda e: (e, lax.cond(jnp.real(x[0]) > 0, lambda: e * x, lambda: x)))(jnp.exp(x)),
    C,
    repeats="exp",
    opcodes=EXP,
)
def complex_exponential_again_in_a_branch(x: Any) -> Any:
    return jnp.exp(x), lax.cond(jnp.real(x[0]) > 0, lambda: jnp.exp(x) * x, lambda: x)


HALF = jax.ShapeDtypeStruct((32, 32), jnp.bfloat16)


@removed(lambda x: (lambda y: (y, jnp.tanh(y)))(x @ x), HALF, repeats="dot_general", opcodes=DOT)
def half_precision_product(x: Any) -> Any:
    return x @ x, jnp.tanh(x @ x)


@removed(
    lambda x: (lambda y: (y, y + 1))(x @ x),
    jax.ShapeDtypeStruct((32, 32), jnp.int32),
    repeats="dot_general",
    opcodes=DOT,
)
def integer_product(x: Any) -> Any:
    return x @ x, (x @ x) + 1


@removed(
    lambda x: (lambda y: (y, y * 3))(jnp.sqrt(jnp.exp(x))), S, repeats="sqrt", opcodes=("sqrt",)
)
def scalars(x: Any) -> Any:
    return jnp.sqrt(jnp.exp(x)), jnp.sqrt(jnp.exp(x)) * 3


BIG = jax.ShapeDtypeStruct((512, 512), jnp.float32)


@removed(
    lambda x, y: (lambda z: (z.sum(0), z.max(1)))(x @ y),
    BIG,
    BIG,
    repeats="dot_general",
    opcodes=DOT,
)
def large_product(x: Any, y: Any) -> Any:
    return (x @ y).sum(0), (x @ y).max(1)


@survives(
    lambda x, y: (lambda z: (z, lax.cond(x[0, 0] > 0, lambda: z.T, lambda: x)))(x @ y),
    BIG,
    BIG,
    repeats="dot_general",
    opcodes=DOT,
)
def large_product_again_in_a_branch(x: Any, y: Any) -> Any:
    return x @ y, lax.cond(x[0, 0] > 0, lambda: (x @ y).T, lambda: x)


# the rest of JAX


def sharded(function: Function) -> Function:
    mesh = jax.sharding.Mesh(jax.devices()[:1], ("i",))
    spec = jax.sharding.PartitionSpec("i")
    return jax.shard_map(function, mesh=mesh, in_specs=spec, out_specs=spec)


@removed(
    lambda x: sharded(lambda x: (lambda s: s * s.sum())(jnp.sin(x)))(x),
    V,
    repeats="sin",
    opcodes=SINE,
)
def twice_in_a_shard(x: Any) -> Any:
    return sharded(lambda x: jnp.sin(x) * jnp.sin(x).sum())(x)


@removed(
    lambda x: sharded(
        lambda x: (lambda s: s + lax.cond(s[0] > 0, lambda: s * x, lambda: x))(jnp.sin(x))
    )(x),
    V,
    repeats="sin",
    opcodes=SINE,
)
def branch_in_a_shard(x: Any) -> Any:
    """Fused with what reads it, the sine before the branch is computed again whoever repeats it."""

    def local(x: Any) -> Any:
        s = jnp.sin(x)
        return s + lax.cond(s[0] > 0, lambda: jnp.sin(x) * x, lambda: x)

    return sharded(local)(x)


@survives(
    lambda x, p: (lambda y: (y, lax.cond(p > 0, lambda: y + 1, lambda: x)))(_called(x)),
    V,
    S,
    repeats="pure_callback",
    opcodes=("custom-call",),
    kind="repeated_callbacks",
)
def callback_again_in_a_branch(x: Any, p: Any) -> Any:
    return _called(x), lax.cond(p > 0, lambda: _called(x) + 1, lambda: x)


def _called(x: Any) -> Any:
    return jax.pure_callback(identity, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


@removed(
    lambda k, p: (lambda n: (n, n.max()))(jax.random.uniform(k, (16,))),
    KEY,
    S,
    repeats="random_bits",
    opcodes=(),
    kind="key_reuse",
)
def uniform_draws(k: Any, p: Any) -> Any:
    return jax.random.uniform(k, (16,)), jax.random.uniform(k, (16,)).max()


@survives(
    lambda k, p: (lambda n: (n, lax.cond(p > 0, lambda: n.max(), lambda: p)))(
        jax.random.normal(k, (16,))
    ),
    KEY,
    S,
    repeats="random_bits",
    opcodes=(),
    kind="key_reuse",
)
def draw_again_in_a_branch(k: Any, p: Any) -> Any:
    return jax.random.normal(k, (16,)), lax.cond(
        p > 0, lambda: jax.random.normal(k, (16,)).max(), lambda: p
    )


@removed(
    lambda x: (lambda y: (y, y + x))(lax.associative_scan(_affine, (x, jnp.sin(x)))[1]),
    V,
    repeats="mul",
    opcodes=("multiply",),
)
def recurrence_in_parallel_twice(x: Any) -> Any:
    def run() -> Any:
        return lax.associative_scan(_affine, (x, jnp.sin(x)))[1]

    return run(), run() + x


def _affine(one: Any, two: Any) -> Any:
    return one[0] * two[0], two[0] * one[1] + two[1]


@removed(
    lambda x: (lambda p: (p.sum(), p))(
        lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    ),
    IMAGE,
    repeats="reduce_window_max",
    opcodes=("reduce-window",),
)
def pooled_twice(x: Any) -> Any:
    def pooled() -> Any:
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    return pooled().sum(), pooled()


@removed(
    lambda x: (lambda g: (g, g + x))(lax.igamma(x, x + 1)),
    V,
    repeats="igamma",
    opcodes=("while",),
)
def special_function_with_loops(x: Any) -> Any:
    return lax.igamma(x, x + 1), lax.igamma(x, x + 1) + x


@removed(lambda x: (lambda g: (g, g * 2))(lax.digamma(x)), V, repeats="digamma", opcodes=("log",))
def special_function_of_polynomials(x: Any) -> Any:
    return lax.digamma(x), lax.digamma(x) * 2


@survives(
    lambda x, p: (lambda g: (g, lax.cond(p > 0, lambda: g * 2, lambda: x)))(lax.lgamma(x)),
    V,
    S,
    repeats="lgamma",
    opcodes=(),
)
def special_function_again_in_a_branch(x: Any, p: Any) -> Any:
    return lax.lgamma(x), lax.cond(p > 0, lambda: lax.lgamma(x) * 2, lambda: x)
