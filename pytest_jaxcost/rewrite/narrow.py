"""An equation that computes some positions of its axes only.

Operands are cut to the wanted positions, the primitive computes these, and the results are put
back: the other positions are zero, or equal to the one that was computed. Cutting and putting back
moves data and computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jax import lax

from pytest_jaxcost.flow.zeros.spans import Spans, hull, whole
from pytest_jaxcost.rewrite.axes import Axes, Letters, Wanted, shape

Others = Literal["zero", "equal"]
"""What positions that are not computed are: zero, or each equal to the computed one."""

Function = Callable[..., Sequence[Any]]
"""A function of an equation's operands that returns its results."""


def narrowed(eqn: Any, axes: Axes, wanted: Wanted, others: Others = "zero") -> Function:
    """A function that computes the wanted positions of JAX's equation alone.

    `wanted` names letters of `axes` with at least one position each; of others that are equal,
    with exactly one.
    """
    params = dict(axes.params(eqn, wanted))
    back = {"zero": padded, "equal": repeated}[others]

    def compute(*operands: Any) -> list[Any]:
        pairs = zip(operands, axes.operands, strict=True)
        cut = [taken(x, *at(letters, wanted)) for x, letters in pairs]
        found = eqn.primitive.bind(*cut, **params)
        results = found if eqn.primitive.multiple_results else [found]
        return [
            back(result, shape(var), *at(letters, wanted))
            for result, var, letters in zip(results, eqn.outvars, axes.results, strict=True)
        ]

    return compute


Places = tuple[Sequence[int], Sequence[Spans]]
"""Axes of an array, and the positions along each of them."""


def at(letters: Letters, wanted: Wanted) -> Places:
    """The axes of an array whose letters are wanted in part, and the positions."""
    axes = [axis for axis, letter in enumerate(letters) if letter in wanted]
    return axes, [wanted[letter] for axis in axes if (letter := letters[axis]) is not None]


def taken(x: Any, axes: Sequence[int], places: Sequence[Spans]) -> Any:
    """The positions `places` of `axes`, one after another."""
    for axis, spans in zip(axes, places, strict=True):
        if spans == whole(x.shape[axis]):
            continue
        runs = [lax.slice_in_dim(x, start, stop, axis=axis) for start, stop in spans]
        x = runs[0] if len(runs) == 1 else lax.concatenate(runs, axis)
    return x


def padded(x: Any, to: Sequence[int], axes: Sequence[int], places: Sequence[Spans]) -> Any:
    """An array of shape `to` with `x` at the positions, and zeros elsewhere."""
    config = [(0, 0, 0)] * len(to)
    for axis, spans in zip(axes, places, strict=True):
        x = _apart(x, axis, spans)
        start, stop = hull(spans)
        config[axis] = (start, to[axis] - stop, 0)
    return lax.pad(x, jnp.zeros((), x.dtype), config) if any(map(any, config)) else x


def _apart(x: Any, axis: int, spans: Spans) -> Any:
    """The runs of positions that `x` holds, with zeros in the gaps between them."""
    if len(spans) == 1:
        return x
    sizes = [stop - start for start, stop in spans]
    runs = jnp.split(x, np.cumsum(sizes)[:-1].tolist(), axis)
    gaps = [after[0] - before[1] for before, after in pairwise(spans)]
    filled = [runs[0]]
    for gap, run in zip(gaps, runs[1:], strict=True):
        between = [gap if k == axis else n for k, n in enumerate(x.shape)]
        filled += [jnp.zeros(between, x.dtype), run]
    return lax.concatenate(filled, axis)


def repeated(x: Any, to: Sequence[int], axes: Sequence[int], places: Sequence[Spans]) -> Any:
    """An array of shape `to` that has the one position of `axes` everywhere along them."""
    del axes, places
    return lax.broadcast_in_dim(x, tuple(to), range(len(to)))


def in_part(eqn: Any, axes: Axes, wanted: Wanted) -> dict[int, Spans]:
    """The letters of which not all positions are wanted, and the positions to compute.

    Where positions have to follow one another, those between wanted ones are computed too.
    """
    sizes = axes.sizes(eqn)
    some = {x: spans for x, spans in wanted.items() if spans}
    runs = {x: (hull(spans),) if x in axes.runs else spans for x, spans in some.items()}
    return {x: spans for x, spans in runs.items() if spans != whole(sizes[x])}
