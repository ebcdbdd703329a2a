"""Python's cycle collector, and work that should not wait for it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def without_collection(method: Callable[P, T]) -> Callable[P, T]:
    """A decorator for what makes many records and no cycles.

    Python's collector would answer each batch of records by walking the whole heap of JAX again.
    """

    @wraps(method)
    def uninterrupted(*args: P.args, **kwargs: P.kwargs) -> T:
        __tracebackhide__ = True
        enabled = gc.isenabled()
        gc.disable()
        try:
            return method(*args, **kwargs)
        finally:
            if enabled:
                gc.enable()

    return uninterrupted
