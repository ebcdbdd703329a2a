"""The edits that make a product with a Jacobian where the Jacobian was made to be summed.

The rows that go through the derivative are the vectors that its image is summed with. What a
derivative of the sum does with the image is done with these rows too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from pytest_jaxcost.analyses.carried_parts import CarriedPart, part, read_outside
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.rerun import Rerun, Rows, is_scale
from pytest_jaxcost.analyses.saving import ready
from pytest_jaxcost.flow.basis import Basis, Contraction
from pytest_jaxcost.flow.dependence import dependents
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.rewrite.edits import Replace, RewriteError

UNLIKE = "what is summed is scaled in more than one way"
CIRCULAR = "a vector depends on what another one gives"
MANY = "a derivative sums with several vectors in ways that are not told apart"
APART = "sums of one basis stand in different bodies"
COMPLEX = "the vectors are complex, and the rows of the basis are not"

Array = Any
Scale = tuple[int, str]
"""A number for each row, and whether the image is multiplied with it or divided by it."""


class Vectors(NamedTuple):
    """What one sum needs in the basis's place: rows of its seed, scaled."""

    first: int
    number: int
    seed: int | None
    """None for ones."""
    seed_axis: int
    scales: tuple[Scale, ...]


def products(facts: Facts, basis: Basis, sums: Sequence[Contraction]) -> list[Replace]:
    """The sums of a basis's image, computed of as many rows as there are vectors.

    Raises:
        RewriteError: something on the way cannot be run with other rows.
    """
    again = [each for each in sums if each.over == "again"]
    along = [each for each in sums if each.over in ("basis", "diagonal")]
    try:
        return [ready(facts, _together(facts, basis, along, again))]
    except RewriteError:
        if again:
            raise
        return [ready(facts, _alone(facts, basis, each)) for each in along]


def _alone(facts: Facts, basis: Basis, contraction: Contraction) -> Replace:
    """One sum by a push of its own."""
    outputs = contraction.equation.outputs
    run = part(facts, basis, basis.rows, outputs, contraction.region)
    if run.region is not contraction.region:
        return _together(facts, basis, [contraction], [])
    vectors = _vectors(facts, basis, [contraction])
    return _replace(facts, basis, run, [contraction], vectors, outputs, with_seeds=False)


def _together(
    facts: Facts, basis: Basis, along: Sequence[Contraction], again: Sequence[Contraction]
) -> Replace:
    """All sums by one push, with what their derivatives sum and what is between them."""
    if any(each.region is not along[0].region for each in along):
        raise RewriteError(APART)
    images = basis.images if again else basis.rows
    targets = [value for each in (*along, *again) for value in each.equation.outputs]
    given = _given(facts, basis) if again else {}
    run = part(
        facts, basis, images, targets, along[0].region, given=given, with_between=bool(again)
    )
    read, own = read_outside(facts, run), {v for each in run.equations for v in each.outputs}
    here = {v for each in run.region.equations for v in each.outputs}
    outputs = [v for v in sorted(own & here & read) if v not in images or v in targets]
    vectors, made = _vectors(facts, basis, along), dependents(facts.program, outputs)
    seeds = _seeds(vectors)
    inputs = (*run.inputs, *seeds)
    if not run.made.isdisjoint(seeds):
        raise RewriteError(CIRCULAR)
    if any(made[v] for v in inputs) and not _is_carried_round(run, outputs, inputs):
        raise RewriteError(CIRCULAR)
    return _replace(facts, basis, run, along, vectors, outputs, with_seeds=bool(again))


def _is_carried_round(run: CarriedPart, outputs: Sequence[int], inputs: Sequence[int]) -> bool:
    """Whether inputs depend on outputs only from one iteration to the next."""
    values = set(outputs)
    for equation in run.region.equations:
        if not values.isdisjoint(equation.inputs) and equation not in run.equations:
            values.update(equation.outputs)
    return values.isdisjoint(inputs)


def _replace(
    facts: Facts,
    basis: Basis,
    run: CarriedPart,
    along: Sequence[Contraction],
    vectors: Mapping[int, Vectors],
    outputs: Sequence[int],
    *,
    with_seeds: bool,
) -> Replace:
    count = max(each.first + each.number for each in vectors.values())
    rows = Rows(count, {key: (c, vectors[key].first) for c in along for key in [id(c.equation)]})
    read = (*run.inputs, *_seeds(vectors))
    inputs = tuple(dict.fromkeys(v for v in read if v not in run.made))

    def function(*arrays: Array) -> list[Array]:
        given = dict(zip(inputs, arrays, strict=True))
        values = {**given, basis.equation.outputs[0]: _rows(facts, basis, vectors, given)}
        seeds = _indicators(facts, basis, vectors, count) if with_seeds else None
        rerun = Rerun(facts, basis, rows, values, seeds)
        rerun.run(run.equations)
        return [rerun.plain(value) for value in outputs]

    return Replace(run.region, tuple(outputs), inputs, function)


# vectors


def _vectors(facts: Facts, basis: Basis, along: Sequence[Contraction]) -> dict[int, Vectors]:
    """Which rows each sum takes, by the ``id`` of its equation; equal vectors are one."""
    known: dict[object, Vectors] = {}
    found: dict[int, Vectors] = {}
    for each in along:
        scales = _scales(basis, facts.makers, each)
        seed = each.seed
        key = (
            None if seed is None else facts.numbers[seed],
            tuple((facts.numbers[value], name) for value, name in scales),
        )
        if key not in known:
            first = sum(one.number for one in known.values())
            axis = 0 if seed is None else basis.seeds[seed].axis
            known[key] = Vectors(first, each.vectors, seed, axis, scales)
        found[id(each.equation)] = known[key]
    return found


def _scales(
    basis: Basis, makers: Mapping[int, Equation], contraction: Contraction
) -> tuple[Scale, ...]:
    """What scales the rows on their way to a sum."""
    rows = basis.rows
    known: dict[int, frozenset[Scale]] = {basis.equation.outputs[0]: frozenset()}
    start = [value for value in contraction.operands if value in rows]
    stack = list(start)
    while stack:
        value = stack[-1]
        maker = makers.get(value)
        before = [] if maker is None else [v for v in maker.inputs if v in rows]
        missing = [v for v in before if v not in known and v not in basis.seeds]
        if missing and len(stack) <= len(rows):
            stack.extend(missing)
            continue
        stack.pop()
        kinds = {known.get(v, frozenset[Scale]()) for v in before if v not in basis.seeds}
        if len(kinds) > 1:
            raise RewriteError(UNLIKE)
        scale = kinds.pop() if kinds else frozenset()
        if maker is not None and is_scale(basis, maker):
            (seed,) = [v for v in maker.inputs if v in basis.seeds]
            scale |= {(seed, maker.primitive)}
        known[value] = scale
    kinds = {known[value] for value in start}
    if len(kinds) != 1:
        raise RewriteError(UNLIKE)
    return tuple(sorted(kinds.pop()))


def _seeds(vectors: Mapping[int, Vectors]) -> list[int]:
    return [
        value
        for each in vectors.values()
        for value in (each.seed, *(seed for seed, _ in each.scales))
        if value is not None
    ]


def _rows(
    facts: Facts, basis: Basis, vectors: Mapping[int, Vectors], given: Mapping[int, Array]
) -> Array:
    dtype = row_dtype(facts, basis)
    groups = {each.first: each for each in vectors.values()}
    parts = [_group(basis, groups[first], given, dtype) for first in sorted(groups)]
    return parts[0] if len(parts) == 1 else jnp.concatenate(parts)


def _group(basis: Basis, each: Vectors, given: Mapping[int, Array], dtype: Any) -> Array:
    arrays = [] if each.seed is None else [given[each.seed]]
    arrays += [given[seed] for seed, _ in each.scales]
    if any(a.dtype.kind == "c" for a in arrays) and np.dtype(dtype).kind != "c":
        raise RewriteError(COMPLEX)
    if each.seed is None:
        rows = None
    else:
        moved = jnp.moveaxis(given[each.seed], each.seed_axis, -1)
        rows = moved.reshape(-1, basis.size).astype(dtype)
    for seed, name in each.scales:
        scale = _only_axis(given[seed], basis.seeds[seed].axis).astype(dtype)
        rows = scale[None] if rows is None and name == "mul" else _scaled(rows, scale, name, dtype)
    return jnp.ones((1, basis.size), dtype) if rows is None else rows


def _scaled(rows: Array | None, scale: Array, name: str, dtype: Any) -> Array:
    rows = jnp.ones((1, scale.size), dtype) if rows is None else rows
    return rows * scale if name == "mul" else rows / scale


def _only_axis(array: Array, axis: int) -> Array:
    """An array that varies along one axis, as a vector."""
    return jnp.moveaxis(array, axis, -1).reshape(-1, array.shape[axis])[0]


def row_dtype(facts: Facts, basis: Basis) -> Any:
    """The type of what is pushed or pulled: that of the first image that is not a mask."""
    dtypes = (facts.program.avals[value].dtype for value in basis.rows)
    return next(dtype for dtype in dtypes if np.dtype(dtype).kind != "b")


# what a derivative multiplies with: vectors, of which each row has its own


def _given(facts: Facts, basis: Basis) -> set[int]:
    """The vectors; the transposes of plain sums are made of what they broadcast."""
    seeds = basis.seeds
    return {value for value in seeds if not _is_spread(basis, value, facts.makers.get(value))}


def _is_spread(basis: Basis, value: int, maker: Equation | None) -> bool:
    if maker is None or maker.primitive != "broadcast_in_dim":
        return False
    return basis.seeds[value].axis not in maker.eqn.params["broadcast_dimensions"]


def _indicators(
    facts: Facts, basis: Basis, vectors: Mapping[int, Vectors], count: int
) -> dict[int, Array]:
    """In each seed's place: one where a row is its own vector, and zero elsewhere."""
    dtypes, found = facts.program.avals, dict[int, Array]()
    for value in _given(facts, basis):
        axis, aval = basis.seeds[value].axis, dtypes[value]
        shape = (*aval.shape[:axis], count, *aval.shape[axis + 1 :])
        if count == 1:
            found[value] = jnp.ones(shape, aval.dtype)
        else:
            found[value] = _own_rows(facts, vectors, value, axis, shape)
    if count > 1 and len(found) < len(basis.seeds):
        raise RewriteError(MANY)
    return found


def _own_rows(
    facts: Facts, vectors: Mapping[int, Vectors], value: int, axis: int, shape: tuple[int, ...]
) -> Array:
    number = facts.numbers[value]
    own = [e for e in vectors.values() if e.seed is not None and facts.numbers[e.seed] == number]
    if not own:
        raise RewriteError(MANY)
    rest = [size for k, size in enumerate(shape) if k != axis]
    eye = jnp.eye(shape[axis], dtype=facts.program.avals[value].dtype)
    rows = eye[own[0].first : own[0].first + prod(rest)]
    return jnp.moveaxis(rows.reshape(*rest, shape[axis]), -1, axis)
