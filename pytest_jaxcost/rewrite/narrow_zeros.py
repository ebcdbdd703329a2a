"""What an equation that works on zeros becomes: zeros, or work on the part that is not zero.

The results are those of the equation bit by bit where no sum is made shorter, but for the sign of
zeros, in every run in which no value is infinite or NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.pattern import Known, Pattern
from pytest_jaxcost.flow.zeros.registry import ZeroStep
from pytest_jaxcost.flow.zeros.rules.contractions import products_of
from pytest_jaxcost.flow.zeros.rules.convolutions import features_left
from pytest_jaxcost.rewrite.axes import Axes, Letters, Wanted
from pytest_jaxcost.rewrite.axes_table import axes
from pytest_jaxcost.rewrite.edits import RewriteError
from pytest_jaxcost.rewrite.narrow import in_part, narrowed
from pytest_jaxcost.rewrite.narrow_edit import Instead
from pytest_jaxcost.rewrite.narrow_picks import picked
from pytest_jaxcost.rewrite.narrow_sums import SUMS, sum_of_parts

NO_ROW = "what becomes of the axes of {name} is not known"
UNEVEN = "its zeros are along no axis that can be cut"
SHARDED = "its axes are sharded"


def without_zeros(step: ZeroStep, *, picks: bool) -> Instead:
    """What takes the place of an equation that works on zeros.

    `picks` says that a product with a diagonal, or with rows of an identity, is no product then.

    Raises:
        RewriteError: nothing does.
    """
    eqn = step.eqn
    if any(_is_sharded(v.aval) for v in (*eqn.invars, *eqn.outvars)):
        raise RewriteError(SHARDED)
    if all(isinstance(known, Pattern) and known.zero for known in step.results):
        return Instead((), lambda: [jnp.zeros(v.aval.shape, v.aval.dtype) for v in eqn.outvars])
    if eqn.primitive.name in SUMS:
        return sum_of_parts(step)
    return (picked(step) if picks else None) or narrow(step)


def narrow(step: ZeroStep) -> Instead:
    """The equation at the positions that are not zero along single axes.

    Raises:
        RewriteError: there are no such axes.
    """
    found = axes(step.eqn)
    if found is None:
        raise RewriteError(NO_ROW.format(name=step.eqn.primitive.name))
    wanted = wanted_positions(step, found)
    if not wanted:
        raise RewriteError(UNEVEN)
    return Instead(step.equation.inputs, narrowed(step.eqn, found, wanted))


def wanted_positions(step: ZeroStep, found: Axes) -> Wanted:
    """The positions that are not zero, of the letters of which some are."""
    measure = _WANTED.get(step.eqn.primitive.name, _of_results)
    return in_part(step.eqn, found, measure(step, found))


def _of_results(step: ZeroStep, found: Axes) -> Wanted:
    """The positions where any result may differ from zero: all results are computed there."""
    wanted: dict[int, sets.Spans] = {}
    sizes = found.sizes(step.eqn)
    for known, letters in zip(step.results, found.results, strict=True):
        for letter in filter(lambda x: x is not None, letters):
            wanted.setdefault(letter, ())  # type: ignore[arg-type]
        for letter, spans in _spans(known, letters, sizes).items():
            wanted[letter] = sets.union([wanted[letter], spans])
    return wanted


def _of_operand(step: ZeroStep, found: Axes) -> Wanted:
    """Elements of the operand that are zero add nothing."""
    return _spans(step.known[0], found.operands[0], found.sizes(step.eqn))


def _of_extremum(step: ZeroStep, found: Axes) -> Wanted:
    """The positions that may differ from zero, and one zero, which may be the extremum."""
    wanted, sizes = dict(_of_operand(step, found)), found.sizes(step.eqn)
    for letter in found.summed:
        beside = _one_of_the_others(wanted[letter], sizes[letter])
        wanted[letter] = sets.union([wanted[letter], beside])
    return wanted


def _one_of_the_others(spans: sets.Spans, size: int) -> sets.Spans:
    """A position that is none of `spans`, if there is one, next to them."""
    stop = spans[0][1] if spans else 0
    if stop < size:
        return ((stop, stop + 1),)
    start = spans[0][0]
    return ((start - 1, start),) if start else ()


def _of_products(step: ZeroStep, found: Axes) -> Wanted:
    """Products that are zero add nothing: the letters are those of all products."""
    known = products_of(step).known
    return _spans(known, tuple(range(len(found.sizes(step.eqn)))), found.sizes(step.eqn))


def _of_windows(step: ZeroStep, found: Axes) -> Wanted:
    """Results that are zero, and input features that are."""
    wanted = dict(_of_results(step, found))
    features = len(step.out_shape)
    return wanted if features not in found.letters else {**wanted, features: features_left(step)}


def _spans(known: Known, letters: Letters, sizes: dict[int, int]) -> dict[int, sets.Spans]:
    """Where an array may be nonzero, by letter: anywhere, if nothing is known of it."""
    pairs = [(axis, letter) for axis, letter in enumerate(letters) if letter is not None]
    if not isinstance(known, Pattern):
        return {letter: sets.whole(sizes[letter]) for _, letter in pairs}
    return {letter: () if known.zero else known.spans[axis] for axis, letter in pairs}


def _is_sharded(aval: Any) -> bool:
    sharding = getattr(aval, "sharding", None)
    return sharding is not None and not sharding.mesh.empty


_WANTED: dict[str, Callable[[ZeroStep, Axes], Wanted]] = {
    **dict.fromkeys(("reduce_sum", "reduce_or", "reduce_xor", "cumsum", "cumprod"), _of_operand),
    **dict.fromkeys(("reduce_max", "reduce_min"), _of_extremum),
    "dot_general": _of_products,
    "conv_general_dilated": _of_windows,
}
