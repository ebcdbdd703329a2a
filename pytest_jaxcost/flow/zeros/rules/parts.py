"""Parts of arrays, and arrays put together: slices, splits, padding, concatenation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.depth import depth
from pytest_jaxcost.flow.zeros.pattern import (
    Index,
    Kind,
    Known,
    Pattern,
    Shape,
    Tie,
    ZeroOrigin,
    join,
    pattern,
)
from pytest_jaxcost.flow.zeros.registry import ZeroStep, zero_rule
from pytest_jaxcost.flow.zeros.spans import Spans


@zero_rule("slice")
def slice_(step: ZeroStep) -> tuple[Known]:
    """A part of each axis."""
    params = step.eqn.params
    starts, limits = params["start_indices"], params["limit_indices"]
    strides = params["strides"] or (1,) * len(starts)
    return (part(step, step.known[0], starts, limits, strides, step.out_shape),)


@zero_rule("split")
def split(step: ZeroStep) -> list[Known]:
    """The parts of one axis, one result each."""
    axis, shape = step.eqn.params["axis"], step.shape(0)
    parts: list[Known] = []
    start = 0
    for var in step.eqn.outvars:
        starts, limits = [0] * len(shape), list(shape)
        starts[axis], limits[axis] = start, start + var.aval.shape[axis]
        start = limits[axis]
        parts.append(part(step, step.known[0], starts, limits, (1,) * len(shape), var.aval.shape))
    return parts


@zero_rule("unstack")
def unstack(step: ZeroStep) -> list[Known]:
    """The positions of one axis, one result each, without that axis."""
    axis, shape = step.eqn.params["axis"], step.shape(0)
    parts: list[Known] = []
    for k, _ in enumerate(step.eqn.outvars):
        starts, limits = [0] * len(shape), list(shape)
        starts[axis], limits[axis] = k, k + 1
        to = [1 if d == axis else n for d, n in enumerate(shape)]
        known = part(step, step.known[0], starts, limits, (1,) * len(shape), to)
        parts.append(without_axes(known, {axis}, to))
    return parts


def part(
    step: ZeroStep,
    known: Known,
    starts: Sequence[int],
    limits: Sequence[int],
    strides: Sequence[int],
    to: Shape,
) -> Known:
    """What is known of ``[starts:limits:strides]``.

    A part of a basis may be zero along other axes than the one that is cut: that tells the seeds of
    one argument from those of another. Inside the function that is differentiated, it does so where
    a vector is taken apart into arguments; else it is the sparsity of the function's own Jacobian,
    and nothing is concluded from it.
    """
    if known is None or (isinstance(known, Pattern) and known.zero):
        return known
    if isinstance(known, Index):
        offset = known.offset + sum(c * s for c, s in zip(known.coefs, starts, strict=True))
        return Index(tuple(c * s for c, s in zip(known.coefs, strides, strict=True)), offset)
    spans = list(map(sets.strided, known.spans, starts, limits, strides))
    ties = [
        Tie(
            tuple(c * s for c, s in zip(tie.coefs, strides, strict=True)),
            tie.offset - sum(c * s for c, s in zip(tie.coefs, starts, strict=True)),
        )
        for tie in known.ties
    ]
    is_own = bool(ties) and _is_inside(step, known)
    is_argument = is_own and step.slices is not None and step.slices.are_arguments(step.equation)
    if is_own and not is_argument:
        ties = [tie for tie in ties if not _is_cut(tie, known.spans, spans)]
    found = pattern(to, spans, ties, known.origin, ones=known.ones and len(ties) == len(known.ties))
    if found is None or known.origin.kind not in ("basis", "part", "slice"):
        return found
    narrower = found.zero or found.spans != tuple(spans)
    kind: Kind = "slice" if is_argument else "part"
    return found._replace(origin=ZeroOrigin(kind, step.equation)) if narrower else found


def _is_inside(step: ZeroStep, known: Pattern) -> bool:
    """Whether a basis is cut inside the function whose derivative it is pushed through."""
    maker = known.origin.equation
    return maker is not None and depth(step.equation) > depth(maker)


@zero_rule("pad")
def pad(step: ZeroStep) -> tuple[Known]:
    """Around and between the elements stand others: zeros, if the padding is zero."""
    known, padding, to = step.pattern(0), step.pattern(1), step.out_shape
    if padding is None or not padding.zero:
        return (None,)
    if known is not None and known.zero:
        return (known,)
    config = [tuple(map(int, each)) for each in step.eqn.params["padding_config"]]
    spans = known.spans if known is not None else tuple(map(sets.whole, step.shape(0)))
    padded = [
        sets.moved(sets.spread(span, inner + 1), low, n)
        for span, (low, _, inner), n in zip(spans, config, to, strict=True)
    ]
    ties = _padded_ties(known.ties, config) if known is not None else ()
    origin = known.origin if known is not None else ZeroOrigin("padding", step.equation)
    return (pattern(to, padded, ties, origin),)


@zero_rule("concatenate")
def concatenate(step: ZeroStep) -> tuple[Known]:
    """Arrays after one another along one axis."""
    axis, to = step.eqn.params["dimension"], step.out_shape
    placed: list[Pattern | None] = []
    start = 0
    for k in range(len(step.known)):
        known, shape = step.pattern(k), step.shape(k)
        placed.append(_placed_at(step, known, shape, axis, start, to))
        start += shape[axis]
    found = join(to, placed)
    if found is None or found.zero:
        return (found,)
    return (pattern(to, found.spans, found.ties, found.origin),)


def without_axes(known: Known, axes: set[int], shape: Shape) -> Known:
    """What is known when `axes`, of size 1 in `shape`, are dropped."""
    kept = [k for k in range(len(shape)) if k not in axes]
    if known is None or (isinstance(known, Pattern) and known.zero):
        return known
    if isinstance(known, Index):
        return Index(tuple(known.coefs[k] for k in kept), known.offset)
    ties = [Tie(tuple(tie.coefs[k] for k in kept), tie.offset) for tie in known.ties]
    spans = [known.spans[k] for k in kept]
    return pattern([shape[k] for k in kept], spans, ties, known.origin, ones=known.ones)


def uncut(known: Known, shape: Shape, to: Shape) -> Known:
    """What is known of axes that keep their size; of those that are cut, or joined, nothing is."""
    if known is None or (isinstance(known, Pattern) and known.zero):
        return known
    cut = {k for k, (n, m) in enumerate(zip(shape, to, strict=True)) if n != m}
    if isinstance(known, Index):
        return None if any(known.coefs[k] for k in cut) else known
    spans = [sets.whole(n) if k in cut else known.spans[k] for k, n in enumerate(to)]
    ties = [tie for tie in known.ties if not any(tie.coefs[k] for k in cut)]
    return pattern(to, spans, ties, known.origin, ones=known.ones and not cut)


def _is_cut(tie: Tie, before: Sequence[Spans], after: Sequence[Spans]) -> bool:
    return any(c and a != b for c, a, b in zip(tie.coefs, before, after, strict=True))


def _placed_at(
    step: ZeroStep, known: Pattern | None, shape: Shape, axis: int, start: int, to: Shape
) -> Pattern | None:
    if known is not None and known.zero:
        return known
    spans = list(known.spans) if known is not None else list(map(sets.whole, shape))
    spans[axis] = sets.moved(spans[axis], start, to[axis])
    ties = () if known is None else known.ties
    moved = [Tie(tie.coefs, tie.offset + tie.coefs[axis] * start) for tie in ties]
    origin = known.origin if known is not None else ZeroOrigin("padding", step.equation)
    return Pattern(tuple(spans), tuple(moved), origin)


def _padded_ties(ties: Iterable[Tie], config: Sequence[tuple[int, ...]]) -> list[Tie]:
    stretched = {k for k, (_, _, inner) in enumerate(config) if inner}
    lows = [low for low, _, _ in config]
    return [
        Tie(tie.coefs, tie.offset + sum(c * low for c, low in zip(tie.coefs, lows, strict=True)))
        for tie in ties
        if not any(tie.coefs[k] for k in stretched)
    ]
