"""Programs sharded over a mesh: what stands for a mesh of the last four of eight CPU devices.

Run as a script with a target, it prints what differs from the same programs written for a mesh of
the target's first four devices.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
sys.path.insert(0, str(Path(__file__).parents[2]))

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AbstractMesh, AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from pytest_jaxcost.program import Program
from pytest_jaxcost.targets import parse
from pytest_jaxcost.targets.devices import devices_of
from pytest_jaxcost.targets.placement import lower

Case = Callable[[Any], tuple[Callable[..., Any], tuple[Any, ...]]]


def shaped(mesh: Any, *shape: int, spec: P) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, jnp.float32, sharding=NamedSharding(mesh, spec))


def loss(w: Any, x: Any) -> Any:
    return jnp.sum(jnp.tanh(x @ w))


def data_parallel(mesh: Any) -> Any:
    return jax.grad(loss), (shaped(mesh, 4, 4, spec=P()), shaped(mesh, 8, 4, spec=P("x")))


def constrained(mesh: Any) -> Any:
    def fn(x: Any) -> Any:
        def body(carry: Any, _: None) -> Any:
            halves = jax.lax.with_sharding_constraint(carry, NamedSharding(mesh, P("x")))
            return jnp.sin(halves), None

        return jax.lax.scan(body, x, length=3)[0]

    return fn, (shaped(mesh, 8, 4, spec=P()),)


def constrained_alone(mesh: Any) -> Any:
    def fn(x: Any) -> Any:
        return jax.lax.with_sharding_constraint(jnp.sin(x), NamedSharding(mesh, P("x")))

    return fn, (jax.ShapeDtypeStruct((8,), jnp.float32),)


def mapped(mesh: Any) -> Any:
    def total(x: Any) -> Any:
        return jax.lax.psum(jnp.sin(x), "x")

    fn = jax.shard_map(total, mesh=mesh, in_specs=P("x"), out_specs=P())
    return jax.grad(lambda x: jnp.sum(fn(x))), (shaped(mesh, 8, spec=P("x")),)


def jitted(mesh: Any) -> Any:
    gathered = jax.jit(
        lambda x: 2 * x,
        in_shardings=NamedSharding(mesh, P("x")),
        out_shardings=NamedSharding(mesh, P()),
    )
    return gathered, (jax.ShapeDtypeStruct((8, 4), jnp.float32),)


def explicit(mesh: Any) -> Any:
    mesh = Mesh(mesh.devices, ("x",), axis_types=(AxisType.Explicit,))
    return jax.grad(loss), (shaped(mesh, 4, 4, spec=P()), shaped(mesh, 8, 4, spec=P("x")))


def two_meshes(mesh: Any) -> Any:
    square = Mesh(mesh.devices.reshape(2, 2), ("a", "b"))
    return jnp.add, (shaped(mesh, 8, 4, spec=P("x")), shaped(square, 8, 4, spec=P("a")))


CASES: dict[str, Case] = {
    "data parallel": data_parallel,
    "constrained in a loop": constrained,
    "constrained, arguments nowhere": constrained_alone,
    "mapped": mapped,
    "shardings of jit": jitted,
    "explicit": explicit,
    "two meshes": two_meshes,
}


def texts(case: Case, target: Any) -> tuple[str, str]:
    """The compiled program moved to the target, and the one that was written for it."""
    here, there = jax.devices()[4:], devices_of(target, 4)[:4]
    fn, args = case(Mesh(np.array(here), ("x",)))
    moved = lower(Program(fn, args, {}, "moved").trace(), target)
    fn, args = case(Mesh(np.array(there), ("x",)))
    written = Program(fn, args, {}, "written").lowered
    return module(moved), module(written)


def abstract_texts(target: Any) -> tuple[str, str]:
    """The same of a mesh that has no devices at all."""
    fn, args = data_parallel(AbstractMesh((4,), ("x",), axis_types=(AxisType.Auto,)))
    moved = lower(Program(fn, args, {}, "moved").trace(), target)
    fn, args = data_parallel(Mesh(np.array(devices_of(target, 4)[:4]), ("x",)))
    return module(moved), module(Program(fn, args, {}, "written").lowered)


def module(lowered: Any) -> str:
    """The lowered program and the collectives of the compiled one."""
    lines = lowered.compile().as_text().splitlines()
    collectives = [line.partition(", metadata")[0] for line in lines if "replica_groups" in line]
    return "\n".join([lowered.as_text(), *collectives])


def main(name: str) -> None:
    target = parse(name)
    pairs = {name: texts(case, target) for name, case in CASES.items()}
    pairs["abstract"] = abstract_texts(target)
    different = [name for name, (moved, written) in pairs.items() if moved != written]
    for name in different:
        print(name, *pairs[name], sep="\n\n")  # noqa: T201
    print("different: " + ", ".join(different) if different else "all alike")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
