"""Reads and writes of mutable references."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, moving, nbytes, result_bytes


@rule("get", "load", "masked_load")
def read(eqn: Any) -> Cost:
    """No work: what is produced is read and written, as by a slice."""
    return moving(2 * result_bytes(eqn))


@rule("swap", "masked_swap")
def write(eqn: Any) -> Cost:
    """No work: what is stored is read and written, as by a dynamic update."""
    return moving(2 * nbytes(eqn.invars[1].aval))


@rule("addupdate", "accum_grad_in_ref")
def accumulate(eqn: Any) -> Cost:
    """One flop for each element that is added; it, the old and the new value are touched."""
    update = eqn.invars[1].aval
    return Cost(flops=elements(update), transcendentals=0, bytes_accessed=3 * nbytes(update))
