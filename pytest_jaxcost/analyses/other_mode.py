"""The edits that make a Jacobian, or a sum of it, by the other mode.

The equations that carry a basis are a linear function of each of its rows. Transposed, it gives
for one number of what leaves it the whole row of the Jacobian at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import starmap
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from pytest_jaxcost.analyses.bases import Pushed, is_batched
from pytest_jaxcost.analyses.carried_parts import CarriedPart, made_by, part
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.products import row_dtype
from pytest_jaxcost.analyses.rerun import Rerun, Rows, is_scale
from pytest_jaxcost.analyses.saving import ready
from pytest_jaxcost.flow.basis import Basis, Contraction, Image
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir.equation import Equation, Loop
from pytest_jaxcost.rewrite.edits import Replace, RewriteError

INSIDE = "it stands inside another Jacobian's derivative, and both are pushed at once"
BATCH = "the Jacobian is made for each example of a batch"
SCALED = "the rows of the basis are scaled one by one"
COMPLEX = "complex numbers are made of real ones on the way, or the reverse"
NOWHERE = "what is made of it has no row for each of the basis's"

Array = Any


class Pull(NamedTuple):
    """A value that is made of pulled rows."""

    output: int
    end: int
    """The image of the basis that the cotangents are of."""
    seed: int | None
    """The cotangents, if they are a value of the program; one for each number of the end if not."""


def by_other_mode(facts: Facts, pushed: Pushed, ends: Collection[int]) -> list[Replace]:
    """Images of the basis, each pulled where it was pushed or the reverse.

    Raises:
        RewriteError: the linear function cannot be transposed outside of its program.
    """
    return _all_pulled(facts, pushed, [Pull(end, end, None) for end in sorted(ends)])


def sums_by_other_mode(facts: Facts, pushed: Pushed, sums: Sequence[Contraction]) -> list[Replace]:
    """Sums over what a derivative returns: what they are summed with is pulled.

    Raises:
        RewriteError: the linear function cannot be transposed outside of its program.
    """
    return _all_pulled(facts, pushed, [_of_sum(facts, pushed, each) for each in sums])


def _of_sum(facts: Facts, pushed: Pushed, contraction: Contraction) -> Pull:
    """A product with all axes of an image but the basis's has its cotangents at hand."""
    equation = contraction.equation
    (output,), (end,) = equation.outputs, contraction.operands
    if equation.primitive != "dot_general":
        return Pull(output, output, None)
    (contracting, batch), image = equation.eqn.params["dimension_numbers"], pushed.basis.rows[end]
    position = equation.inputs.index(end)
    left = len(facts.program.avals[end].shape) - len(contracting[position])
    if batch[0] or left != 1 or image.is_merged:
        return Pull(output, output, None)
    return Pull(output, end, equation.inputs[1 - position])


def _all_pulled(facts: Facts, pushed: Pushed, pulls: Sequence[Pull]) -> list[Replace]:
    if pulls and is_batched(pushed):
        raise RewriteError(BATCH)
    makers = {v: o for o in _equations(facts) for v in o.equation.outputs}
    return [ready(facts, _pulled(facts, pushed, each, makers[each.output])) for each in pulls]


def _equations(facts: Facts) -> Iterator[Occurrence]:
    return starmap(Occurrence, facts.program.walk())


def has_transpose(facts: Facts, pushed: Pushed) -> bool:
    """Whether reverse mode can do what the derivative does: no ``while`` carries the basis."""
    return not any(
        isinstance(equation.control, Loop)
        and equation.control.test is not None
        and not pushed.basis.rows.keys().isdisjoint(equation.outputs)
        for _, equation in facts.program.walk()
    )


def _pulled(facts: Facts, pushed: Pushed, wanted: Pull, made: Occurrence) -> Replace:
    basis, end = pushed.basis, wanted.end
    if end not in basis.rows:
        raise RewriteError(NOWHERE)
    run = part(facts, basis, basis.rows, [end], made.region)
    if run.region is not made.region:
        raise RewriteError(NOWHERE)
    _require_one_linear_function(facts, pushed, run, end)
    inputs = run.inputs if wanted.seed is None else tuple(dict.fromkeys((*run.inputs, wanted.seed)))

    def function(*arrays: Array) -> list[Array]:
        given = dict(zip(inputs, arrays, strict=True))

        def pushed_row(row: Array) -> Array:
            values = {**given, basis.equation.outputs[0]: row}
            rerun = Rerun(facts, basis, Rows(1, {}), values)
            rerun.run(run.equations)
            return rerun.plain(end)

        pull = jax.vjp(pushed_row, jnp.zeros((1, basis.size), row_dtype(facts, basis)))[1]
        image, shape = basis.images[end], _of_one_row(facts, basis, end)
        if wanted.seed is None:
            return [_arranged(_rows(pull, _ones(shape, facts.program.avals[end])), image, shape)]
        return [_product(facts, made.equation, pull, given[wanted.seed], end, shape)]

    return Replace(made.region, (wanted.output,), inputs, function)


def _of_one_row(facts: Facts, basis: Basis, end: int) -> tuple[int, ...]:
    """The shape of an image of a basis of one row."""
    shape, axis = facts.program.avals[end].shape, basis.images[end].axis
    return (*shape[:axis], shape[axis] // basis.size, *shape[axis + 1 :])


def _ones(shape: Sequence[int], aval: Any) -> Array:
    """A cotangent for each number of an array of a shape."""
    count = prod(shape)
    ones = jnp.ones((1, 1), aval.dtype) if count == 1 else jnp.eye(count, dtype=aval.dtype)
    return ones.reshape(count, *shape)


def _rows(pull: Any, cotangents: Array) -> Array:
    """What becomes of each cotangent, as the rows of a matrix."""
    count = len(cotangents)
    rows = pull(cotangents[0])[0] if count == 1 else jax.vmap(pull)(cotangents)[0]
    return rows.reshape(count, -1)


def _product(
    facts: Facts, equation: Equation, pull: Any, seed: Array, end: int, shape: Sequence[int]
) -> Array:
    """The product of the rows that `end` has and what they are summed with."""
    contracting = equation.eqn.params["dimension_numbers"][0]
    position = equation.inputs.index(end)
    mine, others = contracting[position], contracting[1 - position]
    free = [axis for axis in range(seed.ndim) if axis not in others]
    order = [others[list(mine).index(axis)] for axis in range(len(shape)) if axis in mine]
    sizes = [seed.shape[axis] for axis in free]
    turned = jnp.transpose(seed, (*free, *order)).reshape(-1, *shape)
    made = _rows(pull, turned.astype(facts.program.avals[end].dtype))
    made = made.reshape(*sizes, -1)
    made = jnp.moveaxis(made, -1, 0) if position == 0 else made
    return made.astype(facts.program.avals[equation.outputs[0]].dtype)


def _arranged(rows: Array, image: Image, shape: Sequence[int]) -> Array:
    """The pulled rows with their axis where the image has it."""
    size, axis = rows.shape[1], image.axis
    outer, inner = image.around
    before, after = shape[:axis], shape[axis + 1 :]
    apart = jnp.moveaxis(rows.reshape(*before, outer, inner, *after, size), -1, axis + 1)
    return apart.reshape(*before, outer * size * inner, *after)


def _require_one_linear_function(facts: Facts, pushed: Pushed, run: CarriedPart, end: int) -> None:
    basis, avals = pushed.basis, facts.program.avals
    made = {value for equation in run.equations for value in made_by(equation)}
    outer = [each for each in pushed.others if each.level < basis.level]
    if any(value in each.images for each in outer for value in made):
        raise RewriteError(INSIDE)
    if any(is_scale(basis, equation) for equation in run.equations):
        raise RewriteError(SCALED)
    kinds = {np.dtype(avals[value].dtype).kind for value in made & basis.rows.keys()}
    ends = (row_dtype(facts, basis), avals[end].dtype)
    is_complex = [np.dtype(dtype).kind == "c" for dtype in ends]
    if any(is_complex) and ("f" in kinds or not all(is_complex)):
        raise RewriteError(COMPLEX)
