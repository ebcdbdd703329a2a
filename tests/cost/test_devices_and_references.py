"""Collectives and mutable references, which are not lowered alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.sharding import PartitionSpec

from pytest_jaxcost.cost.price import price
from pytest_jaxcost.cost.record import NOTHING, Cost
from tests.cost.equations import equations

X = jax.ShapeDtypeStruct((4, 6), "float32")
BYTES = 4 * 6 * 4


def on_a_mesh(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), "i")
    spec = PartitionSpec("i")
    return jax.shard_map(function, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)


def xla_flops(function: Callable[..., Any], *args: Any) -> int:
    analysis = jax.jit(function).lower(*args).cost_analysis() or {}
    return int(analysis.get("flops", 0))


@pytest.mark.parametrize(
    ("name", "function", "flops"),
    [
        ("psum", lambda x: lax.psum(x, "i"), 24),
        ("pmax", lambda x: lax.pmax(x, "i"), 24),
        ("pmin", lambda x: lax.pmin(x, "i"), 24),
        ("all_gather", lambda x: lax.all_gather(x, "i", tiled=True), 0),
        ("all_to_all", lambda x: lax.all_to_all(x, "i", 0, 0, tiled=True), 0),
        ("ppermute", lambda x: lax.ppermute(x, "i", [(0, 0)]), 0),
    ],
)
def test_collectives(name: str, function: Callable[[Any], Any], flops: int) -> None:
    mapped = on_a_mesh(function)
    (eqn,) = equations(name, mapped, X)
    assert price(eqn) == Cost(flops=flops, transcendentals=0, bytes_accessed=2 * BYTES)
    assert xla_flops(mapped, X) == flops


def test_the_index_of_a_device_is_no_work() -> None:
    (eqn,) = equations("axis_index", on_a_mesh(lambda x: x + lax.axis_index("i")), X)
    assert price(eqn) == NOTHING


def test_references_cost_what_they_touch() -> None:
    def program(x: Any) -> Any:
        ref = jax.new_ref(jnp.zeros((4, 6)))
        ref[1] = x[0]
        jax.ref.addupdate(ref, 0, x[1])
        return ref[2:4]

    (get,) = equations("get", program, X)
    (swap,) = equations("swap", program, X)
    (add,) = equations("addupdate", program, X)
    assert price(get) == Cost(flops=0, transcendentals=0, bytes_accessed=2 * 2 * 6 * 4)
    assert price(swap) == Cost(flops=0, transcendentals=0, bytes_accessed=2 * 6 * 4)
    assert price(add) == Cost(flops=6, transcendentals=0, bytes_accessed=3 * 6 * 4)
