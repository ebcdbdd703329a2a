"""Zeros that are added up, multiplied or compared along axes."""

from __future__ import annotations

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import Known, Pattern, nothing, pattern
from pytest_jaxcost.flow.zeros.registry import ZeroStep, zero_rule
from pytest_jaxcost.flow.zeros.rules.elementwise import without_ones
from pytest_jaxcost.flow.zeros.spans import Spans


@zero_rule("reduce_sum", "reduce_or", "reduce_max", "reduce_min", "reduce_and", "reduce_xor")
def reduce_sum(step: ZeroStep) -> tuple[Known]:
    """Zero where all that is reduced is zero."""
    known, shape = step.pattern(0), step.shape(0)
    if known is None or 0 in shape:
        return (None,)
    if known.zero:
        return (known,)
    axes = {int(axis) for axis in step.eqn.params["axes"]}
    kept = [k for k in range(len(shape)) if k not in axes]
    ties = [
        tie._replace(coefs=tuple(tie.coefs[k] for k in kept))
        for tie in known.ties
        if not any(tie.coefs[k] for k in axes)
    ]
    return (pattern(step.out_shape, [known.spans[k] for k in kept], ties, known.origin),)


@zero_rule("cumsum", "cummax", "cummin")
def cumsum(step: ZeroStep) -> tuple[Known]:
    """Zero before the first element that may be nonzero; its axis is not tied to others then."""
    known, shape = step.pattern(0), step.out_shape
    if known is None or known.zero:
        return (known,)
    axis = step.eqn.params["axis"]
    first, last = sets.hull(known.spans[axis])
    after: Spans = ((0, last),) if step.eqn.params["reverse"] else ((first, shape[axis]),)
    return (_with_axis(known, shape, axis, after),)


@zero_rule("cumprod")
def cumprod(step: ZeroStep) -> tuple[Known]:
    """Zero wherever a factor is."""
    return (without_ones(step.pattern(0)),)


@zero_rule("sort")
def sort(step: ZeroStep) -> list[Known]:
    """Each operand along one axis in another order."""
    axis, shape = step.eqn.params["dimension"], step.out_shape
    patterns = [step.pattern(k) for k in range(len(step.known))]
    whole = sets.whole(shape[axis]) if shape else ()
    return [p if p is None or p.zero else _with_axis(p, shape, axis, whole) for p in patterns]


@zero_rule("fft")
def fft(step: ZeroStep) -> tuple[Known]:
    """The axes that are not transformed keep their zeros."""
    known, shape, to = step.pattern(0), step.shape(0), step.out_shape
    if known is None or known.zero:
        return (known,)
    kept = len(shape) - len(step.eqn.params["fft_lengths"])
    spans = [*known.spans[:kept], *map(sets.whole, to[kept:])]
    ties = [tie for tie in known.ties if not any(tie.coefs[kept:])]
    return (pattern(to, spans, ties, known.origin),)


@zero_rule("reduce_window_sum", "reduce_window_max", "reduce_window_min", "select_and_scatter_add")
def windows(step: ZeroStep) -> tuple[Known]:
    """Zero if all of the first operand is."""
    known = step.pattern(0)
    return (nothing(known.origin) if known is not None and known.zero else None,)


def _with_axis(known: Pattern, shape: tuple[int, ...], axis: int, span: Spans) -> Pattern | None:
    spans = [span if k == axis else each for k, each in enumerate(known.spans)]
    ties = [tie for tie in known.ties if not tie.coefs[axis]]
    return pattern(shape, spans, ties, known.origin)
