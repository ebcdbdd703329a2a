"""Devices that need not be there: what to compile for."""

from __future__ import annotations

import jax

from pytest_jaxcost.targets import parse
from pytest_jaxcost.targets.devices import devices_of as devices_of_target

TARGETS = {"tpu": "tpu:v5e:2x2", "cuda": "cuda:h100"}


def devices_of(backend: str) -> list[jax.Device]:
    """Return four devices of the backend, there or not; all of the CPU's."""
    if backend == "cpu":
        return jax.devices()
    return list(devices_of_target(parse(TARGETS[backend]), 4))
