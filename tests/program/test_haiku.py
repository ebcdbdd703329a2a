"""What Haiku alone has: keys that may be None, and state that is handed on."""

from __future__ import annotations

from typing import Any

import haiku as hk
import jax

from pytest_jaxcost import measure

from .libraries import KEY, X


def test_no_key() -> None:
    linear = hk.transform(lambda x: hk.Linear(8)(x).sum())
    params = linear.init(KEY, X)
    for key in (None, KEY, jax.random.PRNGKey(0)):
        report = measure(linear.apply, (params, key, X))
        assert report.flops == report.compiled.flops == 2 * 5 * 3 * 8 + 40 + 39
        assert report.without().flops == report.flops


def test_state_and_a_static_argument() -> None:
    norm = hk.without_apply_rng(
        hk.transform_with_state(
            lambda x, is_training: hk.BatchNorm(True, True, 0.9)(x, is_training)
        )
    )
    params, state = norm.init(KEY, X, True)

    def trained(params: Any, state: Any, x: Any) -> Any:
        return norm.apply(params, state, x, is_training=True)

    by_name = jax.jit(norm.apply, static_argnames="is_training")
    by_position = jax.jit(norm.apply, static_argnums=3)
    closed = measure(trained, (params, state, X))
    named = measure(by_name, (params, state, X), {"is_training": True})
    placed = measure(by_position, (params, state, X, True))
    assert closed.flops == named.flops == placed.flops
    assert closed.primitives["rsqrt"] == 1
    assert not closed.duplicates
    assert closed.compiled.flops == named.compiled.flops == placed.compiled.flops
