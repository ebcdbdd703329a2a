"""Convolutions: zeros of images, features, and of whole windows."""

from __future__ import annotations

from typing import Any

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import Known, Pattern, pattern
from pytest_jaxcost.flow.zeros.registry import ZeroStep, zero_rule
from pytest_jaxcost.flow.zeros.rules.contractions import sparser
from pytest_jaxcost.flow.zeros.rules.elementwise import worked
from pytest_jaxcost.flow.zeros.spans import Spans


@zero_rule("conv_general_dilated")
def conv_general_dilated(step: ZeroStep) -> tuple[Known]:
    """Images and output features keep their zeros; what a window sees only zeros of is zero."""
    lhs, rhs = step.pattern(0), step.pattern(1)
    for known in (lhs, rhs):
        if known is not None and known.zero:
            return (worked(step, known),)
    origin = sparser(lhs, step.shape(0), rhs, step.shape(1))
    if origin is None:
        return (None,)
    return (worked(step, pattern(step.out_shape, _spans(step, lhs, rhs), (), origin)),)


def features_on_zeros(step: ZeroStep) -> tuple[int, int]:
    """How many input features are zero in an operand, of how many that each window adds up."""
    features = step.shape(1)[step.eqn.params["dimension_numbers"].rhs_spec[1]]
    return features - sets.count(features_left(step)), features


def features_left(step: ZeroStep) -> Spans:
    """The input features that are zero in no operand."""
    lhs, rhs, numbers = step.pattern(0), step.pattern(1), step.eqn.params["dimension_numbers"]
    span = sets.whole(step.shape(1)[numbers.rhs_spec[1]])
    if rhs is not None and not rhs.zero:
        span = sets.intersection(span, rhs.spans[numbers.rhs_spec[1]])
    if lhs is not None and not lhs.zero and _groups(step) == (1, 1):
        span = sets.intersection(span, lhs.spans[numbers.lhs_spec[1]])
    return span


def _spans(step: ZeroStep, lhs: Pattern | None, rhs: Pattern | None) -> list[Spans]:
    numbers, groups = step.eqn.params["dimension_numbers"], _groups(step)
    spans = [sets.whole(n) for n in step.out_shape]
    if lhs is not None and groups[1] == 1:
        spans[numbers.out_spec[0]] = lhs.spans[numbers.lhs_spec[0]]
    if rhs is not None and groups == (1, 1):
        spans[numbers.out_spec[1]] = rhs.spans[numbers.rhs_spec[0]]
    for k, axis in enumerate(numbers.out_spec[2:] if lhs is not None else ()):
        source = numbers.lhs_spec[2 + k]
        assert lhs is not None
        if lhs.spans[source] != sets.whole(step.shape(0)[source]):
            size = step.shape(1)[numbers.rhs_spec[2 + k]]
            spans[axis] = _windows(step.eqn.params, k, lhs.spans[source], size, spans[axis])
    return spans


def _windows(params: Any, k: int, span: Spans, size: int, whole: Spans) -> Spans:
    """The windows along spatial axis `k` that see a position of `span`."""
    stride, low = params["window_strides"][k], params["padding"][k][0]
    spread = sets.spread(span, params["lhs_dilation"][k])
    reach = (size - 1) * params["rhs_dilation"][k]
    seen = (
        (-(-(start + low - reach) // stride), (stop - 1 + low) // stride + 1)
        for start, stop in spread
    )
    return sets.intersection(sets.union([((max(a, 0), b),) for a, b in seen if b > 0]), whole)


def _groups(step: ZeroStep) -> tuple[int, int]:
    return step.eqn.params["feature_group_count"], step.eqn.params["batch_group_count"]
