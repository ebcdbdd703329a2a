"""Running and pricing an inlined program with something in the place of some of its equations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pytest_jaxcost.cost.price import price
from pytest_jaxcost.flow.live import live_values
from pytest_jaxcost.ir.equation import Equation, Inlined
from pytest_jaxcost.ir.inline import inline
from pytest_jaxcost.rewrite.narrow_edit import Instead
from tests.laws.evaluate import _Evaluation, bits

Placed = Mapping[int, Instead]
"""What stands in place of which equation, by the equation's ``id``."""


class Rewritten(_Evaluation):
    def __init__(self, program: Inlined, placed: Placed) -> None:
        super().__init__(program, frozenset(), lambda equation, context: None)
        self.placed = placed

    def bind(self, equation: Equation) -> None:
        instead = self.placed.get(id(equation))
        if instead is None:
            super().bind(equation)
            return
        outputs = instead.function(*map(self.read, instead.inputs))
        for value, output in zip(equation.outputs, outputs, strict=True):
            aval = self.program.avals[value]
            assert (output.shape, output.dtype) == (aval.shape, aval.dtype)
            self.write(value, output)


def run(program: Inlined, placed: Placed, args: Sequence[Any]) -> tuple[Any, ...]:
    return Rewritten(program, placed).run(args).results


def bits_but_for_signs_of_zeros(array: Any) -> tuple[str, tuple[int, ...], bytes]:
    content = np.asarray(array)
    return bits(content + np.zeros((), content.dtype) if content.dtype.kind in "fc" else content)


def work(program: Inlined) -> tuple[int, int]:
    """The flops and the transcendentals of what is live."""
    live, flops, transcendentals = live_values(program), 0, 0
    for region, equation in program.walk():
        if equation.control is None and any(live[value] for value in equation.outputs):
            cost = price(equation.eqn)
            assert cost is not None
            flops += cost.flops * region.weight
            transcendentals += cost.transcendentals * region.weight
    return flops, transcendentals


def work_with(program: Inlined, placed: Placed) -> tuple[int, int]:
    """The same of the program with its loops unrolled and with what stands in the places."""
    avals = [program.avals[value] for value in program.inputs]
    args = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in avals]
    return work(inline(jax.make_jaxpr(lambda *args: run(program, placed, args))(*args)))


def random(avals: Sequence[Any], seed: int = 0) -> list[Any]:
    """Arrays of no special numbers."""
    rng = np.random.default_rng(seed)
    return [jnp.asarray(_filled(rng, aval)) for aval in avals]


def _filled(rng: np.random.Generator, aval: Any) -> Any:
    if aval.dtype.kind in "iu":
        return rng.integers(0, 3, aval.shape).astype(aval.dtype)
    if aval.dtype.kind == "b":
        return rng.random(aval.shape) < 0.5
    return rng.uniform(0.2, 0.9, aval.shape).astype(aval.dtype)
