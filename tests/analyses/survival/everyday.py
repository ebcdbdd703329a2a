"""Twenty more programs of users' own, written when the rules stood."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tests.analyses.survival.programs import DOT, M, V, W, case

S = jax.ShapeDtypeStruct((), jnp.float32)
KEY = jax.ShapeDtypeStruct((2,), jnp.uint32)
IDS = jax.ShapeDtypeStruct((8,), jnp.int32)
EXP, SINE, TANH = ("exponential",), ("sine",), ("tanh",)
removed = partial(case, verdict="removed")
survives = partial(case, verdict="survives")


@survives(lambda x: (lambda y: (y, y.T + 1))(x @ x), M, repeats="dot_general", opcodes=DOT)
def product_and_its_transpose(x: Any) -> Any:
    # XLA lets the second product write its result transposed, so that the two are not equal.
    return x @ x, (x @ x).T + 1


def energy(positions: Any) -> Any:
    difference = positions[:, None] - positions[None]
    distance = jnp.sum(difference**2, axis=-1) + jnp.eye(positions.shape[0])
    return jnp.sum(jnp.exp(-distance))


@removed(
    lambda x: (lambda e, f: (e, -f))(*jax.value_and_grad(energy)(x)), M, repeats="exp", opcodes=EXP
)
def energy_and_forces(x: Any) -> Any:
    return energy(x), -jax.grad(energy)(x)


@survives(
    lambda x: lax.scan(
        lambda c, _: (lambda e, f: (c - 0.1 * f, e))(*jax.value_and_grad(unrolled)(c)),
        x,
        None,
        length=4,
    ),
    M,
    repeats="tanh",
    opcodes=TANH,
)
def descent_with_losses(x: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        return c - 0.1 * jax.grad(unrolled)(c), unrolled(c)

    return lax.scan(step, x, None, length=4)


def unrolled(c: Any) -> Any:
    return jnp.sum(lax.scan(lambda h, _: (jnp.tanh(h @ c), None), c, None, length=3)[0])


@removed(
    lambda x, t: (lambda p: (p, p * 2))(jnp.sin(x) @ t),
    M,
    M,
    repeats="sin",
    opcodes=SINE,
)
def tangents_pushed_in_two_helpers(x: Any, t: Any) -> Any:
    def helper(x: Any) -> Any:
        return jnp.sin(x) @ t

    def doubled(x: Any) -> Any:
        return jnp.sin(x) @ (t * 2)

    return jax.jit(helper)(x), jax.jit(doubled)(x)


@survives(
    lambda x, n: (
        lambda s: (
            s,
            lax.fori_loop(0, n, lambda i, c: lax.cond(i > 2, lambda: c * s, lambda: c), x),
        )
    )(jnp.exp(x)),
    V,
    jax.ShapeDtypeStruct((), jnp.int32),
    repeats="exp",
    opcodes=EXP,
)
def outside_and_in_a_branch_of_an_open_loop(x: Any, n: Any) -> Any:
    def step(i: Any, c: Any) -> Any:
        return lax.cond(i > 2, lambda: c * jnp.exp(x), lambda: c)

    return jnp.exp(x), lax.fori_loop(0, n, step, x)


@removed(
    lambda x, n: (lambda s: (s, lax.fori_loop(0, n, lambda _, c: c * s, x)))(jnp.exp(x)),
    V,
    jax.ShapeDtypeStruct((), jnp.int32),
    repeats="exp",
    opcodes=EXP,
)
def outside_and_in_an_open_loop(x: Any, n: Any) -> Any:
    return jnp.exp(x), lax.fori_loop(0, n, lambda _, c: c * jnp.exp(x), x)


def mixture(x: Any, w: Any) -> Any:
    return jax.nn.softmax(x @ w) @ x


@survives(
    lambda x, w: (
        lambda y: (y, lax.switch((x[0, 0] > 0).astype(int), [lambda: y, lambda: y.T]) + 1)
    )(mixture(x, w)),
    M,
    M,
    repeats="exp",
    opcodes=EXP,
)
def mixture_in_every_branch(x: Any, w: Any) -> Any:
    branches = [lambda: mixture(x, w), lambda: mixture(x, w).T]
    return mixture(x, w), lax.switch((x[0, 0] > 0).astype(int), branches) + 1


@removed(
    lambda w: (lambda y: (y.sum(0), y.max(0)))(jax.vmap(lambda m: jnp.cos(m) @ m)(w)),
    W,
    repeats="dot_general",
    opcodes=DOT,
)
def batched_twice(w: Any) -> Any:
    def f(m: Any) -> Any:
        return jnp.cos(m) @ m

    return jax.vmap(f)(w).sum(0), jax.vmap(f)(w).max(0)


@removed(
    lambda x: (lambda u: (u.max(), u.min()))(jnp.linalg.eigvalsh(x)),
    M,
    repeats="eigh",
    opcodes=("custom-call",),
)
def extreme_eigenvalues(x: Any) -> Any:
    return jnp.linalg.eigvalsh(x).max(), jnp.linalg.eigvalsh(x).min()


@survives(
    lambda x: lax.scan(
        lambda c, _: (lambda f: (f @ c, lax.cond(c[0, 0] > 1, lambda: f, lambda: c)))(
            lax.linalg.cholesky(c @ c.T + jnp.eye(16))
        ),
        x,
        None,
        length=3,
    ),
    M,
    repeats="cholesky",
    opcodes=("custom-call", "cholesky"),
)
def factor_again_in_a_branch_of_a_loop(x: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        a = c @ c.T + jnp.eye(16)
        first = lax.linalg.cholesky(a)
        return first @ c, lax.cond(c[0, 0] > 1, lambda: lax.linalg.cholesky(a), lambda: c)

    return lax.scan(step, x, None, length=3)


@removed(lambda x: (lambda s: (s[3], s[::-1]))(jnp.sort(x)), V, repeats="sort", opcodes=("sort",))
def order_statistics(x: Any) -> Any:
    return jnp.sort(x)[3], jnp.sort(x)[::-1]


@survives(
    lambda x, p: (lambda s: (s, lax.cond(p > 0, lambda: s[::-1], lambda: x)))(jnp.sort(x)),
    V,
    S,
    repeats="sort",
    opcodes=("sort",),
)
def sorted_again_in_a_branch(x: Any, p: Any) -> Any:
    return jnp.sort(x), lax.cond(p > 0, lambda: jnp.sort(x)[::-1], lambda: x)


@removed(
    lambda x, y: (lambda d: (d, jnp.sqrt(d)))(jnp.einsum("ij,ij->i", x - y, x - y)),
    M,
    M,
    repeats="dot_general",
    opcodes=DOT,
)
def distances(x: Any, y: Any) -> Any:
    def squared() -> Any:
        return jnp.einsum("ij,ij->i", x - y, x - y)

    return squared(), jnp.sqrt(squared())


@survives(
    lambda w, x: (lambda r: (r[0], r[1].mean(0)))(
        lax.scan(lambda h, m: (lambda y: (y, y))(jnp.tanh(h @ m)), x, w)
    ),
    W,
    M,
    repeats="tanh",
    opcodes=TANH,
)
def last_state_and_mean_state(w: Any, x: Any) -> Any:
    last, _ = lax.scan(lambda h, m: (jnp.tanh(h @ m), None), x, w)
    _, states = lax.scan(lambda h, m: (lambda y: (y, y))(jnp.tanh(h @ m)), x, w)
    return last, states.mean(0)


@survives(
    lambda x: (lambda y: (y, lax.while_loop(lambda c: jnp.max(c) > 1, lambda c: 0.5 * c, y)))(
        jnp.tanh(x @ x) * 9
    ),
    M,
    repeats="tanh",
    opcodes=(),
)
def halved_while_a_condition_repeats(x: Any) -> Any:
    def goes_on(c: Any) -> Any:
        return jnp.max(jnp.tanh(c)) > 0.1

    def halve(c: Any) -> Any:
        return 0.5 * jnp.tanh(c)

    return lax.while_loop(goes_on, halve, x)


@removed(
    lambda k: (lambda n: (n, n.sum()))(jax.random.normal(k, (4, 4)) @ jnp.ones((4, 4))),
    KEY,
    repeats="random_bits",
    opcodes=(),
    kind="key_reuse",
)
def noise_twice(k: Any) -> Any:
    first = jax.random.normal(k, (4, 4)) @ jnp.ones((4, 4))
    second = jax.random.normal(k, (4, 4)) @ jnp.ones((4, 4))
    return first, second.sum()


@removed(
    lambda x, i: (lambda s: (s.sum(), s[i]))(jnp.tanh(x)),
    V,
    IDS,
    repeats="tanh",
    opcodes=TANH,
)
def reduced_and_gathered(x: Any, i: Any) -> Any:
    return jnp.tanh(x).sum(), jnp.tanh(x)[i]


@removed(
    lambda x: lax.map(
        lambda m: (lambda s: lax.cond(m[0, 0] > 0, lambda: s * 2, lambda: s @ m))(jnp.sin(m)),
        x,
    ),
    W,
    repeats="sin",
    opcodes=(),
)
def branch_in_a_map(x: Any) -> Any:
    """The compiler sinks the sine before the branches into the one that reads it.

    Two are written, one for each branch, and one of them runs: counting them says nothing.
    """

    def each(m: Any) -> Any:
        s = jnp.sin(m)
        return lax.cond(m[0, 0] > 0, lambda: jnp.sin(m) * 2, lambda: s @ m)

    return lax.map(each, x)


@removed(
    jax.grad(lambda x: jnp.sum((lambda y: y * jnp.cos(y))(jnp.exp(x)))),
    V,
    repeats="exp",
    opcodes=EXP,
)
def shared_part_of_a_gradient(x: Any) -> Any:
    def f(x: Any) -> Any:
        first = jnp.exp(x)
        second = jnp.exp(x)
        return jnp.sum(first * jnp.cos(second))

    return jax.grad(f)(x)


@survives(
    lambda x, y: (lambda a: (a, lax.cond(y[0, 0] > 0, lambda: a.sum(), lambda: 0.0)))(
        jax.scipy.linalg.solve_triangular(x, y, lower=True)
    ),
    M,
    M,
    repeats="triangular_solve",
    opcodes=("custom-call", "triangular-solve"),
)
def solve_again_in_a_branch(x: Any, y: Any) -> Any:
    def solved() -> Any:
        return jax.scipy.linalg.solve_triangular(x, y, lower=True)

    return solved(), lax.cond(y[0, 0] > 0, lambda: solved().sum(), lambda: 0.0)
