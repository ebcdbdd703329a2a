"""Programs compiled for devices that are not there.

Run with `-m tpu` or `-m cuda` where the compiler is installed: `nox -s targets` installs it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax.sharding import AbstractMesh, NamedSharding
from jax.sharding import PartitionSpec as P

from pytest_jaxcost import Finding, Report, TargetError, measure
from pytest_jaxcost.targets import names, parse
from pytest_jaxcost.targets.devices import devices_of
from tests.quiet.functions import FUNCTIONS, derivative

PLATFORMS = {"tpu": "tpu:v5e:2x2", "cuda": "cuda:h100"}
BOTH = [pytest.param(each, marks=getattr(pytest.mark, each)) for each in PLATFORMS]
TPUS = [pytest.param(f"tpu:{chip}:2x2", marks=pytest.mark.tpu) for chip in names.TPUS]
GPUS = [pytest.param(f"cuda:{name}", marks=pytest.mark.cuda) for name in names.GPUS]

BLOCK = jax.ShapeDtypeStruct((256, 256), jnp.float32)


def on(platform: str, fn: Any, *args: Any) -> Report:
    return measure(fn, args, target=PLATFORMS[platform])


@pytest.mark.parametrize("target", [*TPUS, *GPUS])
def test_every_device_compiles(target: str) -> None:
    if target == "tpu:tpu7x:2x2" and metadata.version("libtpu") == "0.0.24":
        pytest.skip("the libtpu of JAX 0.8 does not know it")
    report = measure(lambda x: jnp.sum(jnp.tanh(x @ x)), (BLOCK,), target=target)
    assert report.compiled.flops >= 2 * 256**3
    assert report.metrics["compiled.temp_bytes"] is not None


@pytest.mark.parametrize("platform", BOTH)
def test_the_original_question(platform: str) -> None:
    """The Jacobian needs the first helper's sine alone; XLA:CPU clones it, no accelerator does."""

    def main(params1: Any, params2: Any) -> Any:
        z = jnp.sin(jnp.sum(params1 * params1)) * params1
        return z, jnp.sum(jnp.sin(jnp.outer(z, params2)), axis=1)

    args = (jax.ShapeDtypeStruct((64,), jnp.float32), jax.ShapeDtypeStruct((16,), jnp.float32))
    report = on(platform, jax.jacfwd(main, argnums=(0, 1)), *args)
    assert report.compiled.opcodes["sine"] == 1
    assert report.on("cpu").compiled.opcodes["sine"] > 1
    assert _waves(report) == []
    (finding,) = _waves(report.on("cpu"))
    assert (finding.asked, finding.computed) == (1, report.on("cpu").compiled.opcodes["sine"])


def _waves(report: Report) -> list[Finding]:
    return [each for each in report.compiled.recomputed_by_xla if each.primitive == "sine"]


@pytest.mark.parametrize("platform", BOTH)
def test_two_sines_stay_two(platform: str) -> None:
    """A Jacobian of two helpers, of which XLA:CPU makes many: 2 are asked for, and 2 are left."""

    def main(params1: Any, params2: Any) -> Any:
        z = jnp.sin(params1[0]) * jnp.sin(params1[1] * jnp.linspace(0.0, 1.0, 1000))
        return z, params2[0] * jnp.tanh(params2[1] * z) + z

    pair = jax.ShapeDtypeStruct((2,), jnp.float32)
    report = on(platform, jax.jacfwd(main, argnums=(0, 1)), pair, pair)
    assert report.compiled.text.count(" sine(") == 2
    assert report.compiled.recomputed_by_xla.transcendentals == 0
    report.check(compiled={"transcendentals": 3002})
    (finding,) = _waves(report.on("cpu"))
    assert (finding.asked, finding.computed) == (2, report.on("cpu").compiled.opcodes["sine"])


@pytest.mark.parametrize("platform", BOTH)
def test_what_fusions_of_accelerators_repeat(platform: str) -> None:
    """Five steps in each of three; two fusions of a step read one sine on the GPU alone."""

    def inner(carry: Any, _: None) -> Any:
        return jnp.sin(carry) * carry, jnp.sum(carry)

    def outer(carry: Any, _: None) -> Any:
        return jax.lax.scan(inner, carry, length=5)

    def loss(x: Any) -> Any:
        last, sums = jax.lax.scan(outer, x, length=3)
        return jnp.sum(last) + jnp.sum(sums)

    report = on(platform, jax.grad(loss), jax.ShapeDtypeStruct((8,), jnp.float32))
    sines = report.compiled.text.count(" sine(")
    found = [(each.asked, each.computed, each.executions) for each in _waves(report)]
    assert found == ([(1, 2, 15)] if sines == 2 else [])
    assert sines == {"cuda": 2, "tpu": 1}[platform]


@pytest.mark.parametrize("platform", BOTH)
def test_a_copy_that_is_started_and_waited_for_is_the_same_value(platform: str) -> None:
    function, args = FUNCTIONS["special.ndtri"]
    report = on(platform, derivative(function), *args)
    logs = report.compiled.text.count(" log(")
    cloned = [each for each in report.compiled.recomputed_by_xla if each.primitive == "log"]
    assert [each.computed for each in cloned] == ([logs] if logs > 1 else [])


@pytest.mark.parametrize("platform", BOTH)
def test_a_sharded_gradient_shows_its_all_reduce(platform: str) -> None:
    mesh = AbstractMesh((4,), ("batch",))

    def placed(*spec: str) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct((64, 64), jnp.float32, sharding=NamedSharding(mesh, P(*spec)))

    def loss(w: Any, x: Any) -> Any:
        return jnp.sum(jnp.tanh(x @ w))

    gradient = on(platform, jax.grad(loss), placed(), placed("batch"))
    gradient.check(compiled={"collectives": {"all-reduce": 1}})
    forward = on(platform, lambda w, x: jnp.tanh(x @ w), placed(), placed("batch"))
    forward.check(compiled={"max_collectives": {"all-reduce": 0}, "max_collective_bytes": 0})


@pytest.mark.parametrize("platform", BOTH)
def test_meshes_move_to_the_target(platform: str) -> None:
    command = [sys.executable, str(Path(__file__).parent / "meshes.py"), PLATFORMS[platform]]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "all alike\n"), run.stdout + run.stderr


@pytest.mark.parametrize("platform", BOTH)
def test_quiet_and_named(platform: str, capfd: pytest.CaptureFixture[str]) -> None:
    devices_of.cache_clear()
    report = on(platform, jnp.sin, 1.0)
    assert report.compiled.text
    assert capfd.readouterr() == ("", "")
    assert report.environment["target"] == PLATFORMS[platform]
    assert report.environment["compiler"].split()[0] in ("libtpu", "jax-cuda13-pjrt")


@pytest.mark.parametrize("platform", BOTH)
def test_one_trace_and_one_program_for_each_target(platform: str) -> None:
    runs: list[Any] = []

    def counted(x: Any) -> Any:
        runs.append(x)
        return jnp.sin(x)

    report = measure(counted, (BLOCK,))
    other = report.on(PLATFORMS[platform])
    assert {other.compiled.opcodes["sine"], report.compiled.opcodes["sine"]} == {1}
    assert other.compiled.text != report.compiled.text
    assert other.on(PLATFORMS[platform]).compiled.text is not None
    assert len(runs) == 1


@pytest.mark.tpu
def test_only_the_tpu_estimates_its_time() -> None:
    report = on("tpu", lambda x: x @ x, BLOCK)
    assert 0 < report.compiled.optimal_seconds < 1
    assert report.on("cpu").compiled.optimal_seconds is None


@pytest.mark.tpu
def test_a_topology_that_there_is_not() -> None:
    with pytest.raises(TargetError, match=r"^libtpu does not know tpu:v5e:3x5: ") as error:
        measure(jnp.sin, (1.0,), target="tpu:v5e:3x5").check(compiled={"max_temp_bytes": 0})
    assert "jaxcost: while compiling sin(1.0) for tpu:v5e:3x5" in error.value.__notes__


@pytest.mark.tpu
def test_more_devices_than_the_topology_has() -> None:
    sharding = NamedSharding(AbstractMesh((8,), ("x",)), P("x"))
    x = jax.ShapeDtypeStruct((8,), jnp.float32, sharding=sharding)
    with pytest.raises(TargetError) as error:
        on("tpu", jnp.sin, x).check(compiled={"max_temp_bytes": 0})
    assert str(error.value) == "the program is sharded over 8 devices and tpu:v5e:2x2 has 4"
    on("tpu", jnp.sin, x).on("tpu:v5e:2x4").check(compiled={"max_collectives": {"all-gather": 0}})


@pytest.mark.tpu
def test_what_libtpu_alone_knows() -> None:
    assert str(parse("tpu:v5 lite:2x2")) == "tpu:v5 lite:2x2"


@pytest.mark.cuda
def test_two_hosts_of_gpus() -> None:
    assert len(devices_of(parse("cuda:h100"), 16)) == 16


@pytest.mark.cuda
def test_a_gpu_of_the_users_own(tmp_path: Path) -> None:
    mine, wrong = tmp_path / "mine.txtpb", tmp_path / "wrong.txtpb"
    text = parse("cuda:h100").description
    mine.write_text(text.replace("core_count: 132", "core_count: 66"), encoding="utf-8")
    wrong.write_text(text.replace("core_count", "coer_count"), encoding="utf-8")
    report = measure(jnp.sin, (1.0,), target=f"cuda:{mine}")
    assert report.compiled.opcodes["sine"] == 1
    with pytest.raises(TargetError) as error:
        report.on(f"cuda:{wrong}").check(compiled={"max_temp_bytes": 0})
    assert str(error.value).startswith(f"the CUDA plugin does not accept cuda:{wrong}: ")
    assert 'no field named "coer_count"' in "".join(error.value.__notes__)


@pytest.mark.parametrize("platform", BOTH)
@pytest.mark.parametrize("before", ["", "jax.numpy.ones(3)"])
def test_a_process_that_does_not_say_which_platform_it_runs_on(platform: str, before: str) -> None:
    program = f"""
import jax
from pytest_jaxcost import measure
{before}
report = measure(jax.numpy.sin, (1.0,), target="{PLATFORMS[platform]}")
assert report.compiled.opcodes["sine"] == 1
"""
    environment = {name: text for name, text in os.environ.items() if name != "JAX_PLATFORMS"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
