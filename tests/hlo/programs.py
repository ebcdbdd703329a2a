"""More than two hundred small programs to compile, by name: functions, gradients, loops, libraries.

`PROGRAMS` holds functions with the avals of their arguments; `SHARDED` holds functions of a mesh
of four devices, each returning a jitted function and its arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

Function = Callable[..., Any]


class Program(NamedTuple):
    """A function and the avals of its arguments."""

    function: Function
    avals: tuple[jax.ShapeDtypeStruct, ...]


def aval(*shape: int, dtype: Any = jnp.float32) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, dtype)


V, M, W = aval(12), aval(6, 6), aval(8, 8)
INT = aval(12, dtype=jnp.int32)
KEY = aval(2, dtype=jnp.uint32)
PROGRAMS: dict[str, Program] = {}


def program(*avals: jax.ShapeDtypeStruct, grad: bool = False) -> Callable[[Function], Function]:
    """Register a function, and with `grad` the gradient of the sum of what it returns."""

    def register(function: Function) -> Function:
        add(function.__name__, function, *avals, grad=grad)
        return function

    return register


def add(name: str, function: Function, *avals: jax.ShapeDtypeStruct, grad: bool = False) -> None:
    PROGRAMS[name] = Program(function, avals)
    if grad:
        PROGRAMS[f"grad_{name}"] = Program(jax.grad(partial(_total, function)), avals)


def _total(function: Function, *args: Any) -> Any:
    leaves = jax.tree_util.tree_leaves(function(*args))
    return sum(jnp.sum(jnp.real(leaf)) for leaf in leaves)


UNARY = (
    *("abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "ceil", "cos", "cosh"),
    *("digamma", "erf", "erf_inv", "erfc", "exp", "exp2", "expm1", "floor", "integer_pow"),
    *("is_finite", "lgamma", "log", "log1p", "logistic", "neg", "round", "rsqrt", "sign", "sin"),
    *("sinh", "sqrt", "square", "tan", "tanh", "bessel_i0e", "bessel_i1e"),
)
NOT_DIFFERENTIATED = frozenset(("ceil", "floor", "is_finite", "round", "sign"))
for _name in UNARY:
    _function = partial(lax.integer_pow, y=5) if _name == "integer_pow" else getattr(lax, _name)
    add(f"lax_{_name}", _function, V, grad=_name not in NOT_DIFFERENTIATED)

for _name in ("add", "sub", "mul", "div", "rem", "pow", "atan2", "max", "min", "nextafter"):
    add(f"lax_{_name}", getattr(lax, _name), V, V, grad=_name != "nextafter")
for _name in ("eq", "lt", "ge"):
    add(f"lax_{_name}", getattr(lax, _name), V, V)
for _name in ("bitwise_and", "bitwise_or", "bitwise_xor", "shift_left", "shift_right_logical"):
    add(f"lax_{_name}", getattr(lax, _name), INT, INT)
for _name in ("clz", "population_count", "bitwise_not"):
    add(f"lax_{_name}", getattr(lax, _name), INT)

for _name in ("sum", "prod", "max", "min", "mean", "var", "std", "argmax", "all", "cumsum"):
    _differentiable = _name not in ("argmax", "all")
    add(f"jnp_{_name}", getattr(jnp, _name), aval(64), grad=_differentiable)
for _name in ("cumprod", "cummax", "cumlogsumexp"):
    add(f"lax_{_name}", getattr(lax, _name), aval(40), grad=True)
for _name in ("sort", "argsort", "median"):
    add(f"jnp_{_name}", getattr(jnp, _name), aval(33), grad=_name in ("sort", "median"))
for _name in ("relu", "gelu", "silu", "softplus", "elu", "selu", "softmax", "log_softmax"):
    add(f"nn_{_name}", getattr(jax.nn, _name), aval(5, 9), grad=True)
for _name in ("logsumexp", "expit", "entr"):
    add(f"scipy_{_name}", getattr(jax.scipy.special, _name), V, grad=True)

for _name in ("fft", "ifft", "rfft", "fft2", "fftn"):
    _aval = aval(16) if _name in ("fft", "ifft", "rfft") else aval(8, 16)
    add(f"fft_{_name}", getattr(jnp.fft, _name), _aval, grad=True)
add("fft_irfft", jnp.fft.irfft, aval(9, dtype=jnp.complex64))

for _name in ("cholesky", "inv", "det", "slogdet", "qr", "eigh", "svd"):
    add(f"linalg_{_name}", getattr(jnp.linalg, _name), M, grad=_name != "svd")
add("linalg_solve", jnp.linalg.solve, M, aval(6, 2), grad=True)
add("linalg_eigvalsh", jnp.linalg.eigvalsh, M, grad=True)
add("linalg_lstsq", lambda a, b: jnp.linalg.lstsq(a, b)[0], aval(8, 4), aval(8, 2))
add("linalg_lu", jax.scipy.linalg.lu, M)
add("linalg_lu_factor", jax.scipy.linalg.lu_factor, aval(2, 6, 6))
add("linalg_expm", jax.scipy.linalg.expm, M, grad=True)
add("linalg_batched_cholesky", jnp.linalg.cholesky, aval(3, 5, 5), grad=True)
add("linalg_batched_eigh", jnp.linalg.eigh, aval(3, 5, 5))


@program(M, M, grad=True)
def triangular_solve(a: Any, b: Any) -> Any:
    return jax.scipy.linalg.solve_triangular(a, b, lower=True)


@program(M, aval(6), grad=True)
def cho_solve(a: Any, b: Any) -> Any:
    return jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(a @ a.T), b)


add("dot", jnp.dot, W, W, grad=True)
add("dot_big", jnp.dot, aval(256, 192), aval(192, 320), grad=True)
add("dot_vector", jnp.dot, aval(300), aval(300), grad=True)
add("dot_matrix_vector", jnp.dot, aval(64, 300), aval(300), grad=True)
add("dot_batched", jnp.matmul, aval(4, 8, 16), aval(4, 16, 5), grad=True)
add("dot_batched_big", jnp.matmul, aval(8, 96, 64), aval(8, 64, 80), grad=True)
add("dot_bf16", jnp.dot, aval(64, 64, dtype=jnp.bfloat16), aval(64, 64, dtype=jnp.bfloat16))
add("dot_int8", jnp.dot, aval(32, 32, dtype=jnp.int8), aval(32, 32, dtype=jnp.int8))
add("dot_complex", jnp.dot, aval(8, 8, dtype=jnp.complex64), aval(8, 8, dtype=jnp.complex64))
add("dot_accumulated", lambda a, b, c: a @ b + c, aval(64, 32), aval(32, 48), aval(64, 48))
add(
    "einsum",
    partial(jnp.einsum, "abc,cd,dea->be"),
    aval(3, 4, 5),
    aval(5, 6),
    aval(6, 7, 3),
    grad=True,
)
add("kron", jnp.kron, aval(3, 3), aval(2, 2), grad=True)

IMAGE, KERNEL = aval(2, 3, 12, 12), aval(4, 3, 3, 3)
add("conv", partial(lax.conv, window_strides=(1, 1), padding="SAME"), IMAGE, KERNEL, grad=True)
add(
    "conv_strided",
    partial(lax.conv, window_strides=(2, 2), padding="VALID"),
    IMAGE,
    KERNEL,
    grad=True,
)


@program(IMAGE, KERNEL, grad=True)
def conv_dilated(image: Any, kernel: Any) -> Any:
    return lax.conv_general_dilated(image, kernel, (1, 1), [(2, 2), (1, 3)], (2, 1), (1, 2))


@program(aval(2, 12, 12, 6), aval(3, 3, 2, 9), grad=True)
def conv_grouped(image: Any, kernel: Any) -> Any:
    return lax.conv_general_dilated(
        image,
        kernel,
        (1, 1),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=3,
    )


@program(aval(2, 8, 20), aval(5, 8, 4), grad=True)
def conv_1d(signal: Any, kernel: Any) -> Any:
    return lax.conv(signal, kernel, (1,), "SAME")


@program(IMAGE, grad=True)
def max_pool(image: Any) -> Any:
    return lax.reduce_window(image, -jnp.inf, lax.max, (1, 1, 3, 3), (1, 1, 2, 2), "SAME")


@program(IMAGE, grad=True)
def average_pool(image: Any) -> Any:
    return lax.reduce_window(image, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


add("jnp_convolve", jnp.convolve, aval(30), aval(5), grad=True)


@program(aval(20), aval(7, dtype=jnp.int32), grad=True)
def gather(x: Any, indices: Any) -> Any:
    return x[indices] ** 2


@program(aval(20), aval(7), aval(7, dtype=jnp.int32), grad=True)
def scatter_add(x: Any, updates: Any, indices: Any) -> Any:
    return x.at[indices].add(updates) ** 2


@program(aval(20), aval(7), aval(7, dtype=jnp.int32), grad=True)
def scatter_mul(x: Any, updates: Any, indices: Any) -> Any:
    return x.at[indices].multiply(updates, unique_indices=True)


@program(aval(20), aval(7, dtype=jnp.int32))
def scatter_set(x: Any, indices: Any) -> Any:
    return x.at[indices].set(1.0)


@program(aval(30, 4), aval(30, dtype=jnp.int32), grad=True)
def segment_sum(x: Any, segments: Any) -> Any:
    return jax.ops.segment_sum(x, segments, 5)


@program(aval(10, 16), aval(dtype=jnp.int32), grad=True)
def dynamic_slice(x: Any, start: Any) -> Any:
    return lax.dynamic_slice(x, (start, 0), (3, 16)) ** 2


@program(aval(10, 16), aval(3, 16), aval(dtype=jnp.int32), grad=True)
def dynamic_update_slice(x: Any, update: Any, start: Any) -> Any:
    return lax.dynamic_update_slice(x, update, (start, 0)) ** 2


for _name, _function in {
    "top_k": lambda x: lax.top_k(x, 3),
    "pad": lambda x: jnp.pad(x, 2, mode="edge"),
    "reverse": lambda x: x[::-1] * 2,
    "strided_slice": lambda x: x[1:9:2] * 3,
    "concatenate": lambda x: jnp.concatenate([x, x[:3] * 2]),
    "outer": lambda x: x[:, None] * x[None, :],
    "where": lambda x: jnp.where(x > 0, x, jnp.sin(x)),
    "clip": lambda x: jnp.clip(x, -1, 1),
    "interp": lambda x: jnp.interp(x, jnp.arange(5.0), jnp.arange(5.0) ** 2),
    "polyval": lambda x: jnp.polyval(jnp.arange(6.0), x),
    "repeat": lambda x: jnp.repeat(x, 3),
    "roll": lambda x: jnp.roll(x, 3) * x,
    "norm": jnp.linalg.norm,
    "reduce_precision": lambda x: lax.reduce_precision(x, 5, 10),
    "bitcast": lambda x: lax.bitcast_convert_type(x, jnp.int32),
    "cast": lambda x: x.astype(jnp.bfloat16) * 2,
    "complex": lambda x: jnp.abs(jnp.exp(1j * x)),
    "histogram": lambda x: jnp.histogram(x, bins=4)[0],
    "searchsorted": lambda x: jnp.searchsorted(jnp.arange(10.0), x),
    "barrier": lambda x: lax.optimization_barrier(x * 2) + 1,
    "associative_scan": lambda x: lax.associative_scan(jnp.multiply, x),
    "logaddexp_reduce": lambda x: lax.reduce(x, -jnp.inf, jnp.logaddexp, (0,)),
    "several_reductions": lambda x: (x.sum(), x.max(), (x * x).sum()),
    "scope": lambda x: jax.named_scope("a;b")(jnp.tanh)(x),
}.items():
    add(_name, _function, V)
for _name in ("pad", "reverse", "strided_slice", "concatenate", "outer", "where", "clip", "interp"):
    PROGRAMS[f"grad_{_name}"] = Program(jax.grad(partial(_total, PROGRAMS[_name].function)), (V,))
for _name in ("polyval", "repeat", "roll", "norm", "complex", "associative_scan", "barrier"):
    PROGRAMS[f"grad_{_name}"] = Program(jax.grad(partial(_total, PROGRAMS[_name].function)), (V,))


@program(aval(9, 30))
def batched_sort(x: Any) -> Any:
    return lax.sort((x, x * 2), dimension=1, num_keys=1)


for _name in ("normal", "uniform", "bernoulli", "gumbel", "truncated_normal", "exponential"):
    _draw: Function = getattr(jax.random, _name)
    add(f"random_{_name}", lambda key, draw=_draw: draw(key, shape=(10,), **_limits(draw)), KEY)
add("random_split", lambda key: jax.random.split(key, 4), KEY)
add("random_permutation", lambda key: jax.random.permutation(key, 20), KEY)
add("random_categorical", lambda key, x: jax.random.categorical(key, x), KEY, V)


def _limits(draw: Function) -> dict[str, float]:
    return {"lower": -2.0, "upper": 2.0} if draw is jax.random.truncated_normal else {}


@program(V, aval(12, 12), grad=True)
def scan(x: Any, w: Any) -> Any:
    return lax.scan(lambda carry, _: (jnp.tanh(carry @ w), carry.sum()), x, None, length=10)


@program(V, aval(5, 12), grad=True)
def scan_inputs(x: Any, xs: Any) -> Any:
    return lax.scan(lambda carry, row: (jnp.sin(carry) * row, carry), x, xs)


@program(V, grad=True)
def scan_nested(x: Any) -> Any:
    def outer(carry: Any, _: Any) -> Any:
        inner = lax.scan(lambda c, _: (jnp.sin(c) * c, None), carry, None, length=7)[0]
        return inner, inner.sum()

    return lax.scan(outer, x, None, length=5)


@program(V, grad=True)
def scan_remat(x: Any) -> Any:
    step = jax.checkpoint(lambda carry, _: (jnp.sin(jnp.cos(carry)), None))
    return lax.scan(step, x, None, length=6)[0]


@program(V, grad=True)
def scan_unrolled(x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.sin(c), None), x, None, length=8, unroll=4)[0]


@program(V, grad=True)
def fori(x: Any) -> Any:
    return lax.fori_loop(0, 9, lambda i, c: jnp.sin(c) + i, x)


@program(V)
def while_unknown(x: Any) -> Any:
    return lax.while_loop(lambda c: c.sum() < 100, lambda c: c * 1.5 + 1, x)


@program(V, aval(dtype=jnp.int32), grad=True)
def cond(x: Any, index: Any) -> Any:
    return lax.cond(index > 2, jnp.sin, lambda y: jnp.exp(y) * jnp.cos(y), x)


@program(aval(12, 12), aval(dtype=jnp.int32), grad=True)
def switch(x: Any, index: Any) -> Any:
    return lax.switch(index, [jnp.sin, lambda y: y @ y, lambda y: y @ y @ jnp.cos(y)], x)


@program(aval(12, 12), grad=True)
def cond_in_scan(x: Any) -> Any:
    def step(carry: Any, i: Any) -> Any:
        return lax.cond(i % 2 == 0, lambda c: c @ c, jnp.sin, carry), None

    return lax.scan(step, x, jnp.arange(6))[0]


@program(V)
def map_loop(x: Any) -> Any:
    return lax.map(lambda y: jnp.sin(y) * 2, x)


@program(aval(), grad=True)
def newton_root(x: Any) -> Any:
    def solve(f: Function, start: Any) -> Any:
        return lax.fori_loop(0, 5, lambda _, y: y - f(y) / (2 * y), start)

    return lax.custom_root(lambda y: y * y - x, jnp.ones(()), solve, lambda g, y: y / g(1.0))


@program(M, aval(6), grad=True)
def conjugate_gradient(a: Any, b: Any) -> Any:
    return jax.scipy.sparse.linalg.cg(lambda v: a @ v, b, maxiter=5)[0]


@program(V)
def callback(x: Any) -> Any:
    result = jax.ShapeDtypeStruct(x.shape, x.dtype)
    return jax.pure_callback(lambda y: np.asarray(y) * 2, result, jnp.sin(x)) + 1


@program(V)
def callback_in_scan(x: Any) -> Any:
    def step(carry: Any, _: Any) -> Any:
        result = jax.ShapeDtypeStruct(carry.shape, carry.dtype)
        return jax.pure_callback(np.asarray, result, carry * 2), None

    return lax.scan(step, x, None, length=4)[0]


@program(V)
def debug_print(x: Any) -> Any:
    jax.debug.print("x = {}", x)
    return x + 1


SIZES = (aval(16, 32), aval(32), aval(32, 10), aval(10), aval(24, 16))


def mlp(w1: Any, b1: Any, w2: Any, b2: Any, x: Any) -> Any:
    logits = jax.nn.relu(x @ w1 + b1) @ w2 + b2
    return -jax.nn.log_softmax(logits)[:, 0].mean()


add("mlp", mlp, *SIZES)
add("grad_mlp", jax.grad(mlp, argnums=(0, 1, 2, 3)), *SIZES)
add("value_and_grad_mlp", jax.value_and_grad(mlp, argnums=(0, 2)), *SIZES)
add("hessian_mlp", jax.hessian(mlp, argnums=1), *SIZES)
add("jacfwd_mlp", jax.jacfwd(mlp, argnums=3), *SIZES)


def attention(x: Any, wq: Any, wk: Any, wv: Any) -> Any:
    with jax.named_scope("attention"):
        q, k, v = x @ wq, x @ wk, x @ wv
        return jax.nn.softmax(q @ k.T / 4.0) @ v


def block(x: Any, wq: Any, wk: Any, wv: Any, w1: Any, w2: Any) -> Any:
    x = x + attention(x, wq, wk, wv)
    mean = x.mean(-1, keepdims=True)
    normed = (x - mean) * lax.rsqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-5)
    return x + jax.nn.gelu(normed @ w1) @ w2


BLOCK = (aval(24, 16), *[aval(16, 16)] * 3, aval(16, 64), aval(64, 16))
add("attention", attention, *BLOCK[:4], grad=True)
add("transformer_block", block, *BLOCK, grad=True)


@program(*BLOCK, grad=True)
def transformer_blocks(x: Any, *weights: Any) -> Any:
    return lax.scan(lambda carry, _: (jax.checkpoint(block)(carry, *weights), None), x, None, 4)[0]


@program(aval(20, 6), aval(20, 9), aval(9, 6), aval(9, 9), grad=True)
def rnn(xs: Any, _: Any, wx: Any, wh: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = jnp.tanh(wx @ x + wh @ h)
        return h, h

    return lax.scan(step, jnp.zeros(9), xs)[1]


@program(V, V, grad=True)
def implicit_tangents(params1: Any, params2: Any) -> Any:
    z = jnp.sin(params1).sum()
    return jax.jacfwd(lambda a, b: jnp.sin(a).sum() * b)(z, params2)


add("vmap_dot", jax.vmap(lambda a, b: a @ jnp.sin(b)), aval(5, 8, 8), aval(5, 8), grad=True)
add("vmap_while", jax.vmap(PROGRAMS["while_unknown"].function), aval(3, 12))
add("vmap_cond", jax.vmap(PROGRAMS["cond"].function), aval(3, 12), aval(3, dtype=jnp.int32))
add("jvp_scan", lambda x: jax.jvp(PROGRAMS["scan_nested"].function, (x,), (x,)), V)
add("hessian_scan", jax.hessian(lambda x: PROGRAMS["fori"].function(x).sum()), aval(4))
add("rng_bits", lambda key: lax.rng_bit_generator(jnp.tile(key, 2), (12,)), KEY)
add("rng_uniform", lambda a, b: lax.rng_uniform(a, b, (12,)), aval(), aval())
add("ragged_dot", lax.ragged_dot, aval(12, 4), aval(3, 4, 5), aval(3, dtype=jnp.int32))


SHARDED: dict[str, Callable[[Mesh], tuple[Any, tuple[jax.ShapeDtypeStruct, ...]]]] = {}


def sharded(spec: PartitionSpec, *shape: int) -> Callable[[Function], Function]:
    """Register a function of one device's part of an array of `shape`, split by `spec`."""

    def register(function: Function) -> Function:
        def build(mesh: Mesh) -> tuple[Any, tuple[jax.ShapeDtypeStruct, ...]]:
            mapped = jax.shard_map(
                function, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False
            )
            sharding = NamedSharding(mesh, spec)
            return jax.jit(mapped), (jax.ShapeDtypeStruct(shape, jnp.float32, sharding=sharding),)

        SHARDED[function.__name__] = build
        return function

    return register


P = PartitionSpec


@sharded(P("x"), 16, 8)
def psum(part: Any) -> Any:
    return part + lax.psum(jnp.sin(part), "x")


@sharded(P("x"), 16, 8)
def all_gather(part: Any) -> Any:
    return part + lax.all_gather(part, "x").sum(0)


@sharded(P("x"), 16, 8)
def psum_scatter(part: Any) -> Any:
    return lax.psum_scatter(jnp.sin(part), "x", tiled=True) + 1


@sharded(P("x"), 16, 8)
def ppermute(part: Any) -> Any:
    return lax.ppermute(part, "x", [(i, (i + 1) % 4) for i in range(4)]) * 2


@sharded(P("x"), 16, 8)
def all_to_all(part: Any) -> Any:
    return lax.all_to_all(part, "x", 0, 1, tiled=True).reshape(part.shape) * 2


@sharded(P("x"), 16, 8)
def psum_in_scan(part: Any) -> Any:
    return lax.scan(lambda c, _: (c + lax.psum(jnp.sin(c), "x"), None), part, None, length=5)[0]


@sharded(P("x"), 16, 8)
def ppermute_in_scan(part: Any) -> Any:
    ring = [(i, (i + 1) % 4) for i in range(4)]
    step = partial(lax.ppermute, axis_name="x", perm=ring)
    return lax.scan(lambda c, _: (step(c) * 2 + part, None), part, None, length=3)[0]


def _mlp_gradient(mesh: Mesh, batch: P, weights: P) -> tuple[Any, tuple[jax.ShapeDtypeStruct, ...]]:
    def placed(spec: P, *shape: int) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(shape, jnp.float32, sharding=NamedSharding(mesh, spec))

    avals = (placed(weights, 64, 256), placed(P(*weights[::-1]), 256, 64), placed(batch, 128, 64))
    loss = lambda w1, w2, x: ((jax.nn.relu(x @ w1) @ w2 - x) ** 2).mean()  # noqa: E731
    gradient = jax.jit(
        jax.grad(loss, argnums=(0, 1)), out_shardings=tuple(each.sharding for each in avals[:2])
    )
    return gradient, avals


SHARDED["data_parallel"] = partial(_mlp_gradient, batch=P("x", None), weights=P(None, None))
SHARDED["tensor_parallel"] = partial(_mlp_gradient, batch=P(None, None), weights=P(None, "x"))
SHARDED["fully_sharded"] = partial(_mlp_gradient, batch=P("x", None), weights=P("x", None))
