"""Why a program cannot be compiled for a target."""

from __future__ import annotations


class TargetError(RuntimeError):
    """A target that a program cannot be compiled for: no compiler, too few devices."""

    __module__ = "pytest_jaxcost"


class MissingCompilerError(TargetError):
    """The package with the target's compiler is not installed."""

    __module__ = "pytest_jaxcost"
