"""Laws of the counts over shapes, against XLA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jax import lax

from pytest_jaxcost.formulas.contractions import Axis, valid_positions
from tests.cost.programs import Program
from tests.cost.test_xla import counted

sizes = st.integers(1, 6)
shapes = st.lists(st.integers(0, 5), max_size=4).map(tuple)
few = settings(max_examples=30, deadline=None)


def agrees(function: Callable[..., Any], *shapes: tuple[int, ...]) -> None:
    args = tuple(jax.ShapeDtypeStruct(shape, "float32") for shape in shapes)
    ours, xla = counted(Program("", function, args))
    assert ours == xla


@few
@given(shapes, st.sampled_from([lax.sin, lax.sinh, lax.erf_inv, lax.logistic, lax.digamma]))
def test_elementwise(shape: tuple[int, ...], function: Callable[..., Any]) -> None:
    agrees(function, shape)


@few
@given(st.data(), st.sampled_from([jnp.sum, jnp.max, jnp.prod]))
def test_reductions(data: st.DataObject, function: Callable[..., Any]) -> None:
    shape = data.draw(st.lists(sizes, min_size=1, max_size=4).map(tuple))
    axes = data.draw(st.sets(st.integers(0, len(shape) - 1)).map(tuple))
    agrees(lambda x: function(x, axes), shape)


@few
@given(
    st.lists(sizes, max_size=2),
    st.lists(sizes, max_size=2),
    st.lists(sizes, max_size=2),
    st.lists(sizes, max_size=2),
)
def test_dots(batch: list[int], rows: list[int], contracted: list[int], columns: list[int]) -> None:
    first = len(batch)
    numbers = (
        (
            tuple(range(first + len(rows), first + len(rows) + len(contracted))),
            tuple(range(first, first + len(contracted))),
        ),
        (tuple(range(first)), tuple(range(first))),
    )
    agrees(
        lambda x, y: lax.dot_general(x, y, numbers),
        (*batch, *rows, *contracted),
        (*batch, *contracted, *columns),
    )


pads = st.tuples(st.integers(-1, 4), st.integers(-1, 4))


@few
@given(st.data(), st.integers(1, 2))
def test_convolutions(data: st.DataObject, spatial: int) -> None:
    def each(strategy: st.SearchStrategy[Any]) -> tuple[Any, ...]:
        return data.draw(st.tuples(*[strategy] * spatial))

    image, kernel, padding = each(st.integers(2, 9)), each(st.integers(1, 4)), each(pads)
    strides, base, window = (each(st.integers(1, 4)) for _ in range(3))
    grown = [
        (n - 1) * d + 1 + sum(p) - (k - 1) * w
        for n, d, p, k, w in zip(image, base, padding, kernel, window, strict=True)
    ]
    assume(min(grown) > 0)
    groups = data.draw(st.integers(1, 2))
    agrees(
        lambda x, y: lax.conv_general_dilated(
            x, y, strides, padding, base, window, feature_group_count=groups
        ),
        (2, 4, *image),
        (6, 4 // groups, *kernel),
    )


@given(
    st.integers(1, 9),
    st.integers(1, 5),
    st.integers(0, 12),
    st.integers(1, 5),
    st.integers(-4, 6),
    st.integers(1, 5),
    st.integers(1, 4),
)
def test_valid_positions_are_those_that_a_loop_finds(
    size: int, kernel: int, result: int, stride: int, padding: int, base: int, window: int
) -> None:
    places = [r * stride + k * window - padding for k in range(kernel) for r in range(result)]
    inside = [place for place in places if place % base == 0 and 0 <= place // base < size]
    axis = Axis(size, kernel, result, stride, padding, base, window)
    assert len(inside) == valid_positions(axis)
