"""What Equinox alone has: numbers in modules, state, methods that are jitted, donation."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
import pytest

from pytest_jaxcost import measure
from pytest_jaxcost.program import Program

from .libraries import EQUINOX, KEY

X = jnp.ones(3)


class Dropped(eqx.Module):
    """A linear layer with dropout: its rate and its mode are numbers among the leaves."""

    linear: eqx.nn.Linear
    dropout: eqx.nn.Dropout

    def __call__(self, x: Any, key: Any) -> Any:
        return self.dropout(self.linear(x), key=key).sum()

    @eqx.filter_jit(donate="all")
    def jitted(self, x: Any, key: Any) -> Any:
        return self(x, key)


DROPPED = Dropped(eqx.nn.Linear(3, 4, key=KEY), eqx.nn.Dropout(0.5))


def test_numbers_in_modules_are_static() -> None:
    linear = 2 * 3 * 4 + 4 + 3
    inference = measure(eqx.nn.inference_mode(DROPPED), (X, KEY))
    assert inference.flops == inference.compiled.flops == linear
    training = measure(lambda model, x, key: model(x, key), (DROPPED, X, KEY))
    assert training.primitives["random_bits"] == 1
    assert training.waste == 0


def test_numbers_in_modules_are_not_differentiated() -> None:
    def loss(model: Any, x: Any, key: Any) -> Any:
        return model(x, key)

    plain = measure(eqx.filter_grad(loss), (DROPPED, X, KEY))
    jitted = measure(eqx.filter_jit(eqx.filter_grad(loss)), (DROPPED, X, KEY))
    assert plain.flops == jitted.flops
    assert dict(plain.executions) == dict(jitted.executions)


def test_a_method_that_is_jitted_keeps_its_rules() -> None:
    program = Program(DROPPED.jitted, (X, KEY), {}, "jitted")
    assert all(each.donated for each in jax.tree.leaves(program.trace().args_info))
    report = measure(DROPPED.jitted, (X, KEY))
    assert report.name == "jitted"
    assert report.flops == measure(DROPPED, (X, KEY)).flops


@pytest.mark.parametrize("donate", ["all", "none"])
def test_donation(donate: Any) -> None:
    program = Program(eqx.filter_jit(lambda x: 2 * x, donate=donate), (X,), {}, "f")
    (info,) = jax.tree.leaves(program.trace().args_info)
    assert info.donated is (donate == "all")


def test_numbers_that_filter_jit_holds_are_static() -> None:
    report = measure(eqx.filter_jit(lambda x, n: sum(jnp.sin(i * x) for i in range(n))), (X, 3))
    assert report.primitives["sin"] == 3


def test_state_that_may_be_read_once() -> None:
    norm, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)(3, "batch", mode="ema")

    def normalized(norm: Any, state: Any, batch: Any) -> Any:
        over = jax.vmap(norm, axis_name="batch", in_axes=(0, None), out_axes=(0, None))
        return over(batch, state)

    batch = jnp.ones((4, 3))
    plain = measure(normalized, (norm, state, batch))
    jitted = measure(eqx.filter_jit(normalized), (norm, state, batch))
    assert plain.flops == jitted.flops > 0
    for report in (plain, jitted):
        # the mean and the square, each reduced over a batch of four
        assert report.transcendentals == 3  # one inverse root for each feature
        assert (len(report.duplicates), len(report.dead)) == (0, 0)


def test_a_training_step() -> None:
    optimizer = optax.sgd(0.1)

    def loss(model: Any, x: Any) -> Any:
        return (model(x) ** 2).sum()

    def step(model: Any, state: Any, x: Any) -> Any:
        gradient = eqx.filter_grad(loss)(model, x)
        updates, state = optimizer.update(gradient, state, model)
        return eqx.apply_updates(model, updates), state

    state = optimizer.init(eqx.filter(EQUINOX, eqx.is_inexact_array))
    weights = (3 + 1) * 8 + (8 + 1) * 2
    gradient = measure(eqx.filter_grad(loss), (EQUINOX, X))
    for fn in (step, eqx.filter_jit(step)):
        report = measure(fn, (EQUINOX, state, X))
        assert report.flops == gradient.flops + 2 * weights  # scaled, and added
        assert report.without().flops == report.flops
        assert report.compiled.flops > 0
