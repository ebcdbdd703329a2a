"""Two hundred functions that their authors consider healthy, from JAX and optax.

`FUNCTIONS` maps a name to a function and the avals of its arguments; `derivative` makes the
gradient of what it returns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import optax
from jax import lax, nn

Function = Callable[..., Any]


def aval(*shape: int, dtype: Any = jnp.float32) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, dtype)


X, V, A = aval(4, 6), aval(6), aval(6, 6)
INDEX, Q = aval(6, dtype=jnp.int32), aval(2, 8, 2, 4)
FUNCTIONS: dict[str, tuple[Function, tuple[Any, ...]]] = {}


def derivative(function: Function, transform: Callable[..., Any] = jax.grad) -> Function:
    """The derivative of the sum of all real results."""

    def total(*args: Any) -> Any:
        leaves = jax.tree.leaves(function(*args))
        inexact = [leaf for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.inexact)]
        return sum(jnp.sum(jnp.real(leaf)) for leaf in inexact)

    return transform(total)


NOT_DIFFERENTIABLE = frozenset(
    {"jax.random_normal", "nn.one_hot", "numpy.argmax", "numpy.argsort", "numpy.searchsorted"}
    | {"numpy.histogram"}
)


def is_differentiable(name: str) -> bool:
    """Whether a function has a gradient with respect to its first argument."""
    return name not in NOT_DIFFERENTIABLE


def _add(module: Any, names: str, *avals: Any) -> None:
    short = module.__name__.rpartition(".")[2]
    for name in names.split():
        FUNCTIONS[f"{short}.{name}"] = (getattr(module, name), avals)


_add(
    jnp,
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh exp exp2 expm1 log log1p log2 log10 "
    "sqrt cbrt square abs sign floor ceil rint sinc reciprocal sum prod mean std var max min "
    "median ptp cumsum cumprod sort argsort argmax nanmean nansum nanmax unwrap diff ravel flip "
    "cov corrcoef",
    X,
)
_add(
    jnp,
    "add multiply divide power arctan2 hypot logaddexp maximum minimum fmod outer vdot kron",
    X,
    X,
)
_add(jnp, "dot matmul inner", A, A)
_add(jnp, "convolve correlate polyval", V, V)
_add(jnp, "gradient trapezoid vander", V)
_add(jnp.linalg, "norm inv det slogdet cholesky qr eigh eigvalsh pinv cond", A)
_add(
    nn,
    "relu relu6 sigmoid softplus silu gelu elu selu celu leaky_relu log_sigmoid softmax "
    "log_softmax logsumexp hard_tanh hard_sigmoid hard_swish soft_sign standardize glu mish",
    X,
)
_add(
    jsp.special,
    "erf erfc erfinv gammaln digamma logit expit entr i0 i0e i1 ndtr log_ndtr ndtri",
    X,
)
_add(jsp.special, "betaln xlogy xlog1py rel_entr kl_div gammainc gammaincc", X, X)
_add(jsp.linalg, "expm cholesky lu qr", A)
_add(
    optax,
    "l2_loss huber_loss softmax_cross_entropy sigmoid_binary_cross_entropy cosine_similarity "
    "log_cosh hinge_loss kl_divergence sigmoid_focal_loss",
    X,
    X,
)

FUNCTIONS |= {
    "numpy.where": (lambda x, y: jnp.where(x > 0.5, x, y), (X, X)),
    "numpy.percentile": (lambda x: jnp.percentile(x, 30.0), (X,)),
    "numpy.quantile": (lambda x: jnp.quantile(x, 0.3, axis=1), (X,)),
    "numpy.histogram": (lambda x: jnp.histogram(x, bins=5)[0], (X,)),
    "numpy.einsum": (lambda a, b, c: jnp.einsum("ij,jk,kl->il", a, b, c), (A, A, A)),
    "numpy.cross": (jnp.cross, (aval(3), aval(3))),
    "numpy.interp": (jnp.interp, (X, V, V)),
    "numpy.searchsorted": (jnp.searchsorted, (V, X)),
    "numpy.take": (lambda x, i: jnp.take(x, i, axis=1), (X, INDEX)),
    "numpy.at_set": (lambda x, i: x.at[:, i].set(2 * x), (X, INDEX)),
    "numpy.at_add": (lambda x, i: x.at[:, i].add(x), (X, INDEX)),
    "numpy.fft": (lambda v: jnp.abs(jnp.fft.fft(v)), (V,)),
    "numpy.rfft2": (lambda x: jnp.abs(jnp.fft.rfft2(x)), (X,)),
    "linalg.solve": (jnp.linalg.solve, (A, V)),
    "linalg.lstsq": (lambda a, b: jnp.linalg.lstsq(a, b)[0], (A, V)),
    "linalg.matrix_power": (lambda a: jnp.linalg.matrix_power(a, 5), (A,)),
    "linalg.multi_dot": (lambda a, b, c: jnp.linalg.multi_dot([a, b, c]), (A, A, A)),
    "scipy.solve": (jsp.linalg.solve, (A, V)),
    "scipy.cho_solve": (lambda a, b: jsp.linalg.cho_solve(jsp.linalg.cho_factor(a), b), (A, V)),
    "scipy.solve_triangular": (partial(jsp.linalg.solve_triangular, lower=True), (A, V)),
    "scipy.cg": (lambda a, b: jsp.sparse.linalg.cg(a, b, maxiter=5)[0], (A, V)),
    "scipy.map_coordinates": (
        lambda x, u, v: jsp.ndimage.map_coordinates(x, [u, v], 1),
        (X, V, V),
    ),
    "scipy.convolve": (lambda x, y: jsp.signal.convolve(x, y), (X, aval(2, 2))),
    "scipy.fftconvolve": (lambda x, y: jsp.signal.fftconvolve(x, y), (X, aval(2, 2))),
    "linalg.svd": (lambda a: jnp.linalg.svd(a, full_matrices=False), (A,)),
    "scipy.betainc": (lambda x: jsp.special.betainc(2.0, 3.0, x), (X,)),
    "scipy.polygamma": (lambda x: jsp.special.polygamma(1, x), (X,)),
    "stats.norm": (jsp.stats.norm.logpdf, (X,)),
    "stats.logistic": (jsp.stats.logistic.logpdf, (X,)),
    "stats.cauchy": (jsp.stats.cauchy.logpdf, (X,)),
    "stats.laplace": (jsp.stats.laplace.logpdf, (X,)),
    "stats.expon": (jsp.stats.expon.logpdf, (X,)),
    "stats.t": (lambda x: jsp.stats.t.logpdf(x, 3.0), (X,)),
    "stats.gamma": (lambda x: jsp.stats.gamma.logpdf(x, 2.0), (X,)),
    "stats.beta": (lambda x: jsp.stats.beta.logpdf(x, 2.0, 3.0), (X,)),
    "stats.chi2": (lambda x: jsp.stats.chi2.logpdf(x, 3.0), (X,)),
    "stats.uniform": (jsp.stats.uniform.logpdf, (X,)),
    "stats.pareto": (lambda x: jsp.stats.pareto.logpdf(x, 2.0), (X,)),
    "stats.multivariate_normal": (jsp.stats.multivariate_normal.logpdf, (V, V, A)),
    "nn.one_hot": (lambda i: nn.one_hot(i, 6), (INDEX,)),
    "nn.dot_product_attention": (nn.dot_product_attention, (Q, Q, Q)),
    "lax.top_k": (lambda x: lax.top_k(x, 2)[0], (X,)),
    "lax.scan": (lambda v: lax.scan(lambda c, t: (jnp.tanh(c * t), c), 1.0, v), (V,)),
    "lax.map": (lambda x: lax.map(jnp.sin, x), (X,)),
    "lax.fori_loop": (lambda v: lax.fori_loop(0, 5, lambda i, c: c * v, v), (V,)),
    "lax.associative_scan": (lambda v: lax.associative_scan(jnp.add, v), (V,)),
    "lax.conv": (
        lambda a, b: lax.conv(a, b, (1, 1), "SAME"),
        (aval(1, 2, 6, 6), aval(3, 2, 3, 3)),
    ),
    "lax.reduce_window": (
        lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (2, 2), (1, 1), "VALID"),
        (X,),
    ),
    "jax.vmap_dot": (jax.vmap(jnp.dot), (X, X)),
    "jax.random_normal": (
        lambda k: jax.random.normal(jax.random.wrap_key_data(k), (6,)),
        (aval(2, dtype=jnp.uint32),),
    ),
    "optax.poly_loss": (optax.losses.poly_loss_cross_entropy, (X, X)),
    "optax.integer_labels": (
        optax.softmax_cross_entropy_with_integer_labels,
        (X, aval(4, dtype=jnp.int32)),
    ),
    "optax.ctc_loss": (
        optax.ctc_loss,
        (aval(2, 5, 4), aval(2, 5), aval(2, 3, dtype=jnp.int32), aval(2, 3)),
    ),
}

_PARAMS = {"w": A, "b": V}
for _name in (
    *("sgd", "adam", "adamw", "adagrad", "rmsprop", "lion", "lamb", "adafactor", "nadam"),
    *("radam", "yogi", "adabelief", "novograd"),
):
    _optimizer = getattr(optax, _name)(1e-2)
    FUNCTIONS[f"optax.{_name}"] = (
        _optimizer.update,
        (_PARAMS, jax.eval_shape(_optimizer.init, _PARAMS), _PARAMS),
    )
_clip = optax.clip_by_global_norm(1.0)
FUNCTIONS["optax.clip_by_global_norm"] = (lambda g: _clip.update(g, _clip.init(g))[0], (_PARAMS,))
