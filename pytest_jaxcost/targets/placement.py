"""A traced program lowered for the devices of a target, with the shardings it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import AbstractMesh, Mesh, NamedSharding, Sharding, SingleDeviceSharding

from pytest_jaxcost import _compat

from .devices import devices_of
from .names import Target

__tracebackhide__ = True


def lower(traced: Any, target: Target) -> Any:
    """The ``jax.stages.Lowered`` of a ``jax.stages.Traced`` on the devices of `target`.

    A program without shardings goes to the first device. The devices of a mesh become those of
    the target in their order, and so does a ``jax.sharding.AbstractMesh``, which has none.

    Raises:
        MissingCompilerError: the target's compiler is not installed.
        TargetError: the target has fewer devices than the program is sharded over.
    """
    sources = _Sources()
    _compat.on_devices(traced, sources)
    devices = devices_of(target, max(sources.count, 1))
    moved = _compat.on_devices(traced, _Placement(tuple(sources.devices), devices))
    with jax.default_device(devices[0]):
        return moved.lower()


class _Sources:
    """Collects the devices that a program is sharded over; a mesh's in their order.

    One that the program merely copies to (``jax.device_put``) is none of them.
    """

    def __init__(self) -> None:
        self.devices: dict[Any, None] = {}
        self._abstract = 0

    @property
    def count(self) -> int:
        return max(len(self.devices), self._abstract)

    def __call__(self, where: Any) -> Any:
        """What was given; only looked at."""
        mesh = where.mesh if isinstance(where, NamedSharding) else where
        if isinstance(mesh, AbstractMesh):
            self._abstract = max(self._abstract, mesh.size)
        elif isinstance(mesh, Mesh):
            self.devices.update({} if mesh.empty else dict.fromkeys(mesh.devices.flat))
        elif isinstance(mesh, Sharding) and not isinstance(mesh, SingleDeviceSharding):
            devices: list[Any] = list(mesh.device_set)
            self.devices.update(dict.fromkeys(sorted(devices, key=lambda each: each.id)))
        return where


class _Placement:
    """What stands for each sharding, mesh and device of a program on the target's devices."""

    def __init__(self, sources: Sequence[Any], devices: Sequence[Any]) -> None:
        self._devices = devices
        self._of = dict(zip(sources, devices, strict=False))

    def __call__(self, where: Any) -> Any:
        """The same on the target."""
        match where:
            case Mesh():
                return self._mesh(where)
            case AbstractMesh():
                return where if where.empty else self._abstract_mesh(where).abstract_mesh
            case NamedSharding(mesh=AbstractMesh() as mesh):
                return NamedSharding(self._abstract_mesh(mesh), where.spec)
            case NamedSharding(mesh=Mesh() as mesh):
                return NamedSharding(self._mesh(mesh), where.spec, **_memory(where))
            case SingleDeviceSharding():
                (device,) = where.device_set
                return SingleDeviceSharding(self._device(device), **_memory(where))
            case Sharding():
                return _compat.sharding_on(where, self._of)
            case _:
                return self._device(where)

    def _device(self, device: Any) -> Any:
        return self._of.get(device, self._devices[0])

    def _mesh(self, mesh: Mesh) -> Mesh:
        if mesh.empty:
            return mesh
        devices = np.array([self._of[each] for each in mesh.devices.flat], dtype=object)
        devices = devices.reshape(mesh.devices.shape)
        return Mesh(devices, mesh.axis_names, axis_types=mesh.axis_types)

    def _abstract_mesh(self, mesh: AbstractMesh) -> Mesh:
        devices = np.array(self._devices[: mesh.size], dtype=object).reshape(mesh.axis_sizes)
        return Mesh(devices, mesh.axis_names, axis_types=mesh.axis_types)


def _memory(sharding: Any) -> dict[str, str]:
    """The memory that a sharding asks for, if it is not its device's own."""
    device = next(iter(sharding.device_set))
    kind = sharding.memory_kind
    return {} if kind in (None, device.default_memory().kind) else {"memory_kind": kind}
