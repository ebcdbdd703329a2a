"""What Flax alone has: modules that are changed in place, collections, and training states."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
import pytest
from flax import linen, nnx
from flax.training.train_state import TrainState

from pytest_jaxcost import measure
from pytest_jaxcost.program import Program

from .libraries import KEY, LIBRARIES, X

WEIGHTS = (3 + 1) * 8 + (8 + 1) * 2


class Normalized(nnx.Module):
    """Batch statistics are updated and random keys are counted in place."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.norm = nnx.BatchNorm(3, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.dropout(self.norm(x)).sum()

    def method(self, x: Any) -> Any:
        return self(x)

    @nnx.jit(donate_argnums=0)
    def jitted(self, x: Any) -> Any:
        return self(x)


def loss(model: Any, x: Any) -> Any:
    return model(x).sum()


def test_what_changes_in_a_module_is_a_result() -> None:
    model = Normalized(nnx.Rngs(0))
    before = [id(leaf) for leaf in jax.tree.leaves(model)]
    jitted = measure(nnx.jit(loss), (model, X))
    assert jitted.primitives["random_bits"] == 1
    for fn, args in ((loss, (model, X)), (model, (X,)), (model.method, (X,)), (model.jitted, (X,))):
        report = measure(fn, args)
        assert (len(report.dead), len(report.duplicates)) == (0, 0)
        assert report.flops == jitted.flops
        assert report.compiled.flops == jitted.compiled.flops
    assert [id(leaf) for leaf in jax.tree.leaves(model)] == before  # nothing ran


def test_statistics_that_are_not_wanted_cost_nothing() -> None:
    model = Normalized(nnx.Rngs(0))
    model.eval()
    report = measure(loss, (model, X))
    # subtract, scale and shift each element; one root for each feature
    assert report.transcendentals == 3
    assert "random_bits" not in report.primitives


@pytest.mark.parametrize("donated", [(), 0])
def test_nnx_jit_keeps_its_rules(donated: Any) -> None:
    model = LIBRARIES["nnx"].model

    def repeated(model: Any, x: Any, times: int) -> Any:
        return sum(loss(model, i * x) for i in range(times))

    fn = nnx.jit(repeated, static_argnums=2, donate_argnums=donated)
    infos = jax.tree.leaves(Program(fn, (model, X, 3), {}, "f").trace().args_info)
    assert [each.donated for each in infos] == [donated == 0] * 4 + [False]
    assert measure(fn, (model, X, 3)).primitives["tanh"] == 3


def test_abstract_modules() -> None:
    model = nnx.eval_shape(lambda: nnx.Linear(3, 8, rngs=nnx.Rngs(0)))
    for fn in (loss, nnx.jit(loss)):
        report = measure(fn, (model, jax.ShapeDtypeStruct((5, 3), jnp.float32)))
        assert report.flops == report.compiled.flops == 2 * 5 * 3 * 8 + 40 + 39


def test_a_training_step_of_nnx() -> None:
    library = LIBRARIES["nnx"]
    optimizer = nnx.Optimizer(library.model, optax.sgd(0.1), wrt=nnx.Param)

    def step(model: Any, optimizer: Any, x: Any) -> None:
        optimizer.update(model, nnx.grad(loss)(model, x))

    gradient = measure(nnx.grad(loss), (library.model, X))
    for fn in (step, nnx.jit(step)):
        report = measure(fn, (library.model, optimizer, X))
        assert report.flops == gradient.flops + 2 * WEIGHTS + 1  # scaled, added; a step counted
        assert report.without().flops == report.flops
        assert report.compiled.flops > 0


@pytest.mark.parametrize("donated", [(), 0])
def test_a_training_state(donated: Any) -> None:
    library = LIBRARIES["linen"]
    state = TrainState.create(
        apply_fn=library.apply, params=library.model["params"], tx=optax.sgd(0.1)
    )

    def gradient(state: Any, x: Any) -> Any:
        return jax.grad(lambda params: state.apply_fn({"params": params}, x).sum())(state.params)

    def step(state: Any, x: Any) -> Any:
        return state.apply_gradients(grads=gradient(state, x))

    alone = measure(gradient, (state, X))
    for fn in (step, jax.jit(step, donate_argnums=donated)):
        report = measure(fn, (state, X))
        assert report.flops == alone.flops + 2 * WEIGHTS + 1
        assert report.without().flops == report.flops
        assert report.compiled.flops > 0
    bound = measure(state.apply_gradients, (), {"grads": state.params})
    assert bound.flops == bound.compiled.flops == 2 * WEIGHTS + 1


def test_names_of_collections_are_static() -> None:
    norm = linen.BatchNorm(use_running_average=False)
    variables = norm.init(KEY, X)
    report = measure(norm.apply, (variables, X), {"mutable": ["batch_stats"]})
    assert len(report.dead) == 0
    assert report.transcendentals == report.compiled.transcendentals == 3
