"""Models of every library are arguments: their counts are those of the network's arithmetic."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import Report, measure

from .libraries import (
    BATCH,
    HIDDEN,
    INPUTS,
    LIBRARIES,
    OUTPUTS,
    PARAMS,
    Library,
    Network,
    X,
    by_hand,
)

FIRST, SECOND = 2 * BATCH * INPUTS * HIDDEN, 2 * BATCH * HIDDEN * OUTPUTS
BIASES = BATCH * (HIDDEN + OUTPUTS)
SUM = BATCH * OUTPUTS - 1
FORWARD = FIRST + SECOND + BIASES + SUM
WEIGHTS = (INPUTS + 1) * HIDDEN + (HIDDEN + 1) * OUTPUTS

each_library = pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)


def loss_by_hand(params: Any, x: Any) -> Any:
    return by_hand(params, x).sum()


def jitted(fn: Any, library: Library) -> dict[str, Any]:
    return {"plain": fn, "jitted": library.jit(fn)}


def is_quiet(report: Report) -> bool:
    found = sum(map(len, (report.duplicates, report.dead, report.zeros, report.constant_work)))
    return found == 0 and report.without().flops == report.flops


@each_library
def test_the_value(library: Library) -> None:
    for fn in jitted(library.loss, library).values():
        report = measure(fn, (library.model, X))
        assert report.flops == report.compiled.flops == FORWARD
        assert report.transcendentals == report.compiled.transcendentals == BATCH * HIDDEN
        assert (report.primitives["dot_general"], report.primitives["tanh"]) == (2, 1)
        assert is_quiet(report)


@each_library
def test_the_value_and_the_gradient(library: Library) -> None:
    twin = measure(jax.value_and_grad(loss_by_hand), (PARAMS, X))
    for fn in jitted(library.value_and_grad(library.loss), library).values():
        report = measure(fn, (library.model, X))
        # each product of the forward pass has one for its weights, and the second for its input
        assert report.primitives["dot_general"] == 5
        assert report.flops > 2 * FIRST + 3 * SECOND
        assert (report.flops, report.transcendentals) == (twin.flops, twin.transcendentals)
        assert report.compiled.flops == twin.compiled.flops
        assert is_quiet(report)


@each_library
def test_the_gradient(library: Library) -> None:
    twin = measure(jax.grad(loss_by_hand), (PARAMS, X))
    report = measure(library.grad(library.loss), (library.model, X))
    assert report.flops == twin.flops
    assert is_quiet(report)


@each_library
def test_a_model_that_is_called_twice(library: Library) -> None:
    for fn in jitted(library.loss_twice, library).values():
        report = measure(fn, (library.model, X))
        assert report.flops == 2 * FORWARD + 1
        assert len(report.duplicates) >= 1
        assert report.without("duplicates").flops == report.without().flops == FORWARD + 1
        assert report.compiled.flops == FORWARD + 1


@pytest.mark.parametrize("name", ["Partial", "equinox", "nnx"])
def test_a_model_is_a_function(name: str) -> None:
    library = LIBRARIES[name]
    x = X[0] if name == "equinox" else X
    samples = 1 if name == "equinox" else BATCH
    report = measure(library.model, (x,))
    assert report.flops == report.compiled.flops == (FORWARD - SUM) // BATCH * samples
    assert len(report.constants) == 0  # its arrays are arguments


def test_a_dataclass_that_holds_a_function() -> None:
    network = Network(PARAMS, jnp.tanh)
    report = measure(lambda network, x: network(x).sum(), (network, X))
    assert report.flops == report.compiled.flops == FORWARD
    assert is_quiet(report)

    def squared(x: Any, *, network: Any) -> Any:
        return (network(x) * network(x)).sum()

    report = measure(squared, (X,), {"network": network})
    assert report.without().flops == FORWARD + BATCH * OUTPUTS
    assert len(report.duplicates) >= 1


@each_library
def test_shapes_stand_for_arrays(library: Library) -> None:
    shapes = jax.ShapeDtypeStruct(X.shape, X.dtype)
    for fn in jitted(library.loss, library).values():
        assert measure(fn, (library.model, shapes)).flops == FORWARD
