"""What to compile for: names of targets, their compilers, and their devices.

A TPU or a GPU need not be there: its compiler runs anywhere. Names are read without JAX.
"""

from __future__ import annotations

from .errors import MissingCompilerError, TargetError
from .names import Target, parse

__all__ = ["MissingCompilerError", "Target", "TargetError", "is_native", "parse"]


def is_native(target: Target) -> bool:
    """Whether JAX runs on the target by itself, so that arguments stay where they are."""
    import jax

    return target.platform == "cpu" == jax.default_backend()
