"""What is said where a target's compiler is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import MissingCompilerError, TargetError, measure
from pytest_jaxcost.targets import compilers
from pytest_jaxcost.targets.devices import devices_of

JAX = metadata.version("jax")
COMMANDS = {
    "tpu:v5e:2x2": f'libtpu is not installed\n  pip install "jax[tpu]=={JAX}"\n',
    "cuda:h100": f'JAX\'s CUDA plugin is not installed\n  pip install "jax[cuda13-local]=={JAX}"\n',
}


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(compilers, "_is_there", lambda module: False)
    devices_of.cache_clear()
    yield
    devices_of.cache_clear()


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize("target", COMMANDS)
def test_one_error_with_the_command(target: str) -> None:
    report = measure(jnp.sin, (1.0,), target=target)
    with pytest.raises(MissingCompilerError) as error:
        report.check(compiled={"max_temp_bytes": 0})
    assert isinstance(error.value, TargetError)
    assert str(error.value) == (
        f"jaxcost cannot compile for {target}: {COMMANDS[target]}"
        "installs the compiler alone: the device and its drivers need not be there"
    )


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize("target", COMMANDS)
def test_traced_limits_need_no_compiler(target: str) -> None:
    report = measure(jnp.sin, (1.0,), target=target).check(max_transcendentals=1)
    assert report.environment["target"] == target
    assert "compiler" not in report.environment


def test_the_extras_that_messages_name_are_jax_s() -> None:
    extras = metadata.metadata("jax").get_all("Provides-Extra") or []
    assert {each.extra for each in compilers.COMPILERS.values()} <= set(extras)


def test_the_cpu_needs_none() -> None:
    assert list(devices_of(compilers.Target(platform="cpu"))) == jax.devices("cpu")
