"""Fourier transforms."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, touching
from pytest_jaxcost.formulas import reductions


@rule("fft")
def fft(eqn: Any) -> Cost:
    """The butterflies along each axis."""
    return touching(eqn, reductions.fft(elements(eqn.invars[0].aval), eqn.params["fft_lengths"]))
