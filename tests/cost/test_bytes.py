"""Bytes are those that an equation reads and writes, and XLA's where it counts the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from pytest_jaxcost.cost.price import price
from tests.cost.equations import equation
from tests.cost.programs import array, program

X, Y = "f32[30,70]", "f32[70,20]"
WORD = 4


@pytest.mark.parametrize(
    ("name", "function", "args"),
    [
        ("add", lax.add, (X, X)),
        ("sin", lax.sin, ("bf16[30,70]",)),
        ("mul", lax.mul, ("c64[30,70]",) * 2),
        ("eq", lax.eq, ("i8[30,70]",) * 2),
        ("select_n", lax.select_n, ("bool[30,70]", X, X)),
        ("dot_general", lambda x, y: x @ y, (X, Y)),
        (
            "conv_general_dilated",
            lambda x, y: lax.conv(x, y, (1, 1), "SAME"),
            ("f32[2,3,8,8]", "f32[4,3,2,2]"),
        ),
        ("broadcast_in_dim", lambda x: lax.broadcast(x, (5,)), (X,)),
        ("reshape", lambda x: x.reshape(-1), (X,)),
        ("rev", lambda x: lax.rev(x, (0,)), (X,)),
        ("concatenate", lambda x, y: lax.concatenate([x, y], 0), (X, X)),
        ("slice", lambda x: lax.slice(x, (10, 0), (20, 70)), (X,)),
        ("convert_element_type", lambda x: x.astype("bfloat16"), (X,)),
        ("sort", lambda x: lax.sort(x, dimension=0), (X,)),
    ],
)
def test_bytes_are_what_xla_counts(
    name: str, function: Callable[..., Any], args: tuple[str, ...]
) -> None:
    made = program(name, function, *args)
    cost = price(equation(name, function, *made.args))
    analysis = jax.jit(function).lower(*made.args).cost_analysis()
    assert cost is not None
    assert cost.bytes_accessed == analysis["bytes accessed"]


@pytest.mark.parametrize(
    ("name", "function", "args", "expected"),
    [
        (
            "dynamic_slice",
            lambda x, i: lax.dynamic_slice(x, (i, i), (2, 3)),
            (X, "i32[]"),
            2 * 6 * WORD + 2 * WORD,
        ),
        (
            "dynamic_update_slice",
            lambda x, y, i: lax.dynamic_update_slice(x, y, (i, i)),
            (X, "f32[2,3]", "i32[]"),
            2 * 6 * WORD + 2 * WORD,
        ),
        ("gather", lambda x, i: x[i], (X, "i32[5]"), 2 * 5 * 70 * WORD + 5 * WORD),
        (
            "scatter-add",
            lambda x, i, u: x.at[i].add(u),
            (X, "i32[5]", "f32[5,70]"),
            3 * 5 * 70 * WORD + 5 * WORD,
        ),
        ("split", lambda x: lax.split(x, (10, 20)), (X,), 2 * 30 * 70 * WORD),
        ("reduce_sum", lambda x: jnp.sum(x, 0), (X,), (30 * 70 + 70) * WORD),
        ("transpose", lambda x: x.T, (X,), 2 * 30 * 70 * WORD),
        ("stop_gradient", lax.stop_gradient, (X,), 0),
        ("optimization_barrier", lax.optimization_barrier, (X,), 2 * 30 * 70 * WORD),
    ],
)
def test_bytes_that_are_touched(
    name: str, function: Callable[..., Any], args: tuple[str, ...], expected: int
) -> None:
    cost = price(equation(name, function, *map(array, args)))
    assert cost is not None
    assert (cost.flops, cost.bytes_accessed) == (cost.flops, expected)


def test_a_key_has_the_bytes_of_its_words() -> None:
    words = array("u32[6,2]")
    eqn = equation("random_wrap", lambda w: jax.random.wrap_key_data(w, impl="threefry2x32"), words)
    cost = price(eqn)
    assert cost is not None
    assert cost.is_bookkeeping
    assert cost.bytes_accessed == 2 * 6 * 2 * WORD


def test_a_token_has_none() -> None:
    eqn = equation("after_all", lambda: lax.after_all(lax.create_token()))
    cost = price(eqn)
    assert cost is not None
    assert cost.bytes_accessed == 0
