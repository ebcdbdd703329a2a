"""A program put on a target's devices is the program that JAX lowers for them itself.

Here the target is the CPU, whose devices are there: JAX's own lowering is the oracle.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pytest_jaxcost import measure
from pytest_jaxcost.program import Program
from pytest_jaxcost.targets import Target, parse
from pytest_jaxcost.targets.placement import lower

CPU = Target(platform="cpu")
X = jax.ShapeDtypeStruct((8, 4), jnp.float32)
TABLE = jnp.arange(12.0).reshape(3, 4)


def loss(w: Any, x: Any) -> Any:
    return jnp.sum(jnp.tanh(x @ w) @ TABLE.T)


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def donated(n: int, x: Any) -> Any:
    return n * x


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "shapes": (jax.grad(loss), (jax.ShapeDtypeStruct((4, 4), jnp.float32), X)),
    "arrays": (jax.grad(loss), (jnp.ones((4, 4)), np.ones((8, 4), np.float32))),
    "committed": (jnp.sin, (jax.device_put(jnp.ones(3), jax.devices()[0]),)),
    "python scalar": (lambda a, x: a * x, (2.0, X)),
    "pytree": (lambda tree: tree["a"] + tree["b"][0], ({"a": X, "b": [X]},)),
    "no arguments": (lambda: jnp.sin(TABLE), ()),
    "no results": (lambda: jax.debug.print("a"), ()),
    "static and donated": (donated, (3, jnp.ones(3))),
    "key": (lambda key: jax.random.normal(key, (4,)), (jax.random.key(0),)),
    "loop": (lambda x: jax.lax.scan(lambda c, _: (jnp.sin(c), c), x, length=3), (X,)),
    "branches": (lambda x: jax.lax.cond(x[0, 0] > 0, jnp.sin, jnp.cos, x), (X,)),
    "put on a device": (lambda x: jax.device_put(x, jax.devices()[0]) * 2, (X,)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_jax_lowers_it(name: str) -> None:
    fn, args = PROGRAMS[name]
    traced = Program(fn, args, {}, name).trace()
    assert lower(traced, CPU).as_text() == traced.lower().as_text()


def test_the_program_is_compiled_once_for_each_target() -> None:
    program = Program(jnp.sin, (X,), {}, "sin")
    assert program.compiled_for(None) is program.compiled_for(CPU) is program.compiled


def test_on_another_target_nothing_is_traced_again() -> None:
    runs: list[Any] = []

    def counted(x: Any) -> Any:
        runs.append(x)
        return jnp.sin(x) * jnp.sin(x)

    report = measure(counted, (X,), target="tpu:v5e:2x2").ignoring(["cos"])
    other = report.on("cpu")
    assert (report.duplicates.count, other.duplicates.count) == (1, 1)
    assert other.check(compiled={"max_opcodes": {"while": 0}}).compiled.flops > 0
    assert not report.has_compiled
    assert [each.environment["target"] for each in (report, other)] == ["tpu:v5e:2x2", "cpu"]
    assert other.ignoring(["sin"]).on("cpu").duplicates.eqns == 0
    assert other.phases["primal"].on("cuda:h100").environment["target"] == "cuda:h100"
    assert len(runs) == 1


MESHES = Path(__file__).parent / "meshes.py"


def test_meshes_move_to_the_first_devices() -> None:
    """In a process of its own, which has eight devices."""
    command = [sys.executable, str(MESHES), "cpu"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "all alike\n"), run.stdout + run.stderr


def test_too_few_devices() -> None:
    mesh = jax.sharding.AbstractMesh((64,), ("x",))
    sharding = jax.NamedSharding(mesh, jax.P("x"))
    x = jax.ShapeDtypeStruct((64,), jnp.float32, sharding=sharding)
    program = Program(jnp.sin, (x,), {}, "sin")
    with pytest.raises(RuntimeError) as error:
        lower(program.trace(), parse("cpu"))
    count = len(jax.devices("cpu"))
    assert str(error.value) == f"the program is sharded over 64 devices and cpu has {count}"
