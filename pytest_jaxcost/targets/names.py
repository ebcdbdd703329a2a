"""The names of targets: ``cpu``, ``tpu:v5e:2x2``, ``cuda:h100``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pytest_jaxcost.report.errors import LimitError
from pytest_jaxcost.report.suggest import did_you_mean

PLATFORMS = ("cpu", "tpu", "cuda")
TPUS = ("v2", "v3", "v4", "v5e", "v5p", "v6e", "tpu7x")
GPUS = ("a100", "h100", "h200", "b200")
SHORT = {
    **{name: f"cuda:{name}" for name in GPUS},
    **{name: f"tpu:{name}:2x2" for name in TPUS},
    "gpu": "cuda:h100",
    "nvidia": "cuda:h100",
}
"""What devices are called without their platform, and the whole name of one."""

ACCEPTED = (
    "accepted are 'cpu', 'tpu:<chip>:<topology>' as in 'tpu:v5e:2x2', and 'cuda:<name>' of "
    f"{', '.join(GPUS)} or with the path of a GpuTargetConfigProto in text form"
)

_TOPOLOGY = re.compile(r"(?P<chip>[^:]+):(?P<shape>[1-9]\d*(?:x[1-9]\d*){1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A platform of JAX's, and which devices of it: ``v5e:2x2``, ``h100`` or a path."""

    platform: str
    device: str = ""

    def __str__(self) -> str:
        return f"{self.platform}:{self.device}" if self.device else self.platform

    @property
    def description(self) -> str:
        """The ``GpuTargetConfigProto`` of a GPU, in text form."""
        if self.device in GPUS:
            home = resources.files("pytest_jaxcost.targets") / "descriptions"
            return (home / f"{self.device}.txtpb").read_text(encoding="utf-8")
        return Path(self.device).read_text(encoding="utf-8")


def parse(written: Any) -> Target:
    """The target of a name.

    Raises:
        LimitError: it names none; the message says what was read and what is accepted.
    """
    if not isinstance(written, str) or not written.strip():
        raise LimitError(f"target={written!r}: not the name of a target, such as 'cpu'; {ACCEPTED}")
    platform, _, device = written.strip().partition(":")
    if platform not in PLATFORMS:
        raise LimitError(f"target={written!r}: no target is named so{_near(platform)} {ACCEPTED}")
    _CHECKS[platform](written, device)
    return Target(platform=platform, device=device)


def _near(name: str) -> str:
    """What may have been meant by a platform that there is not."""
    full = SHORT.get(name.lower())
    return f"; did you mean {full!r}?" if full else did_you_mean(name, PLATFORMS) or ";"


def _check_cpu(written: str, device: str) -> None:
    if device:
        raise LimitError(f"target={written!r}: the CPU is this machine's; write 'cpu'")


def _check_tpu(written: str, device: str) -> None:
    topology = _TOPOLOGY.fullmatch(device)
    chip = topology["chip"] if topology else device.partition(":")[0]
    if chip not in TPUS and not (topology and _known_to_libtpu(device)):
        near = did_you_mean(chip, TPUS) or "."
        raise LimitError(
            f"target={written!r}: no TPU is named {chip!r}{near} There are {', '.join(TPUS)}, "
            "and what the installed libtpu knows"
        )
    if topology is None:
        raise LimitError(
            f"target={written!r}: not 'tpu:<chip>:<topology>'; write how the chips are laid out, "
            f"as in 'tpu:{chip}:2x2'"
        )


def _known_to_libtpu(device: str) -> bool:
    from .devices import topology_is_known

    return topology_is_known(Target(platform="tpu", device=device))


def _check_cuda(written: str, device: str) -> None:
    if device in GPUS:
        return
    if not Path(device).is_file():
        near = did_you_mean(device, GPUS) or "."
        raise LimitError(
            f"target={written!r}: no GPU is named {device!r}, and there is no such file{near} "
            f"There are {', '.join(GPUS)}, or the path of a GpuTargetConfigProto in text form"
        )
    if "gpu_device_info" not in Path(device).read_text(encoding="utf-8", errors="replace"):
        raise LimitError(
            f"target={written!r}: the file is no GpuTargetConfigProto in text form: it has no "
            "gpu_device_info"
        )


_CHECKS: dict[str, Callable[[str, str], None]] = {
    "cpu": _check_cpu,
    "tpu": _check_tpu,
    "cuda": _check_cuda,
}
