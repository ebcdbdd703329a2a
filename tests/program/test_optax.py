"""States of optimizers are pytrees; what they hold beside arrays is static."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from pytest_jaxcost import measure

PARAMS = {"w": jnp.ones((4, 4)), "b": jnp.ones(4)}
WEIGHTS = 20


def update(optimizer: Any) -> Any:
    def step(params: Any, state: Any, gradient: Any) -> Any:
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, updates), state

    return step


def test_momentum() -> None:
    optimizer = optax.sgd(0.1, momentum=0.9)
    args = (PARAMS, optimizer.init(PARAMS), PARAMS)
    for fn in (update(optimizer), jax.jit(update(optimizer), donate_argnums=(0, 1))):
        report = measure(fn, args)
        # the trace decays and takes the gradient; it is scaled and added
        assert report.flops == report.compiled.flops == 4 * WEIGHTS
        assert report.without().flops == report.flops


def test_adam() -> None:
    optimizer = optax.adam(0.1)
    args = (PARAMS, optimizer.init(PARAMS), PARAMS)
    report = measure(update(optimizer), args)
    assert report.transcendentals == WEIGHTS + 2  # a root each, and two powers of the count
    assert not report.duplicates
    assert report.compiled.flops > 0


def test_an_optimizer_is_an_argument() -> None:
    optimizer = optax.sgd(0.1)

    def step(optimizer: Any, params: Any, state: Any, gradient: Any) -> Any:
        return update(optimizer)(params, state, gradient)

    report = measure(step, (optimizer, PARAMS, optimizer.init(PARAMS), PARAMS))
    assert report.flops == 2 * WEIGHTS
    assert report.without().flops == report.flops
