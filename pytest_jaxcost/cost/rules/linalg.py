"""Dense linear algebra in standard closed forms, for each matrix of a batch.

JAX hands these to LAPACK or another library by a custom call, which XLA counts as -1 flop. The
forms are those of textbooks, whatever library runs, and an operation on complex numbers counts
once, as XLA counts it elsewhere. Square roots are transcendentals.

Sources: [GVL] Golub and Van Loan, Matrix Computations, 4th edition; [LAWN] LAPACK Working Note 41,
appendix C, which lists multiplications and additions apart: they are added here.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import Rule, rule
from pytest_jaxcost.cost.sizes import touched_bytes

Formula = Callable[[Any, int, int], int]
"""The flops for one matrix of so many rows and columns, given the equation."""


def each_matrix(formula: Formula, *, roots: bool = False) -> Rule:
    """A rule: `formula` for each matrix of the first operand, and a square root a column."""

    def per_matrix(eqn: Any) -> Cost:
        *batch, rows, columns = eqn.invars[0].aval.shape
        matrices = prod(batch)
        return Cost(
            flops=matrices * formula(eqn, rows, columns),
            transcendentals=matrices * columns if roots else 0,
            bytes_accessed=touched_bytes(eqn),
        )

    return per_matrix


def cholesky(_: Any, n: int, __: int) -> int:
    """``n**3 / 3 + n**2 / 2 - 5 * n / 6`` divisions, multiplications and subtractions.

    Column j of n takes a square root, n - j divisions, and two flops for each element of the
    trailing triangle. [LAWN] has ``n`` more, the square roots.
    """
    return n * (n - 1) // 2 + (n - 1) * n * (n + 1) // 3


def lu(_: Any, rows: int, columns: int) -> int:
    """``m * n**2 - n**3 / 3`` and lower terms for m >= n: column by column, with pivots found free.

    Column k of the smaller side takes m - k divisions, and two flops for each of
    (m - k) * (n - k) elements. [GVL] 3.2; [LAWN] has reciprocals instead of divisions.
    """
    k = min(rows, columns)
    ones, squares = k * (k + 1) // 2, k * (k + 1) * (2 * k + 1) // 6
    divisions = rows * k - ones
    return divisions + 2 * (rows * columns * k - (rows + columns) * ones + squares)


def geqrf(_: Any, rows: int, columns: int) -> int:
    """``2 * m * n**2 - 2 * n**3 / 3`` and lower terms for m >= n. [LAWN] xGEQRF."""
    m, n = rows, columns
    if m >= n:
        return 2 * m * n * n + m * n + n * n + n * (14 - 2 * n * n) // 3
    return 2 * m * m * n + 3 * m * n - m * m + m * (14 - 2 * m * m) // 3


def orgqr(rows: int, columns: int, reflectors: int) -> int:
    """``4*m*n*k - 2*(m + n)*k**2 + 4*k**3/3`` and lower terms. [LAWN] xORGQR."""
    m, n, k = rows, columns, reflectors
    lower = 3 * n * k - m * k - k * k
    return 4 * m * n * k - 2 * (m + n) * k * k + lower + 4 * k * (k * k - 1) // 3


def householder_product(eqn: Any, rows: int, columns: int) -> int:
    """As many reflectors as there are scales, multiplied out."""
    return orgqr(rows, columns, eqn.invars[1].aval.shape[-1])


def qr(eqn: Any, rows: int, columns: int) -> int:
    """The factorisation, and the orthogonal factor multiplied out to the columns asked for."""
    reflectors = min(rows, columns)
    return geqrf(eqn, rows, columns) + orgqr(rows, eqn.outvars[0].aval.shape[-1], reflectors)


def ormqr(eqn: Any, _: int, __: int) -> int:
    """``4*m*n*k - 2*n*k**2 + 3*n*k`` to multiply m by n from the left. [LAWN] xORMQR."""
    k = eqn.invars[1].aval.shape[-1]
    m, n = eqn.invars[2].aval.shape[-2:]
    if eqn.params["left"]:
        return int(4 * m * n * k - 2 * n * k * k + 3 * n * k)
    return int(4 * m * n * k - 2 * m * k * k + 2 * m * k + n * k - k * (k - 1) // 2)


def triangular_solve(eqn: Any, n: int, _: int) -> int:
    """``n**2`` for each right-hand side, less n divisions for a unit diagonal. [GVL] 3.1."""
    right_hand_sides = eqn.invars[1].aval.shape[-1 if eqn.params["left_side"] else -2]
    return int(right_hand_sides * (n * n - n * eqn.params["unit_diagonal"]))


def eigh(_: Any, n: int, __: int) -> int:
    """``9 * n**3``: symmetric QR with the vectors accumulated. [GVL] 8.3.5."""
    return 9 * n**3


def eig(eqn: Any, n: int, _: int) -> int:
    """``25 * n**3`` with vectors, ``10 * n**3`` for eigenvalues alone. [GVL] 7.5.6."""
    params = eqn.params
    vectors = params["compute_left_eigenvectors"] or params["compute_right_eigenvectors"]
    return (25 if vectors else 10) * n**3


def schur(eqn: Any, n: int, _: int) -> int:
    """``25 * n**3`` with vectors, ``10 * n**3`` without. [GVL] 7.5.6."""
    return (25 if eqn.params["compute_schur_vectors"] else 10) * n**3


def svd(eqn: Any, rows: int, columns: int) -> int:
    """Golub and Reinsch's figures for m >= n: values, thin and full factors. [GVL] figure 8.6.1."""
    m, n = max(rows, columns), min(rows, columns)
    if not eqn.params["compute_uv"]:
        return 4 * m * n * n - 4 * n**3 // 3
    if not eqn.params["full_matrices"]:
        return 14 * m * n * n + 8 * n**3
    return 4 * m * m * n + 8 * m * n * n + 9 * n**3


def hessenberg(_: Any, n: int, __: int) -> int:
    """``10 * n**3 / 3``, the reflectors not multiplied out. [GVL] 7.4.3."""
    return 10 * n**3 // 3


def tridiagonal(_: Any, n: int, __: int) -> int:
    """``4 * n**3 / 3``, the reflectors not multiplied out. [GVL] 8.3.1."""
    return 4 * n**3 // 3


rule("cholesky")(each_matrix(cholesky, roots=True))
rule("lu")(each_matrix(lu))
rule("geqrf", "geqp3")(each_matrix(geqrf))
rule("householder_product")(each_matrix(householder_product))
rule("qr")(each_matrix(qr))
rule("ormqr")(each_matrix(ormqr))
rule("triangular_solve")(each_matrix(triangular_solve))
rule("eigh", "eigh_jacobi")(each_matrix(eigh))
rule("eig")(each_matrix(eig))
rule("schur")(each_matrix(schur))
rule("svd")(each_matrix(svd))
rule("hessenberg")(each_matrix(hessenberg))
rule("tridiagonal")(each_matrix(tridiagonal))


@rule("tridiagonal_solve")
def tridiagonal_solve(eqn: Any) -> Cost:
    """``3 * (n - 1)`` to eliminate and ``5 * n - 4`` for each right-hand side. [GVL] 4.3.6."""
    *batch, n, right_hand_sides = eqn.invars[3].aval.shape
    flops = 3 * (n - 1) + right_hand_sides * (5 * n - 4) if n else 0
    return Cost(flops=prod(batch) * flops, transcendentals=0, bytes_accessed=touched_bytes(eqn))


@rule("lu_pivots_to_permutation")
def lu_pivots_to_permutation(eqn: Any) -> Cost:
    """No work: entries are swapped. XLA counts the loop's own arithmetic."""
    return Cost(flops=0, transcendentals=0, bytes_accessed=touched_bytes(eqn))
