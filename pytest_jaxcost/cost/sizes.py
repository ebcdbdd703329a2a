"""Elements and bytes of what an equation reads and writes.

``aval.size`` is a property that costs half a microsecond; these are called for every equation.
"""

from __future__ import annotations

from math import prod
from typing import Any

from pytest_jaxcost.cost.record import Cost


def elements(aval: Any) -> int:
    """The number of elements of an array; 0 for a token."""
    return prod(aval.shape) if hasattr(aval, "shape") else 0


def nbytes(aval: Any) -> int:
    """The bytes of an array; of the base array for PRNG keys; 0 for a token."""
    return prod(aval.shape) * aval.dtype.itemsize if hasattr(aval, "dtype") else 0


def result_bytes(eqn: Any) -> int:
    """The bytes that an equation writes."""
    return sum([nbytes(v.aval) for v in eqn.outvars])


def touching(eqn: Any, flops: int = 0, transcendentals: int = 0) -> Cost:
    """The cost of so much work that reads all operands and writes all results."""
    total = 0
    for v in eqn.invars:
        aval = v.aval
        if hasattr(aval, "dtype"):
            total += prod(aval.shape) * aval.dtype.itemsize
    for v in eqn.outvars:
        aval = v.aval
        if hasattr(aval, "dtype"):
            total += prod(aval.shape) * aval.dtype.itemsize
    return Cost(flops=flops, transcendentals=transcendentals, bytes_accessed=total)


def moving(n: int) -> Cost:
    """The cost of so many bytes read and written, and no work."""
    return Cost(flops=0, transcendentals=0, bytes_accessed=n)
