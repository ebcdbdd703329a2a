"""Whole library functions and their gradients: prices add up to what XLA counts.

XLA drops dead code before it counts, and folds arithmetic with constants such as ``x + 0``. So the
program that it is given returns every value, and takes every constant as an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax.scipy import special, stats

from pytest_jaxcost.cost import lowering
from pytest_jaxcost.cost.deviations import DEVIATIONS
from pytest_jaxcost.cost.price import price
from pytest_jaxcost.ir.equation import Equation, Inlined
from pytest_jaxcost.ir.inline import inline
from tests.cost.programs import array

DEVIATING = {name for deviation in DEVIATIONS for name in deviation.primitives}
nn = jax.nn

X, V, S = "f32[6,8]", "f32[6]", "f32[6,6]"

FORWARD_AND_GRADIENT: list[tuple[Callable[..., Any], tuple[str, ...]]] = [
    *((f, (X,)) for f in (nn.softmax, nn.log_softmax, nn.logsumexp, nn.relu, nn.gelu, nn.silu)),
    *((f, (X,)) for f in (nn.sigmoid, nn.softplus, nn.elu, nn.selu, nn.celu, nn.leaky_relu)),
    *((f, (X,)) for f in (nn.hard_tanh, nn.mish, nn.glu, nn.standardize, nn.hard_sigmoid)),
    *((f, (X,)) for f in (nn.relu6, nn.squareplus, nn.sparse_plus, nn.log_sigmoid)),
    *((f, (X,)) for f in (jnp.mean, jnp.var, jnp.std, jnp.ptp, jnp.diff, jnp.sinc, jnp.nansum)),
    *((f, (X,)) for f in (jnp.nanmean, jnp.nanmax, jnp.round, jnp.cbrt, jnp.average, jnp.i0)),
    *((f, (X,)) for f in (jnp.median, jnp.sort, jnp.cumsum, jnp.cumprod, jnp.cov, jnp.triu)),
    *((f, (X,)) for f in (jnp.trace, jnp.rot90, jnp.flip, jnp.ravel, jnp.nan_to_num)),
    *((f, (X, X)) for f in (jnp.hypot, jnp.logaddexp, jnp.logaddexp2, jnp.arctan2, jnp.power)),
    *((f, (X, X)) for f in (jnp.mod, jnp.fmod, jnp.copysign, jnp.maximum, jnp.float_power)),
    *((f, (V, V)) for f in (jnp.convolve, jnp.kron, jnp.outer, jnp.inner, jnp.vdot)),
    *((f, (S, S)) for f in (jnp.matmul, jnp.tensordot)),
    *((f, (X,)) for f in (jnp.tanh, jnp.arcsin, jnp.arctanh, jnp.log2, jnp.exp2)),
    (jnp.linalg.norm, (S,)),
    (lambda x: jnp.take(x, jnp.array([1, 0, 2]), axis=1), (X,)),
    (lambda x: x[1:3, ::2] * x.at[0].set(3.0)[2:4, 1::2], (X,)),
    (lambda x: jnp.where(x > 0, jnp.sqrt(x), x**3), (X,)),
    (lambda x: jnp.clip(x, 0, 1), (X,)),
    (lambda x: jnp.einsum("ij,kj->ik", x, x), (X,)),
    (lambda x: jnp.fft.irfft(jnp.fft.rfft(x) * 2), (X,)),
    *((f, (X,)) for f in (special.erf, special.erfc, special.erfinv, special.gammaln)),
    *((f, (X,)) for f in (special.digamma, special.entr, special.logit, special.expit)),
    *((f, (X,)) for f in (special.ndtr, special.log_ndtr, special.i0e, special.i1e)),
    *((f, (X, X)) for f in (special.xlogy, special.xlog1py, special.betaln, special.rel_entr)),
    *((f, (X,)) for f in (stats.norm.logpdf, stats.cauchy.logpdf, stats.expon.logpdf)),
    *((f, (X,)) for f in (stats.laplace.logpdf, stats.logistic.logpdf, stats.gumbel_r.logpdf)),
    *((f, (X, X)) for f in (stats.t.logpdf, stats.gamma.logpdf, stats.pareto.logpdf)),
]


def gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    return jax.grad(lambda *args: jnp.sum(function(*args)))


PROGRAMS = [
    pytest.param(made, args, id=f"{index} {kind}{getattr(function, '__name__', 'lambda')}")
    for index, (function, args) in enumerate(FORWARD_AND_GRADIENT)
    for kind, made in (("", function), ("grad ", gradient(function)))
]


@pytest.mark.parametrize(("function", "args"), PROGRAMS)
def test_prices_add_up(function: Callable[..., Any], args: tuple[str, ...]) -> None:
    inlined = inline(jax.make_jaxpr(function)(*map(array, args)))
    totals = (0, 0)
    for equation in inlined.main.equations:
        flops, transcendentals = in_xla_s_terms(equation)
        totals = (totals[0] + flops, totals[1] + transcendentals)
    assert totals == counted_whole(inlined)


def in_xla_s_terms(equation: Equation) -> tuple[int, int]:
    """The price of an equation, or what XLA counts for it where that is known to differ."""
    if equation.primitive in DEVIATING:
        counts = lowering.ask(equation.eqn).counts
        assert counts is not None
        return counts
    cost = price(equation.eqn)
    assert cost is not None
    return cost.flops, cost.transcendentals


def counted_whole(inlined: Inlined) -> tuple[int, int]:
    """What XLA counts for all equations lowered together."""

    def everything(values: dict[int, Any]) -> list[Any]:
        results = []
        for equation in inlined.main.equations:
            assert equation.control is None
            bound = equation.eqn.primitive.bind(
                *[values[value] for value in equation.inputs], **equation.eqn.params
            )
            outputs = bound if equation.eqn.primitive.multiple_results else [bound]
            values.update(zip(equation.outputs, outputs, strict=True))
            results.extend(outputs)
        return results

    known = (*inlined.inputs, *inlined.constants)
    args = {v: jax.ShapeDtypeStruct(inlined.avals[v].shape, inlined.avals[v].dtype) for v in known}
    analysis = jax.jit(everything).lower(args).cost_analysis() or {}
    return int(analysis.get("flops", 0)), int(analysis.get("transcendentals", 0))
