"""Dense linear algebra, for each matrix of a batch; square roots are transcendentals."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import touching
from pytest_jaxcost.formulas import linalg

Flops = Callable[[Any, int, int], int]
"""The flops for one matrix of so many rows and columns, given the equation."""


def each_matrix(*names: str) -> Callable[[Flops], Flops]:
    """A decorator that prices primitives by the flops for each matrix of the first operand."""

    def register(flops: Flops) -> Flops:
        @rule(*names)
        def per_matrix(eqn: Any) -> Cost:
            *batch, rows, columns = eqn.invars[0].aval.shape
            return touching(eqn, prod(batch) * flops(eqn, rows, columns))

        return flops

    return register


each_matrix("lu")(lambda _, rows, columns: linalg.lu(rows, columns))
each_matrix("geqrf", "geqp3")(lambda _, rows, columns: linalg.geqrf(rows, columns))
each_matrix("eigh", "eigh_jacobi")(lambda _, n, __: linalg.eigh(n))
each_matrix("hessenberg")(lambda _, n, __: linalg.hessenberg(n))
each_matrix("tridiagonal")(lambda _, n, __: linalg.tridiagonal(n))


@rule("cholesky")
def cholesky(eqn: Any) -> Cost:
    """The closed form, and a square root a column."""
    *batch, _, n = eqn.invars[0].aval.shape
    matrices = prod(batch)
    return touching(eqn, matrices * linalg.cholesky(n), matrices * n)


@each_matrix("householder_product")
def householder_product(eqn: Any, rows: int, columns: int) -> int:
    """As many reflectors as there are scales, multiplied out."""
    return linalg.orgqr(rows, columns, eqn.invars[1].aval.shape[-1])


@each_matrix("qr")
def qr(eqn: Any, rows: int, columns: int) -> int:
    """The factorization, and the orthogonal factor multiplied out to the columns asked for."""
    width = eqn.outvars[0].aval.shape[-1]
    return linalg.geqrf(rows, columns) + linalg.orgqr(rows, width, min(rows, columns))


@each_matrix("ormqr")
def ormqr(eqn: Any, _: int, __: int) -> int:
    """The reflectors multiplied with the third operand."""
    rows, columns = eqn.invars[2].aval.shape[-2:]
    return linalg.ormqr(rows, columns, eqn.invars[1].aval.shape[-1], left=eqn.params["left"])


@each_matrix("triangular_solve")
def triangular_solve(eqn: Any, n: int, _: int) -> int:
    """A right-hand side is a column, or a row where the matrix stands on the right."""
    right_hand_sides = eqn.invars[1].aval.shape[-1 if eqn.params["left_side"] else -2]
    unit_diagonal = eqn.params["unit_diagonal"]
    return linalg.triangular_solve(n, right_hand_sides, unit_diagonal=unit_diagonal)


@each_matrix("eig")
def eig(eqn: Any, n: int, _: int) -> int:
    """With vectors of either side or without."""
    params = eqn.params
    vectors = params["compute_left_eigenvectors"] or params["compute_right_eigenvectors"]
    return linalg.eig(n, vectors=vectors)


@each_matrix("schur")
def schur(eqn: Any, n: int, _: int) -> int:
    """With the Schur vectors or without."""
    return linalg.eig(n, vectors=eqn.params["compute_schur_vectors"])


@each_matrix("svd")
def svd(eqn: Any, rows: int, columns: int) -> int:
    """Values alone, or with thin or full factors."""
    params = eqn.params
    return linalg.svd(rows, columns, vectors=params["compute_uv"], full=params["full_matrices"])


@rule("tridiagonal_solve")
def tridiagonal_solve(eqn: Any) -> Cost:
    """The closed form for each system of the batch."""
    *batch, n, right_hand_sides = eqn.invars[3].aval.shape
    return touching(eqn, prod(batch) * linalg.tridiagonal_solve(n, right_hand_sides))


@rule("lu_pivots_to_permutation")
def lu_pivots_to_permutation(eqn: Any) -> Cost:
    """No work: entries are swapped. XLA counts the loop's own arithmetic."""
    return touching(eqn)
