"""What XLA says one equation costs.

The equation alone is lowered (never compiled, never run) and its HLO is given to XLA's
``HloCostAnalysis``. It is lowered for the CPU wherever it is asked, so that the answer is the same
on every machine. Where that lowering holds a loop, which XLA counts once, or a custom call, which
it cannot see into, the lowering for TPUs is asked: JAX unrolls and decomposes more there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import jax

from pytest_jaxcost import _compat
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.sizes import touching
from pytest_jaxcost.ir.keys import param_key

PLATFORMS = ("cpu", "tpu")
LOOP = "the length of a loop inside it depends on data; one iteration is counted"
CUSTOM_CALL = "it calls {targets}, which XLA cannot see into"
NO_ARRAYS = "it takes or makes what is no array"
NO_ANALYSIS = "XLA has no cost analysis for it"
REFUSALS = _compat.REFUSALS
SEEN_THROUGH = frozenset({"Sharding", "annotate_device_placement", "xla.sdy.FuncResultSharding"})
"""Custom calls that compute nothing."""

Shapes = tuple[tuple[int, ...] | None, ...]
"""The shapes of an equation's operands; None for what is no array."""


class Answer(NamedTuple):
    """Flops and transcendentals, or None and why; a lower bound says why it is one, too."""

    counts: tuple[int, int] | None
    reason: str | None = None


class Line(NamedTuple):
    """A count that grows linearly with the number of elements."""

    fixed: int
    slope: int

    def at(self, n: int) -> int:
        """The count for `n` elements; nothing at all for none."""
        return self.fixed + self.slope * n if n else 0


class PerElement(NamedTuple):
    """What an elementwise equation costs, by number of elements, and why that is a lower bound."""

    flops: Line
    transcendentals: Line
    reason: str | None


_answers: dict[Hashable, Answer] = {}
_lines: dict[Hashable, PerElement | Answer] = {}


def ask(eqn: Any, shapes: Shapes | None = None, **params: Hashable) -> Answer:
    """What XLA counts for an equation, or for one like it with other shapes and parameters."""
    avals = [v.aval for v in eqn.invars]
    if shapes is None:
        shapes = tuple([getattr(aval, "shape", None) for aval in avals])
    key = (_key(eqn, avals), shapes, tuple(params.items()))
    answer = _answers.get(key)
    if answer is None:
        answer = _answers[key] = _lower(eqn, shapes, params)
    return answer


def priced(eqn: Any, answer: Answer) -> Cost | None:
    """The cost of `eqn` by what XLA counts; the bytes are those of its operands and results."""
    if answer.counts is None:
        return None
    return touching(eqn, *answer.counts)


def per_element(eqn: Any) -> PerElement | Answer:
    """What XLA counts for an elementwise equation, by number of elements, or why it cannot say."""
    avals = [v.aval for v in eqn.invars]
    whole = eqn.outvars[0].aval.shape
    full = tuple([aval.shape == whole for aval in avals])
    key = (_key(eqn, avals), full)
    line = _lines.get(key)
    if line is None:
        line = _lines[key] = _line(eqn, full)
    return line


def _line(eqn: Any, full: Sequence[bool]) -> PerElement | Answer:
    two, three = (ask(eqn, tuple([(n,) if f else () for f in full])) for n in (2, 3))
    if two.counts is None or three.counts is None:
        return two
    flops, transcendentals = (
        Line(fixed=3 * at_two - 2 * at_three, slope=at_three - at_two)
        for at_two, at_three in zip(two.counts, three.counts, strict=True)
    )
    return PerElement(flops, transcendentals, two.reason)


def _lower(eqn: Any, shapes: Shapes, params: Mapping[str, Any]) -> Answer:
    avals = [v.aval for v in eqn.invars]
    if not all(isinstance(v.aval, jax.core.ShapedArray) for v in (*eqn.invars, *eqn.outvars)):
        return Answer(None, NO_ARRAYS)
    args = [jax.ShapeDtypeStruct(s, a.dtype) for s, a in zip(shapes, avals, strict=True)]

    def alone(*operands: Any) -> Any:
        return eqn.primitive.bind(*operands, **{**eqn.params, **params})

    with jax.enable_x64(_compat.is_wide(eqn)):
        return _best(alone, args)


def _best(function: Callable[..., Any], args: Sequence[Any]) -> Answer:
    try:
        traced = jax.jit(function).trace(*args)
    except REFUSALS as error:
        return Answer(None, _said(error))
    answers = []
    for platform in PLATFORMS:
        answer = _analyze(traced, platform)
        if answer.reason is None:
            return answer
        answers.append(answer)
    return next((a for a in answers if a.counts is not None), answers[0])


def _analyze(traced: Any, platform: str) -> Answer:
    try:
        lowered = traced.lower(lowering_platforms=(platform,))
        analysis = lowered.cost_analysis()
    except REFUSALS as error:
        return Answer(None, _said(error))
    text = lowered.as_text()
    targets = set(re.findall(r"custom_call @([\w.$]+)", text)) - SEEN_THROUGH
    if targets:
        return Answer(None, CUSTOM_CALL.format(targets=" and ".join(sorted(targets))))
    if analysis is None:
        return Answer(None, NO_ANALYSIS)
    counts = (round(analysis.get("flops", 0)), round(analysis.get("transcendentals", 0)))
    return Answer(counts, LOOP if "stablehlo.while" in text else None)


def _key(eqn: Any, avals: Sequence[Any]) -> Hashable:
    dtypes = tuple([getattr(aval, "dtype", None) for aval in avals])
    return (eqn.primitive, param_key(eqn), dtypes)


def _said(error: Exception) -> str:
    text = str(error).strip()
    line = text.splitlines()[0] if text else type(error).__name__
    return f"JAX cannot lower it alone: {line}"
