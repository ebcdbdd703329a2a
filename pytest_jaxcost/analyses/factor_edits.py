"""One factorization in place of another one of the same matrix."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.live import reached
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir.equation import Equation, Region
from pytest_jaxcost.rewrite.edits import Replace, RewriteError
from pytest_jaxcost.tables import into

FLAGS = "one gives {flag} otherwise than the other, and neither holds both"
SIGNS = "the vectors of the transpose may have other signs"
BODIES = "one stands in a body that the other does not see into"
USES = "the factors of the transpose are used for more than solving"

Array = Any
Outputs = Sequence[Array]


class Pair(NamedTuple):
    """A factorization that is wasted, and the one that is kept."""

    wasted: Occurrence
    kept: Occurrence
    is_transposed: bool

    def differing(self, ignored: Collection[str] = ()) -> set[str]:
        """The parameters that the two have different values of."""
        one, other = self.wasted.equation.eqn.params, self.kept.equation.eqn.params
        return {name for name in one if one[name] != other[name]} - set(ignored)

    def has(self, flag: str) -> bool:
        """A parameter of what is wasted."""
        return bool(self.wasted.equation.eqn.params[flag])


Derive = Callable[[Pair], Callable[[Outputs], Outputs]]
"""How the outputs of what is wasted follow from those of what is kept."""

DERIVED: dict[str, Derive] = {}


derived = into(DERIVED, "rules")
"""A decorator that registers how one factorization follows from another one."""


def from_kept(facts: Facts, pair: Pair) -> Replace:
    """The edit that makes what is wasted of what is kept.

    Raises:
        RewriteError: the values may differ in more than rounding, or are not visible.
    """
    kept, (region, wasted) = pair.kept.equation, pair.wasted
    if pair.is_transposed and wasted.primitive == "lu":
        return _solved_with_transpose(facts, pair)
    derive = DERIVED[wasted.primitive](pair)
    _require_visible(pair.kept.region, region)
    return Replace(region, wasted.outputs, kept.outputs, lambda *outputs: derive(outputs))


def _require_visible(region: Region, inner: Region | None) -> None:
    while inner is not None:
        if inner is region:
            return
        inner = inner.parent
    raise RewriteError(BODIES)


def _require_equal(flags: Collection[str]) -> None:
    if flags:
        raise RewriteError(FLAGS.format(flag=" and ".join(sorted(flags))))


@derived("cholesky", "eigh", "tridiagonal")
def _same(pair: Pair) -> Callable[[Outputs], Outputs]:
    """The matrix is symmetric, so that its transpose and its lower and upper half are it."""
    _require_equal(pair.differing(ignored=("lower",)))
    return lambda outputs: outputs


@derived("svd")
def _singular(pair: Pair) -> Callable[[Outputs], Outputs]:
    _require_equal(pair.differing(ignored=("compute_uv", "full_matrices")))
    if not pair.has("compute_uv"):
        return lambda outputs: outputs[:1]
    if pair.is_transposed:
        raise RewriteError(SIGNS)
    return _leading(pair)


@derived("qr")
def _orthogonal(pair: Pair) -> Callable[[Outputs], Outputs]:
    _require_equal(pair.differing(ignored=("full_matrices",)))
    return _leading(pair)


def _leading(pair: Pair) -> Callable[[Outputs], Outputs]:
    """The part of each factor that a reduced factorization has."""
    shapes = [var.aval.shape for var in pair.wasted.equation.eqn.outvars]
    return lambda outputs: [
        lax.slice(output, [0] * len(shape), shape)
        for output, shape in zip(outputs, shapes, strict=True)
    ]


@derived("eig")
def _eigen(pair: Pair) -> Callable[[Outputs], Outputs]:
    sides = ("compute_left_eigenvectors", "compute_right_eigenvectors")
    _require_equal(pair.differing(ignored=sides))
    kept = [True, *(bool(pair.kept.equation.eqn.params[side]) for side in sides)]
    wanted = [True, *(pair.has(side) for side in sides)]
    _require_equal({s for s, k, w in zip(sides, kept[1:], wanted[1:], strict=True) if w and not k})
    chosen = [w for k, w in zip(kept, wanted, strict=True) if k]
    return lambda outputs: [
        each for each, is_wanted in zip(outputs, chosen, strict=True) if is_wanted
    ]


@derived("lu", "geqrf", "hessenberg", "schur")
def _first(pair: Pair) -> Callable[[Outputs], Outputs]:
    _require_equal(pair.differing(ignored=("compute_schur_vectors",)))
    return lambda outputs: outputs[: len(pair.wasted.equation.outputs)]


# a solve with the transpose


def _solved_with_transpose(facts: Facts, pair: Pair) -> Replace:
    """A solve by an LU of ``A.T``, done with that of ``A``.

    ``A[permutation]`` is ``L @ U``, so that ``x[permutation]`` solves ``U.T @ (L.T @ _) = b``.
    """
    _require_visible(pair.kept.region, pair.wasted.region)
    wasted, kept = pair.wasted.equation, pair.kept.equation
    end, right = _solve(facts, wasted)
    inputs = (*kept.outputs, right)

    def function(*arrays: Array) -> Outputs:
        *factors, b = arrays
        lu, _, permutation = factors
        y = lax.linalg.triangular_solve(lu, b, left_side=True, transpose_a=True)
        z = lax.linalg.triangular_solve(
            lu, y, left_side=True, lower=True, transpose_a=True, unit_diagonal=True
        )
        return [z[jnp.argsort(permutation)], *factors]

    # the factors too, which nothing runs on, but which a derivative of the solve would read
    return Replace(pair.wasted.region, (end, *wasted.outputs), inputs, function)


def _solve(facts: Facts, factored: Equation) -> tuple[int, int]:
    """The result and the right-hand side of a solve that nothing else needs the factors for."""
    solves = [
        equation
        for _, equation in facts.program.walk()
        if equation.primitive == "triangular_solve" and equation.inputs[0] == factored.outputs[0]
    ]
    if len(solves) != 2 or solves[1].inputs[1] != solves[0].outputs[0]:
        raise RewriteError(USES)
    (lower, upper), picked = solves, facts.makers.get(solves[0].inputs[1])
    is_plain = _is_plain(lower, is_lower=True) and _is_plain(upper, is_lower=False)
    if not is_plain or picked is None or not _picks_rows(picked):
        raise RewriteError(USES)
    end = upper.outputs[0]
    needed = _needed_without(facts, end)
    if any(needed[value] for value in factored.outputs):
        raise RewriteError(USES)
    return end, picked.inputs[0]


def _needed_without(facts: Facts, end: int) -> bytearray:
    """What the results and effects of the program need if a value is there already."""
    program = facts.program
    effects = (e for _, e in program.walk() if e.eqn.effects)
    roots = (*program.main.results, *(value for each in effects for value in each.inputs))
    depends = program.depends
    return reached(len(program.avals), roots, lambda v: () if v == end else depends[v])


def _is_plain(solve: Equation, *, is_lower: bool) -> bool:
    params = solve.eqn.params
    flags = (params["left_side"], params["transpose_a"], params["lower"], params["unit_diagonal"])
    return flags == (True, False, is_lower, is_lower)


def _picks_rows(equation: Equation) -> bool:
    if equation.primitive != "gather":
        return False
    numbers = equation.eqn.params["dimension_numbers"]
    return (numbers.offset_dims, numbers.collapsed_slice_dims) == ((1,), (0,))
