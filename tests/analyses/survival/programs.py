"""Programs that do something twice, what XLA makes of it, and the better way to write each.

Verdicts are worked by hand from what the compiler's passes do: common subexpressions are merged
within one computation, and neither across the body of a loop or a branch, nor among calls of
library functions, nor between loops that differ. `better` computes the same results, and the work
of `opcodes` in both compiled programs, trip counts applied, shows whether the hand was right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

Function = Callable[..., Any]
Verdict = Literal["survives", "partly", "removed"]
"""`partly`: of what is repeated, the compiler removes some and keeps some."""


class Case(NamedTuple):
    """A function that repeats `primitive`, one that does not, and where the work is counted."""

    function: Function
    better: Function
    avals: tuple[jax.ShapeDtypeStruct, ...]
    primitive: str
    verdict: Verdict
    opcodes: tuple[str, ...]
    kind: str = "duplicates"


V = jax.ShapeDtypeStruct((64,), jnp.float32)
M = jax.ShapeDtypeStruct((16, 16), jnp.float32)
INDEX = jax.ShapeDtypeStruct((8,), jnp.int32)
W = jax.ShapeDtypeStruct((3, 16, 16), jnp.float32)
DOT = ("dot", "convolution", "custom-call")
CASES: dict[str, Case] = {}


def case(
    better: Function,
    *avals: jax.ShapeDtypeStruct,
    repeats: str,
    verdict: Verdict,
    opcodes: tuple[str, ...],
    kind: str = "duplicates",
) -> Callable[[Function], Function]:
    """Register a function under its name."""

    def register(function: Function) -> Function:
        name = function.__name__.removeprefix("_")
        CASES[name] = Case(function, better, avals, repeats, verdict, opcodes, kind)
        return function

    return register


# straight lines: merged


def layer(x: Any, w: Any) -> Any:
    return jnp.tanh(x @ w)


def head(x: Any, w: Any) -> Any:
    return layer(x, w) + layer(x, w).T


def head_once(x: Any, w: Any) -> Any:
    y = layer(x, w)
    return y + y.T


case(head_once, M, M, repeats="dot_general", verdict="removed", opcodes=DOT)(head)


@case(head_once, M, M, repeats="tanh", verdict="removed", opcodes=("tanh",))
def activation_twice(x: Any, w: Any) -> Any:
    y = x @ w
    return jnp.tanh(y) + jnp.tanh(y).T


@case(lambda x: jnp.sin(x) * 2, V, repeats="sin", verdict="removed", opcodes=("sine",))
def one_line(x: Any) -> Any:
    return jnp.sin(x) + jnp.sin(x)


@case(lambda x: (jnp.sin(x),) * 2, V, repeats="sin", verdict="removed", opcodes=("sine",))
def two_lines(x: Any) -> Any:
    first = jnp.sin(x)
    second = jnp.sin(x)
    return first, second


@case(
    lambda x, y: (jnp.exp(x * y),) * 2,
    V,
    V,
    repeats="mul",
    verdict="removed",
    opcodes=("multiply",),
)
def commuted(x: Any, y: Any) -> Any:
    return jnp.exp(x * y), jnp.exp(y * x)


@case(
    lambda x, y: (jnp.exp(x + y),) * 2,
    V,
    V,
    repeats="exp",
    verdict="removed",
    opcodes=("exponential",),
)
def commuted_then_exp(x: Any, y: Any) -> Any:
    return jnp.exp(x + y), jnp.exp(y + x)


@jax.jit
def helper_1(x: Any) -> Any:
    return jnp.sin(x) @ x


@jax.jit
def helper_2(x: Any) -> Any:
    return jnp.cos(jnp.sin(x))


@case(
    lambda x: (jnp.sin(x) @ x, jnp.cos(jnp.sin(x))),
    M,
    repeats="sin",
    verdict="removed",
    opcodes=(),
)
def two_jits(x: Any) -> Any:
    return helper_1(x), helper_2(x)


@case(lambda x: helper_1(x) * 2, M, repeats="dot_general", verdict="removed", opcodes=DOT)
def one_jit_twice(x: Any) -> Any:
    return helper_1(x) + helper_1(x)


@case(lambda x: helper_1(x) * 4, M, repeats="sin", verdict="removed", opcodes=("sine",))
def python_loop(x: Any) -> Any:
    total = jnp.zeros_like(x)
    for _ in range(4):
        total = total + helper_1(x)
    return total


@case(
    lambda x, y: (jnp.sin(x), jnp.sin(x), jnp.sin(y)),
    V,
    V,
    repeats="sin",
    verdict="removed",
    opcodes=("sine",),
)
def beside_another_value(x: Any, y: Any) -> Any:
    return tuple(jnp.sin(each) for each in (x, x, y))


@case(
    lambda x: jax.value_and_grad(lambda x: jnp.sum(jnp.tanh(x @ x)))(x),
    M,
    repeats="dot_general",
    verdict="removed",
    opcodes=DOT,
)
def value_and_gradient_apart(x: Any) -> Any:
    def f(x: Any) -> Any:
        return jnp.sum(jnp.tanh(x @ x))

    return f(x), jax.grad(f)(x)


def cubic(x: Any, y: Any) -> Any:
    return jnp.sum(jnp.sin(x) * jnp.exp(y) * x)


@case(
    jax.grad(cubic, argnums=(0, 1)),
    V,
    V,
    repeats="exp",
    verdict="removed",
    opcodes=("exponential",),
)
def gradients_apart(x: Any, y: Any) -> Any:
    return jax.grad(cubic, 0)(x, y), jax.grad(cubic, 1)(x, y)


def linearized(f: Function, x: Any, *tangents: Any) -> Any:
    y, push = jax.linearize(f, x)
    return y, [push(tangent) for tangent in tangents]


@case(
    lambda x, s, t: linearized(jnp.sin, x, s, t),
    V,
    V,
    V,
    repeats="cos",
    verdict="removed",
    opcodes=("cosine",),
)
def two_jvps(x: Any, s: Any, t: Any) -> Any:
    y, first = jax.jvp(jnp.sin, (x,), (s,))
    _, second = jax.jvp(jnp.sin, (x,), (t,))
    return y, [first, second]


@case(
    lambda x: (lambda n: (n, x / n))(jnp.sqrt(jnp.sum(x * x))),
    V,
    repeats="reduce_sum",
    verdict="removed",
    opcodes=("reduce",),
)
def norm_twice(x: Any) -> Any:
    return jnp.sqrt(jnp.sum(x * x)), x / jnp.sqrt(jnp.sum(x * x))


@case(
    lambda x: jax.nn.softmax(x) * 2, V, repeats="exp", verdict="removed", opcodes=("exponential",)
)
def softmax_twice(x: Any) -> Any:
    return jax.nn.softmax(x) + jax.nn.softmax(x)


@case(lambda x: (jnp.sort(x),) * 2, V, repeats="sort", verdict="removed", opcodes=("sort",))
def sort_twice(x: Any) -> Any:
    first = jnp.sort(x)
    return first, jnp.sort(x)


@case(
    lambda x: (jnp.fft.fft(x),) * 2,
    V,
    repeats="fft",
    verdict="removed",
    opcodes=("fft", "custom-call"),
)
def fft_twice(x: Any) -> Any:
    first = jnp.fft.fft(x)
    return first, jnp.fft.fft(x)


@case(
    lambda x: (jnp.log1p(x),) * 2,
    V,
    repeats="log1p",
    verdict="removed",
    opcodes=("log", "log-plus-one"),
)
def expanded_by_the_compiler(x: Any) -> Any:
    first = jnp.log1p(x)
    return first, jnp.log1p(x) + x


@case(
    lambda x: (jax.lax.integer_pow(x, 7),) * 2,
    V,
    repeats="integer_pow",
    verdict="removed",
    opcodes=("multiply",),
)
def several_instructions(x: Any) -> Any:
    first = jax.lax.integer_pow(x, 7)
    return first, jax.lax.integer_pow(x, 7) + x


@case(
    lambda x, k: lax.conv_general_dilated(x, k, (1, 1), "SAME") * 2,
    jax.ShapeDtypeStruct((1, 3, 8, 8), jnp.float32),
    jax.ShapeDtypeStruct((3, 3, 3, 3), jnp.float32),
    repeats="conv_general_dilated",
    verdict="removed",
    opcodes=("convolution", "custom-call"),
)
def convolution_twice(x: Any, k: Any) -> Any:
    first = lax.conv_general_dilated(x, k, (1, 1), "SAME")
    return first + lax.conv_general_dilated(x, k, (1, 1), "SAME")


def consumers(x: Any, one: Any, two: Any, three: Any, i: Any) -> Any:
    return one[i], jnp.sum(two.reshape(8, 8), axis=0), jnp.sum(three**2) + x


@case(
    lambda x, i: consumers(x, *[jnp.sin(x)] * 3, i),
    V,
    INDEX,
    repeats="sin",
    verdict="removed",
    opcodes=("sine",),
)
def cloned_into_fusions(x: Any, i: Any) -> Any:
    return consumers(x, jnp.sin(x), jnp.sin(x), jnp.sin(x), i)


@case(
    lambda x: (lambda y: (jnp.cumsum(y), y))(jnp.cumsum(x)),
    V,
    repeats="cumsum",
    verdict="removed",
    opcodes=("reduce-window",),
)
def cumsum_twice(x: Any) -> Any:
    return jnp.cumsum(jnp.cumsum(x)), jnp.cumsum(x)


@case(
    lambda x: (lambda y: (y, y + 1))(lax.associative_scan(jnp.multiply, x)),
    V,
    repeats="mul",
    verdict="removed",
    opcodes=("multiply",),
)
def associative_scan_twice(x: Any) -> Any:
    return lax.associative_scan(jnp.multiply, x), lax.associative_scan(jnp.multiply, x) + 1


@case(
    lambda x, i: (lambda y: (y.sum(), y))(x.at[i].add(jnp.sin(x[i]))),
    V,
    INDEX,
    repeats="scatter-add",
    verdict="removed",
    opcodes=("scatter", "while"),
)
def scatter_twice(x: Any, i: Any) -> Any:
    def scattered() -> Any:
        return x.at[i].add(jnp.sin(x[i]))

    return scattered().sum(), scattered()


@case(
    lambda x: (lambda e: (e, e + 1))(jax.scipy.special.erfinv(x)),
    V,
    repeats="erf_inv",
    verdict="removed",
    opcodes=("log", "sqrt", "log-plus-one"),
)
def inverse_error_function_twice(x: Any) -> Any:
    return jax.scipy.special.erfinv(x), jax.scipy.special.erfinv(x) + 1


@case(
    lambda x: (lambda e: (e, e + x))(jax.nn.sigmoid(x)),
    V,
    repeats="logistic",
    verdict="removed",
    opcodes=("exponential", "logistic", "tanh"),
)
def logistic_twice(x: Any) -> Any:
    return jax.nn.sigmoid(x), jax.nn.sigmoid(x) + x


@case(
    lambda x: (lambda y: (y, y))(jnp.linalg.cholesky(x)),
    M,
    repeats="cholesky",
    verdict="removed",
    opcodes=("custom-call", "cholesky"),
)
def cholesky_twice(x: Any) -> Any:
    first = lax.linalg.cholesky(x)
    return first, lax.linalg.cholesky(x)


# loops


def scanned(x: Any, length: int = 6) -> Any:
    return lax.scan(lambda c, _: (jnp.tanh(c @ c), None), x, None, length=length)[0]


@case(lambda x: scanned(x) * 2, M, repeats="dot_general", verdict="removed", opcodes=DOT)
def equal_loops(x: Any) -> Any:
    return scanned(x) + scanned(x)


@case(lambda x: scanned(x) * 2, M, repeats="tanh", verdict="removed", opcodes=("tanh",))
def equal_loops_apart(x: Any) -> Any:
    first = scanned(x)
    second = scanned(x)
    return first + second


@case(
    jax.value_and_grad(lambda x: jnp.sum(scanned(x))),
    M,
    repeats="dot_general",
    verdict="survives",
    opcodes=DOT,
)
def loop_and_its_gradient(x: Any) -> Any:
    def f(x: Any) -> Any:
        return jnp.sum(scanned(x))

    return f(x), jax.grad(f)(x)


def dots_with(x: Any, w: Any) -> Any:
    return jnp.sum(lax.scan(lambda c, w: (jnp.tanh(c @ w), None), x, w)[0])


@case(
    jax.grad(dots_with, argnums=(0, 1)),
    M,
    W,
    repeats="tanh",
    verdict="survives",
    opcodes=("tanh",),
)
def gradients_of_a_loop_apart(x: Any, w: Any) -> Any:
    return jax.grad(dots_with, 0)(x, w), jax.grad(dots_with, 1)(x, w)


@case(
    lambda x, s, t: linearized(scanned, x, s, t),
    M,
    M,
    M,
    repeats="tanh",
    verdict="survives",
    opcodes=("tanh",),
)
def two_jvps_of_a_loop(x: Any, s: Any, t: Any) -> Any:
    y, first = jax.jvp(scanned, (x,), (s,))
    _, second = jax.jvp(scanned, (x,), (t,))
    return y, [first, second]


@case(
    lambda x: (lambda s: (s, lax.fori_loop(0, 6, lambda _, c: c @ s, x)))(jnp.sin(x)),
    M,
    repeats="sin",
    verdict="removed",
    opcodes=("sine",),
)
def inside_and_outside_a_loop(x: Any) -> Any:
    return jnp.sin(x), lax.fori_loop(0, 6, lambda _, c: c @ jnp.sin(x), x)


@case(
    lambda x: (lambda s: (s, lax.fori_loop(0, 6, lambda _, c: jnp.tanh(c) @ s, x)))(x @ x),
    M,
    repeats="dot_general",
    verdict="removed",
    opcodes=DOT,
)
def dot_inside_and_outside_a_loop(x: Any) -> Any:
    return x @ x, lax.fori_loop(0, 6, lambda _, c: jnp.tanh(c) @ (x @ x), x)


def branch(x: Any, y: Any) -> Any:
    return lax.cond(x[0, 0] > 0, lambda: y @ x, lambda: x - y)


@case(
    lambda x: (lambda y: (y, branch(x, y)))(x @ x),
    M,
    repeats="dot_general",
    verdict="survives",
    opcodes=DOT,
)
def inside_and_outside_a_branch(x: Any) -> Any:
    return x @ x, lax.cond(x[0, 0] > 0, lambda: (x @ x) @ x, lambda: x - (x @ x))


@case(
    lambda x: (lambda s: (s, lax.while_loop(lambda c: c[0, 0] < 9, lambda c: c @ s, x)))(
        jnp.sin(x)
    ),
    M,
    repeats="sin",
    verdict="removed",
    opcodes=("sine",),
)
def inside_and_outside_an_open_loop(x: Any) -> Any:
    return jnp.sin(x), lax.while_loop(lambda c: c[0, 0] < 9, lambda c: c @ jnp.sin(x), x)


@case(
    lambda x: (lambda r: (r[1], jnp.sin(r[0]), r[1].sum()))(
        lax.scan(lambda c, _: (jnp.tanh(c @ c),) * 2, x, None, length=6)
    ),
    M,
    repeats="dot_general",
    verdict="survives",
    opcodes=DOT,
)
def loops_that_keep_different_things(x: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        return (jnp.tanh(c @ c),) * 2

    _, ys = lax.scan(step, x, None, length=6)
    return ys, jnp.sin(scanned(x)), ys.sum()


@case(
    lambda w: (lambda y: (y, jnp.exp(y)))(lax.map(lambda m: jnp.sin(m @ m), w)),
    W,
    repeats="dot_general",
    verdict="survives",
    opcodes=DOT,
)
def maps_apart(w: Any) -> Any:
    first = lax.map(lambda m: jnp.sin(m @ m), w)
    return first, lax.map(lambda m: jnp.exp(jnp.sin(m @ m)), w)


@case(
    lambda w: (lambda y: (y, y + 1))(lax.map(lambda m: jnp.sin(m @ m), w)),
    W,
    repeats="sin",
    verdict="removed",
    opcodes=("sine",),
)
def equal_maps(w: Any) -> Any:
    def mapped() -> Any:
        return lax.map(lambda m: jnp.sin(m @ m), w)

    return mapped(), mapped() + 1


@case(
    lambda x: (lambda r: r + 1 + r)(
        lax.while_loop(lambda c: c[0, 0] < 9, lambda c: jnp.sin(c) + 1, x)
    ),
    M,
    repeats="sin",
    verdict="removed",
    opcodes=("sine",),
)
def equal_open_loops(x: Any) -> Any:
    def run() -> Any:
        return lax.while_loop(lambda c: c[0, 0] < 9, lambda c: jnp.sin(c) + 1, x)

    return run() + 1 + run()


@case(
    lambda x: branch(x, jnp.sin(x)) * 2,
    M,
    repeats="dot_general",
    verdict="removed",
    opcodes=DOT,
)
def equal_branches(x: Any) -> Any:
    return branch(x, jnp.sin(x)) + branch(x, jnp.sin(x))


@case(
    lambda x: lax.cond(
        x[0, 0] > 0,
        lambda: ((x @ x), jnp.sin(x @ x)),
        lambda: (x, jnp.exp(x)),
    ),
    M,
    repeats="dot_general",
    verdict="survives",
    opcodes=DOT,
)
def branches_that_differ(x: Any) -> Any:
    first = lax.cond(x[0, 0] > 0, lambda: x @ x, lambda: x)
    return first, lax.cond(x[0, 0] > 0, lambda: jnp.sin(x @ x), lambda: jnp.exp(x))


@case(
    lambda x: lax.scan(lambda c, _: (scanned(c, 4) * 2, None), x, None, length=3)[0],
    M,
    repeats="tanh",
    verdict="removed",
    opcodes=("tanh",),
)
def equal_loops_in_a_loop(x: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        return scanned(c, 4) + scanned(c, 4), None

    return lax.scan(step, x, None, length=3)[0]


def eigenvectors(x: Any) -> Any:
    return jnp.linalg.eigh(x)[1]


@case(
    lambda x: (lambda y: (y, y + 1))(jnp.linalg.eigh(x)[1]),
    M,
    repeats="eigh",
    verdict="removed",
    opcodes=("custom-call",),
)
def eigh_twice(x: Any) -> Any:
    return eigenvectors(x), eigenvectors(x) + 1


@case(
    lambda x: (lambda y: (y, y + 1))(jnp.linalg.svd(x)[1]),
    M,
    repeats="svd",
    verdict="removed",
    opcodes=("custom-call",),
)
def svd_twice(x: Any) -> Any:
    return jnp.linalg.svd(x)[1], jnp.linalg.svd(x)[1] + 1


@case(
    lambda x: (lambda y: (y, y + 1))(jnp.linalg.qr(x)[0]),
    M,
    repeats="qr",
    verdict="removed",
    opcodes=("custom-call",),
)
def qr_twice(x: Any) -> Any:
    return jnp.linalg.qr(x)[0], jnp.linalg.qr(x)[0] + 1


@case(
    lambda x: (lambda y: (y, y + 1))(jnp.linalg.det(x)),
    M,
    repeats="lu",
    verdict="removed",
    opcodes=("custom-call",),
)
def lu_twice(x: Any) -> Any:
    return jnp.linalg.det(x), jnp.linalg.det(x) + 1


def solved(x: Any, y: Any) -> Any:
    return lax.linalg.triangular_solve(x, y, left_side=True, lower=True)


@case(
    lambda x, y: (lambda z: (z, z + 1))(solved(x, y)),
    M,
    M,
    repeats="triangular_solve",
    verdict="removed",
    opcodes=("custom-call", "triangular-solve"),
)
def triangular_solve_twice(x: Any, y: Any) -> Any:
    return solved(x, y), solved(x, y) + 1


def identity(x: Any) -> Any:
    return x


def called_back(x: Any) -> Any:
    return jax.pure_callback(identity, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


@case(
    lambda x: called_back(x) * 2,
    V,
    repeats="pure_callback",
    verdict="survives",
    opcodes=("custom-call",),
    kind="repeated_callbacks",
)
def callbacks(x: Any) -> Any:
    return called_back(x) + called_back(x)


@case(
    lambda k: (lambda y: (y, y + 1))(jax.random.normal(k, (8,))),
    jax.ShapeDtypeStruct((2,), jnp.uint32),
    repeats="random_bits",
    verdict="removed",
    opcodes=("xor",),
    kind="key_reuse",
)
def draws(k: Any) -> Any:
    return jax.random.normal(k, (8,)), jax.random.normal(k, (8,)) + 1


def rnn(w: Any, xs: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = jnp.tanh(h @ w + x)
        return h, h

    return lax.scan(step, jnp.zeros((16, 16)), xs)[1]


@case(
    lambda w, xs: jax.value_and_grad(
        lambda w: (lambda y: (jnp.sum(y**2), y))(rnn(w, xs)), has_aux=True
    )(w),
    M,
    W,
    repeats="dot_general",
    verdict="survives",
    opcodes=DOT,
)
def prediction_and_gradient(w: Any, xs: Any) -> Any:
    return rnn(w, xs), jax.grad(lambda w: jnp.sum(rnn(w, xs) ** 2))(w)


@case(
    lambda x: linearized(jax.grad(lambda x: jnp.sum(scanned(x))), x, x, x + 1),
    M,
    repeats="tanh",
    verdict="survives",
    opcodes=("tanh",),
)
def two_hessian_products(x: Any) -> Any:
    def gradient(x: Any) -> Any:
        return jax.grad(lambda x: jnp.sum(scanned(x)))(x)

    y, first = jax.jvp(gradient, (x,), (x,))
    return y, [first, jax.jvp(gradient, (x,), (x + 1,))[1]]


@case(
    lambda x: (lambda s: (s, lax.map(lambda m: s @ m, jnp.stack([x, x + 1]))))(jnp.sin(x)),
    M,
    repeats="sin",
    verdict="removed",
    opcodes=("sine",),
)
def inside_and_outside_a_map(x: Any) -> Any:
    return jnp.sin(x), lax.map(lambda m: jnp.sin(x) @ m, jnp.stack([x, x + 1]))


@case(
    lambda x: (lambda s: (s, lax.cond(x[0, 0] > 0, lambda: s @ x, lambda: x)))(jnp.sin(x)),
    M,
    repeats="sin",
    verdict="survives",
    opcodes=("sine",),
)
def sine_inside_and_outside_a_branch(x: Any) -> Any:
    return jnp.sin(x), lax.cond(x[0, 0] > 0, lambda: jnp.sin(x) @ x, lambda: x)


@case(
    lambda x, w: jax.vjp(dots_with, x, w)[1](1.0),
    M,
    W,
    repeats="dot_general",
    verdict="survives",
    opcodes=DOT,
)
def vjps_of_a_loop_apart(x: Any, w: Any) -> Any:
    _, pull_x = jax.vjp(lambda x: dots_with(x, w), x)
    _, pull_w = jax.vjp(lambda w: dots_with(x, w), w)
    return pull_x(1.0)[0], pull_w(1.0)[0]


@case(
    lambda x: (lambda c: (c, lax.cond(x[0, 0] > 0, lambda: c @ x, lambda: x)))(
        lax.linalg.cholesky(x)
    ),
    M,
    repeats="cholesky",
    verdict="survives",
    opcodes=("custom-call", "cholesky"),
)
def cholesky_inside_and_outside_a_branch(x: Any) -> Any:
    return lax.linalg.cholesky(x), lax.cond(
        x[0, 0] > 0, lambda: lax.linalg.cholesky(x) @ x, lambda: x
    )


@case(
    lambda x: lax.scan(
        lambda c, _: (lambda y: ((y, c[1] + y), None))(jnp.tanh(c[0] @ x)), (x, x), None, length=6
    )[0],
    M,
    repeats="dot_general",
    verdict="survives",
    opcodes=DOT,
)
def loops_that_carry_more(x: Any) -> Any:
    def one(c: Any, _: Any) -> Any:
        return jnp.tanh(c @ x), None

    def both(c: Any, _: Any) -> Any:
        y = jnp.tanh(c[0] @ x)
        return (y, c[1] + y), None

    first = lax.scan(one, x, None, length=6)[0]
    return first, lax.scan(both, (x, x), None, length=6)[0][1]


@case(
    lambda x: lax.while_loop(
        lambda c: c[0][0, 0] < 9, lambda c: (c[0] @ jnp.sin(c[0]), c[1] + jnp.sin(c[0])), (x, x)
    ),
    M,
    repeats="sin",
    verdict="survives",  # 97% of it, with the product: rounded up
    opcodes=("sine",),
)
def open_loops_that_carry_more(x: Any) -> Any:
    """Merged: the second sine of the second loop, not its first one."""
    first = lax.while_loop(lambda c: c[0, 0] < 9, lambda c: c @ jnp.sin(c), x)
    _, total = lax.while_loop(
        lambda c: c[0][0, 0] < 9, lambda c: (c[0] @ jnp.sin(c[0]), c[1] + jnp.sin(c[0])), (x, x)
    )
    return first, total


@case(
    lambda w, xs: (lambda y: (jnp.sum(y), jnp.max(y)))(rnn(w, xs)),
    M,
    W,
    repeats="tanh",
    verdict="removed",
    opcodes=("tanh",),
)
def two_losses_of_a_loop(w: Any, xs: Any) -> Any:
    return jnp.sum(rnn(w, xs)), jnp.max(rnn(w, xs))


@case(
    lambda w, xs: (lambda y: (jnp.sum(y), jnp.max(y[-1])))(rnn(w, xs)),
    M,
    W,
    repeats="tanh",
    verdict="survives",
    opcodes=("tanh",),
)
def states_and_last_state(w: Any, xs: Any) -> Any:
    def last(w: Any, xs: Any) -> Any:
        return lax.scan(lambda h, x: (jnp.tanh(h @ w + x), None), jnp.zeros((16, 16)), xs)[0]

    return jnp.sum(rnn(w, xs)), jnp.max(last(w, xs))


@jax.custom_vjp
def clipped(x: Any) -> Any:
    return jnp.sum(scanned(x))


def clipped_forwards(x: Any) -> Any:
    return jax.vjp(lambda x: jnp.sum(scanned(x)), x)


clipped.defvjp(clipped_forwards, lambda pull, g: pull(jnp.clip(g, -1, 1)))


@case(
    jax.value_and_grad(clipped),
    M,
    repeats="tanh",
    verdict="survives",
    opcodes=("tanh",),
)
def custom_rule_and_its_function(x: Any) -> Any:
    return clipped(x), jax.grad(clipped)(x)


@case(
    lambda w: (lambda r: (r[0], r[1]))(
        lax.map(jax.value_and_grad(lambda m: jnp.sum(jnp.tanh(m @ m))), w)
    ),
    W,
    repeats="dot_general",
    verdict="survives",
    opcodes=DOT,
)
def values_and_gradients_mapped_apart(w: Any) -> Any:
    def f(m: Any) -> Any:
        return jnp.sum(jnp.tanh(m @ m))

    return lax.map(f, w), lax.map(jax.grad(f), w)


@case(
    lambda x: lax.scan(
        lambda c, _: (
            (lambda s: lax.cond(c[0, 0] > 0, lambda: s @ x, lambda: c + x) + s)(jnp.sin(c)),
            None,
        ),
        x,
        None,
        length=5,
    )[0],
    M,
    repeats="sin",
    verdict="removed",
    opcodes=(),
)
def inside_and_outside_a_branch_in_a_loop(x: Any) -> Any:
    """The compiler sinks a sine into the branches that read it: the better way gains nothing."""

    def step(c: Any, _: Any) -> Any:
        y = lax.cond(c[0, 0] > 0, lambda: jnp.sin(c) @ x, lambda: c + x)
        return y + jnp.sin(c), None

    return lax.scan(step, x, None, length=5)[0]


@case(
    lambda x, i: (lambda s: (s, lax.switch(i[0], [lambda: s @ x, lambda: x, lambda: x + 1])))(
        jnp.exp(x)
    ),
    M,
    INDEX,
    repeats="exp",
    verdict="survives",
    opcodes=("exponential",),
)
def inside_and_outside_a_switch(x: Any, i: Any) -> Any:
    return jnp.exp(x), lax.switch(i[0], [lambda: jnp.exp(x) @ x, lambda: x, lambda: x + 1])


@case(
    lambda x: lax.scan(
        lambda c, _: (lax.scan(lambda d, _: (jnp.tanh(d @ d),) * 2, c, None, length=4)[0], None),
        x,
        None,
        length=3,
    )[0],
    M,
    repeats="dot_general",
    verdict="survives",
    opcodes=DOT,
)
def loops_that_differ_in_a_loop(x: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        last = scanned(c, 4)
        _, all_ = lax.scan(lambda d, _: (jnp.tanh(d @ d),) * 2, c, None, length=4)
        return last + jnp.sum(all_, axis=0), None

    return lax.scan(step, x, None, length=3)[0]


@case(
    lambda x: (lambda y: (y, lax.scan(lambda c, _: (c + y, None), x, None, length=4)[0]))(
        called_back(x)
    ),
    V,
    repeats="pure_callback",
    verdict="partly",
    opcodes=("custom-call",),
    kind="repeated_callbacks",
)
def callbacks_inside_and_outside_a_loop(x: Any) -> Any:
    """The call leaves the loop, and is made again before it."""
    return called_back(x), lax.scan(lambda c, _: (c + called_back(x), None), x, None, length=4)[0]


@case(
    lambda x: (lambda y: (y, y[0]))(jax.vmap(scanned)(x)),
    W,
    repeats="tanh",
    verdict="removed",
    opcodes=("tanh",),
)
def equal_batched_loops(x: Any) -> Any:
    return jax.vmap(scanned)(x), jax.vmap(scanned)(x)[0]


@case(
    jax.value_and_grad(lambda x: jnp.sum(jax.vmap(scanned)(x))),
    W,
    repeats="tanh",
    verdict="survives",
    opcodes=("tanh",),
)
def batched_loop_and_its_gradient(x: Any) -> Any:
    def f(x: Any) -> Any:
        return jnp.sum(jax.vmap(scanned)(x))

    return f(x), jax.grad(f)(x)


@case(
    lambda x: jax.jacfwd(lambda x: (scanned(x)[0],) * 2, has_aux=True)(x),
    jax.ShapeDtypeStruct((4, 4), jnp.float32),
    repeats="tanh",
    verdict="survives",
    opcodes=("tanh",),
)
def loop_and_its_jacobian(x: Any) -> Any:
    def f(x: Any) -> Any:
        return scanned(x)[0]

    return f(x), jax.jacfwd(f)(x)


@case(
    lambda x: (
        lambda s: (
            s,
            lax.fori_loop(0, 6, lambda _, c: lax.cond(c[0, 0] > 0, lambda: c @ s, lambda: c), x),
        )
    )(jnp.sin(x)),
    M,
    repeats="sin",
    verdict="survives",
    opcodes=("sine",),
)
def outside_and_in_a_branch_in_a_loop(x: Any) -> Any:
    def step(_: Any, c: Any) -> Any:
        return lax.cond(c[0, 0] > 0, lambda: c @ jnp.sin(x), lambda: c)

    return jnp.sin(x), lax.fori_loop(0, 6, step, x)


@case(
    lambda x, b: (lambda y: (y, y + 1))(jax.scipy.sparse.linalg.cg(lambda v: x @ v, b)[0]),
    M,
    jax.ShapeDtypeStruct((16,), jnp.float32),
    repeats="dot_general",
    verdict="removed",
    opcodes=DOT,
)
def solver_twice(x: Any, b: Any) -> Any:
    def solve() -> Any:
        return jax.scipy.sparse.linalg.cg(lambda v: x @ v, b)[0]

    return solve(), solve() + 1
