"""Reductions over whole axes, over sliding windows and over prefixes.

What combines two values runs as often as a formula says: a sum takes a flop each time, another
reduction what its jaxpr costs. XLA is asked about the order of complex numbers, which have none.
"""

from __future__ import annotations

from math import prod
from typing import Any

from pytest_jaxcost.cost import lowering
from pytest_jaxcost.cost.body import price_body
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, touching
from pytest_jaxcost.formulas.reductions import prefixes, reduction, windows

ARGMAX_FLOPS = 7
"""Compare values; same value, smaller index, and; or; select the value, select the index."""
NAN_FLOPS = 2
"""Is it NaN; or."""

BY_ONE_FLOP = frozenset({"cumsum", "cumprod", "cummax", "cummin"})


@rule("reduce_sum", "reduce_prod", "reduce_and", "reduce_or", "reduce_xor")
def reduce_by_one_flop(eqn: Any) -> Cost:
    """One flop a combination."""
    return touching(eqn, _combinations(eqn))


@rule("reduce_max", "reduce_min")
def reduce_extremum(eqn: Any) -> Cost | None:
    """One flop a combination of real numbers."""
    return None if _is_complex(eqn) else reduce_by_one_flop(eqn)


@rule("argmax", "argmin")
def argmax(eqn: Any) -> Cost:
    """Seven flops a combination of two values and their indices; nine where there may be NaNs."""
    has_nan = eqn.invars[0].aval.dtype.kind not in "iub"
    return touching(eqn, (ARGMAX_FLOPS + NAN_FLOPS * has_nan) * _combinations(eqn))


@rule("reduce")
def reduce(eqn: Any) -> Cost | None:
    """The computation of the reduction, once a combination."""
    return _repeated(eqn, _combinations(eqn))


@rule("reduce_window_sum", "reduce_window_max", "reduce_window_min")
def reduce_window_by_one_flop(eqn: Any) -> Cost:
    """One flop a combination."""
    return touching(eqn, _in_windows(eqn, eqn.outvars[0]))


@rule("reduce_window")
def reduce_window(eqn: Any) -> Cost | None:
    """The computation of the reduction, once a combination."""
    return _repeated(eqn, _in_windows(eqn, eqn.outvars[0]))


@rule("select_and_scatter_add")
def select_and_scatter_add(eqn: Any) -> Cost:
    """A comparison a combination, and one addition for each source."""
    source = eqn.invars[0]
    return touching(eqn, _in_windows(eqn, source) + elements(source.aval))


@rule("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")
def cumulative(eqn: Any) -> Cost | None:
    """The combination of two values is what XLA counts for a line of two, halved."""
    combination = _combination(eqn)
    if combination is None:
        return None
    aval = eqn.invars[0].aval
    n = prefixes(elements(aval), aval.shape[eqn.params["axis"]])
    flops, transcendentals = combination
    return touching(eqn, flops * n, transcendentals * n)


def _combination(eqn: Any) -> tuple[int, int] | None:
    if eqn.primitive.name in BY_ONE_FLOP and not _is_complex(eqn):
        return 1, 0
    answer = lowering.ask(eqn, ((2,),), axis=0)
    return answer.counts and (answer.counts[0] // 2, answer.counts[1] // 2)


def _combinations(eqn: Any) -> int:
    return reduction(prod(eqn.invars[0].aval.shape), prod(eqn.outvars[0].aval.shape))


def _in_windows(eqn: Any, placed: Any) -> int:
    return windows(elements(placed.aval), eqn.params["window_dimensions"])


def _repeated(eqn: Any, count: int) -> Cost | None:
    body = price_body(eqn.params["jaxpr"])
    return body and touching(eqn, body.flops * count, body.transcendentals * count)


def _is_complex(eqn: Any) -> bool:
    return bool(eqn.invars[0].aval.dtype.kind == "c")
