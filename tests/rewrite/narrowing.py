"""Programs with work on zeros left out: what they compute and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pytest_jaxcost.cost.price import price
from pytest_jaxcost.cost.rules.elementwise import TRANSCENDENTAL
from pytest_jaxcost.flow.live import live_values
from pytest_jaxcost.ir.equation import Inlined
from pytest_jaxcost.ir.inline import inline
from pytest_jaxcost.rewrite.edits import Edit
from pytest_jaxcost.rewrite.rewriting import rewrite
from tests.laws.evaluate import bits, evaluate

BY_SHAPE = frozenset(
    {
        *("dot_general", "conv_general_dilated", "reduce_sum", "cumsum"),
        *TRANSCENDENTAL,
        *("integer_pow", "pow", "logistic"),
    }
)
"""Primitives whose last bits depend on the shape: on the order in which as many products are added
as there are, or on whether an element is computed in a vector register or after the last one."""


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


def work_of(function: Any, args: Sequence[Any]) -> tuple[int, int]:
    return work(inline(jax.make_jaxpr(function)(*args)))


def rewritten(program: Inlined, edits: Sequence[Edit]) -> Inlined:
    found = rewrite(program, edits)
    assert not found.refused
    return found.program


def require_same(program: Inlined, edited: Inlined, args: Sequence[Any], *, exactly: bool) -> None:
    """Both compute the same bits, or nearly the same numbers; the sign of a zero does not count."""
    before, after = evaluate(program, args).results, evaluate(edited, args).results
    for one, other in zip(before, after, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        if exactly:
            assert unsigned(one) == unsigned(other)
        else:
            assert np.allclose(one, other, rtol=1e-4, atol=1e-5)


def unsigned(array: Any) -> tuple[str, tuple[int, ...], bytes]:
    """The bits of an array in which zero has one sign."""
    content = np.asarray(array)
    return bits(content + np.zeros((), content.dtype) if content.dtype.kind in "fc" else content)


def random(avals: Sequence[Any]) -> list[Any]:
    """Arrays of no special numbers."""
    rng = np.random.default_rng(0)
    return [jnp.asarray(rng.uniform(0.2, 0.9, aval.shape), aval.dtype) for aval in avals]
