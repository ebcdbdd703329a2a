"""What captured arrays hold, where that can be read."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np


def content_of(value: Any) -> Any | None:
    """The content of an array as a NumPy array, or None where it cannot be read.

    It cannot be of PRNG keys, of references, of tracers whose trace is over, of arrays that were
    donated or deleted, and of arrays that lie partly on other hosts' devices.
    """
    if isinstance(value, jax.core.Tracer) or not hasattr(value, "__array__"):
        return None
    if not isinstance(value.dtype, np.dtype):
        return None
    if isinstance(value, jax.Array) and (value.is_deleted() or not value.is_fully_addressable):
        return None
    return np.asarray(value)
