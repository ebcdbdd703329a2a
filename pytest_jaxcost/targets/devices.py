"""The devices of a target, there or not. JAX keeps a client for each: they are made once."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import jax
from jax.experimental import topologies

from .compilers import COMPILERS, installed_compiler
from .errors import TargetError
from .names import Target
from .noise import noise_kept_out

__tracebackhide__ = True

GPUS_OF_A_HOST = 8

LOADING = {
    # libtpu asks the cloud what machine this is, and lets one process at a time have the TPU
    **{"TPU_SKIP_MDS_QUERY": "1", "ALLOW_MULTIPLE_LIBTPU_LOAD": "1"},
    # the CUDA plugin wants the libraries that compiling alone does without
    "JAX_SKIP_CUDA_CONSTRAINTS_CHECK": "1",
}


@lru_cache
def devices_of(target: Target, count: int = 1) -> tuple[Any, ...]:
    """The devices of `target` in its own order, `count` of them at least.

    Raises:
        MissingCompilerError: its compiler is not installed.
        TargetError: its compiler knows no such device, or it has less than `count`.
    """
    installed_compiler(target)
    found = _DEVICES[target.platform](target, count)
    if len(found) < count:
        raise TargetError(
            f"the program is sharded over {count} devices and {target} has {len(found)}"
        )
    return found


def topology_is_known(target: Target) -> bool:
    """Whether the installed libtpu, if there is one, knows a topology."""
    try:
        return bool(devices_of(target))
    except TargetError:
        return False


def _tpu(target: Target) -> tuple[Any, ...]:
    with _loading(), noise_kept_out():
        try:
            topology = topologies.get_topology_desc(target.device, platform="tpu")
        except jax.errors.JaxRuntimeError as error:
            raise TargetError(f"libtpu does not know {target}: {error}") from error
    return tuple(topology.devices)


def _cuda(target: Target, count: int) -> tuple[Any, ...]:
    here = min(count, GPUS_OF_A_HOST)
    options = {
        "target_config": target.description,
        "topology": f"1x{-(-count // here)}x{here}",  # partitions x hosts x devices
    }
    with _loading(), noise_kept_out():
        try:
            topology = _cuda_topology(target, options)
        except NotImplementedError as error:
            raise TargetError(
                f"the CUDA plugin of JAX {jax.__version__} cannot compile for {target}, which is "
                "not there; from JAX 0.10.2 it can"
            ) from error
        except (jax.errors.JaxRuntimeError, ValueError) as error:
            raise TargetError(f"the CUDA plugin does not accept {target}: {error}") from error
    return tuple(topology.devices)


def _cuda_topology(target: Target, options: dict[str, str]) -> Any:
    get = partial(topologies.get_topology_desc, target.device, platform="cuda", **options)
    try:
        return get()
    except NotImplementedError:
        # JAX looks for plugins once, when it runs first: without its libraries this one refused.
        importlib.import_module(str(COMPILERS["cuda"].module)).initialize()
        return get()


@contextmanager
def _loading() -> Iterator[None]:
    """Environment variables that compilers read while they are loaded, put back afterwards."""
    before = {name: os.environ.get(name) for name in LOADING}
    os.environ.update(LOADING)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


_DEVICES: dict[str, Callable[[Target, int], tuple[Any, ...]]] = {
    "cpu": lambda target, count: tuple(jax.devices("cpu")),
    "tpu": lambda target, count: _tpu(target),
    "cuda": _cuda,
}
