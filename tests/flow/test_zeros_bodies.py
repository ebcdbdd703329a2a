"""Zeros through bodies with an interface of their own, and through the windows of convolutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax
from jax.sharding import AxisType, PartitionSpec

from pytest_jaxcost import measure
from pytest_jaxcost.flow.zeros import contexts
from pytest_jaxcost.flow.zeros.interpret import known_values
from pytest_jaxcost.flow.zeros.pattern import Known, Pattern
from pytest_jaxcost.ir.equation import Block, Inlined
from pytest_jaxcost.ir.inline import inline
from tests.conftest import LAWS
from tests.flow.zero_claims import is_finite, may_be_nonzero, require_claims
from tests.laws.evaluate import evaluate

X = np.float32(np.linspace(0.5, 2.0, 24).reshape(4, 6))


@pytest.fixture
def sharing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every jitted function is read once for all of its calls."""
    monkeypatch.setattr("pytest_jaxcost.ir.inline._explodes", lambda _: True)


@jax.jit
def doubled(x: Any) -> Any:
    return jnp.sin(x) * 2


@jax.jit
def often(x: Any) -> Any:
    return sum(doubled(doubled(doubled(k * x))) for k in range(1, 9))


def padded(x: Any) -> Any:
    return jnp.pad(x[:, :2], ((0, 0), (0, 4)))


def read(function: Callable[..., Any], *args: Any) -> tuple[Inlined, list[Known]]:
    program = inline(jax.make_jaxpr(function)(*args))
    return program, known_values(program)


def is_shared(program: Inlined) -> bool:
    return any(isinstance(e.control, Block) and e.control.shared for _, e in program.walk())


def claims(program: Inlined, known: list[Known], args: Any) -> list[Any]:
    """For each result, where it may be nonzero."""
    results = program.main.results
    shapes = [program.avals[value].shape for value in results]
    found = [known[value] for value in results]
    return [
        may_be_nonzero(each, shape) if isinstance(each, Pattern) else np.ones(shape, bool)
        for each, shape in zip(found, shapes, strict=True)
    ]


@pytest.mark.usefixtures("sharing")
def test_each_call_of_a_shared_body_has_its_own_zeros() -> None:
    def function(x: Any) -> Any:
        return often(x), often(padded(x)), often(padded(x).at[:, 5].set(1.0))

    program, known = read(function, X)
    assert is_shared(program)
    for claim, value in zip(claims(program, known, X), function(X), strict=True):
        np.testing.assert_array_equal(claim, np.asarray(value) != 0)


@pytest.mark.usefixtures("sharing")
def test_in_a_shared_body_stands_what_holds_in_all_calls() -> None:
    def both(x: Any) -> Any:
        return often(padded(x)), often(padded(x)[::-1])

    def one_of_them(x: Any) -> Any:
        return often(padded(x)), often(x)

    assert measure(both, (X,)).zeros.from_jax.transcendentals == 2 * 8 * 3 * 4 * 4
    assert measure(one_of_them, (X,)).zeros.from_jax.transcendentals == 0


@pytest.mark.usefixtures("sharing")
def test_calls_in_a_loop() -> None:
    def last(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: [lax.scan(lambda c, _: (step(c), None), padded(x), None, length=3)[0]]

    program, known = read(last(often), X)
    assert is_shared(program)
    np.testing.assert_array_equal(claims(program, known, X)[0], padded(X) != 0)
    program, known = read(last(lambda c: often(jnp.roll(c, 1, axis=1))), X)
    assert claims(program, known, X)[0][:, :5].all()


@pytest.mark.usefixtures("sharing")
def test_more_calls_than_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "MOST", 2)

    def function(x: Any) -> Any:
        return [often(jnp.pad(x[:, :k], ((0, 0), (0, 6 - k)))) for k in range(1, 5)]

    program, known = read(function, X)
    for k, (claim, value) in enumerate(zip(claims(program, known, X), function(X), strict=True)):
        if k < 2:
            np.testing.assert_array_equal(claim, np.asarray(value) != 0)
        else:
            assert claim.all()


def test_shards_keep_the_zeros_of_axes_that_are_whole() -> None:
    mesh = jax.make_mesh((1,), ("rows",), axis_types=(AxisType.Auto,))
    spec = PartitionSpec("rows", None)
    sharded = jax.shard_map(jnp.sin, mesh=mesh, in_specs=spec, out_specs=spec)
    program, known = read(lambda x: sharded(padded(x)), X)
    np.testing.assert_array_equal(claims(program, known, X)[0], padded(X) != 0)


def test_shards_lose_the_zeros_of_axes_that_are_cut() -> None:
    mesh = jax.sharding.AbstractMesh((2,), ("columns",), axis_types=(AxisType.Auto,))
    spec = PartitionSpec(None, "columns")
    sharded = jax.shard_map(jnp.sin, mesh=mesh, in_specs=spec, out_specs=spec)
    program, known = read(lambda x: (sharded(padded(x)), sharded(padded(x.T).T)), X.T[:4].copy())
    columns, rows = (known[value] for value in program.main.results)
    assert columns is None
    assert isinstance(rows, Pattern)
    assert rows.spans == (((0, 2),), ((0, 4),))


# convolutions


def convolution(
    size: int, kernel: int, span: tuple[int, int], stride: int, dilation: int, low: int
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    start, stop = span

    def function(x: Any, w: Any) -> Any:
        padding = ((0, 0, 0), (0, 1, 0), (start, size - stop, 0))
        images = lax.pad(x[:, :, start:stop], np.float32(0), padding)
        filters = jnp.pad(w, ((0, 0), (0, 1), (0, 0)))
        windows = {"window_strides": (stride,), "padding": ((low, 2),)}
        return lax.conv_general_dilated(
            images, filters, lhs_dilation=(dilation,), rhs_dilation=(3 - dilation,), **windows
        )

    x = np.float32(np.linspace(0.5, 2.0, 4 * size).reshape(2, 2, size))
    return function, (x, np.float32(np.linspace(1.0, 3.0, 6 * kernel).reshape(3, 2, kernel)))


@settings(LAWS, max_examples=60)
@given(
    st.tuples(st.integers(4, 9), st.integers(1, 3), st.integers(0, 8), st.integers(1, 8)),
    st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(-1, 3)),
)
def test_convolutions_claim_no_more_than_is_zero(sizes: Any, windows: Any) -> None:
    size, kernel, start, width = sizes
    start = min(start, size - 1)
    span = start, min(start + width, size)
    function, args = convolution(size, kernel, span, *windows)
    program = inline(jax.make_jaxpr(function)(*args))
    run = evaluate(program, args)
    assert is_finite(run)
    require_claims(program, known_values(program), run)


def test_a_window_that_sees_only_zeros() -> None:
    function, args = convolution(9, 3, (6, 9), 1, 1, 0)
    program, known = read(function, *args)
    claim, value = claims(program, known, args)[0], np.asarray(function(*args))
    np.testing.assert_array_equal(claim, value != 0)
    assert not claim.all()


def test_features_that_are_zero_are_work_on_zeros() -> None:
    def function(x: Any, w: Any) -> Any:
        with_zeros = jnp.pad(x, ((0, 0), (0, 60), (0, 0)))
        return lax.conv(with_zeros, w, (1,), "VALID")

    args = np.ones((2, 4, 16), np.float32), np.ones((8, 64, 3), np.float32)
    report = measure(function, args)
    (found,) = report.zeros
    assert found.primitive == "conv_general_dilated"
    assert found.flops == report.flops * 60 // 64
    assert measure(lambda x, w: lax.conv(x, w[:, :4], (1,), "VALID"), args).zeros.flops == 0
