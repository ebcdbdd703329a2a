"""The packages that compile for devices that are not there."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec

from .errors import MissingCompilerError
from .names import Target

__tracebackhide__ = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """A compiler by the modules that may hold it, and JAX's extra that installs it.

    ``modules`` maps each module to the distribution that it comes from.
    """

    name: str
    modules: dict[str, str]
    extra: str

    @property
    def installed(self) -> str | None:
        """The distribution that is installed and its version, or None."""
        if self.module is None:
            return None
        distribution = self.modules[self.module]
        return f"{distribution} {metadata.version(distribution)}"

    @property
    def module(self) -> str | None:
        """The module that is installed, or None."""
        return next(filter(_is_there, self.modules), None)

    @property
    def command(self) -> str:
        """What installs it in the version that fits the JAX in use."""
        return f'pip install "jax[{self.extra}]=={metadata.version("jax")}"'


COMPILERS = {
    "tpu": Compiler(name="libtpu", modules={"libtpu": "libtpu"}, extra="tpu"),
    "cuda": Compiler(
        name="JAX's CUDA plugin",
        modules={
            "jax_plugins.xla_cuda13": "jax-cuda13-pjrt",
            "jax_plugins.xla_cuda12": "jax-cuda12-pjrt",
        },
        extra="cuda13-local",
    ),
}


def installed_compiler(target: Target) -> str | None:
    """The package that compiles for `target` and its version; None for the CPU, which is jaxlib's.

    Raises:
        MissingCompilerError: it is not installed; the message has the command that installs it.
    """
    compiler = COMPILERS.get(target.platform)
    if compiler is None:
        return None
    installed = compiler.installed
    if installed is None:
        raise MissingCompilerError(
            f"jaxcost cannot compile for {target}: {compiler.name} is not installed\n"
            f"  {compiler.command}\n"
            "installs the compiler alone: the device and its drivers need not be there"
        )
    return installed


def _is_there(module: str) -> bool:
    parent = module.rpartition(".")[0]
    return (not parent or find_spec(parent) is not None) and find_spec(module) is not None
