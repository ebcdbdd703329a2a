"""Flops of dense linear algebra, for one matrix.

JAX hands these to LAPACK or another library by a custom call, which XLA counts as -1 flop. The
forms are those of textbooks, whatever library runs. Square roots are no flops.

Sources: [GVL] Golub and Van Loan, Matrix Computations, 4th edition; [LAWN] LAPACK Working Note 41,
appendix C, which lists multiplications and additions apart: they are added here.
"""

from __future__ import annotations


def cholesky(n: int) -> int:
    """``n**3 / 3 + n**2 / 2 - 5 * n / 6`` divisions, multiplications and subtractions.

    Column j of n takes n - j divisions, and two flops for each element of the trailing triangle.
    [LAWN] has ``n`` more, the square roots. XLA counts ``n**3 / 3`` for its own instruction.
    """
    return n * (n - 1) // 2 + (n - 1) * n * (n + 1) // 3


def lu(rows: int, columns: int) -> int:
    """``m * n**2 - n**3 / 3`` and lower terms for m >= n: column by column, with pivots found free.

    Column k of the smaller side takes m - k divisions, and two flops for each of
    (m - k) * (n - k) elements. [GVL] 3.2; [LAWN] has reciprocals instead of divisions.
    """
    k = min(rows, columns)
    ones, squares = k * (k + 1) // 2, k * (k + 1) * (2 * k + 1) // 6
    divisions = rows * k - ones
    return divisions + 2 * (rows * columns * k - (rows + columns) * ones + squares)


def geqrf(rows: int, columns: int) -> int:
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


def ormqr(rows: int, columns: int, reflectors: int, *, left: bool) -> int:
    """``4*m*n*k - 2*n*k**2 + 3*n*k`` to multiply m by n from the left. [LAWN] xORMQR."""
    m, n, k = rows, columns, reflectors
    if left:
        return 4 * m * n * k - 2 * n * k * k + 3 * n * k
    return 4 * m * n * k - 2 * m * k * k + 2 * m * k + n * k - k * (k - 1) // 2


def triangular_solve(n: int, right_hand_sides: int, *, unit_diagonal: bool) -> int:
    """``n**2`` for each right-hand side, less n divisions for a unit diagonal. [GVL] 3.1.

    XLA counts ``2 * n**2`` for its own instruction, the half of the matrix that is zero included.
    """
    return right_hand_sides * (n * n - n * unit_diagonal)


def triangular_inverse(n: int) -> int:
    """``n**3 / 3``. [LAWN] xTRTRI."""
    return n**3 // 3


def tridiagonal_solve(n: int, right_hand_sides: int) -> int:
    """``3 * (n - 1)`` to eliminate and ``5 * n - 4`` for each right-hand side. [GVL] 4.3.6."""
    return 3 * (n - 1) + right_hand_sides * (5 * n - 4) if n else 0


def eigh(n: int) -> int:
    """``9 * n**3``: symmetric QR with the vectors accumulated. [GVL] 8.3.5."""
    return 9 * n**3


def eig(n: int, *, vectors: bool) -> int:
    """``25 * n**3`` with vectors, ``10 * n**3`` without, of a Schur form too. [GVL] 7.5.6."""
    return (25 if vectors else 10) * n**3


def svd(rows: int, columns: int, *, vectors: bool, full: bool) -> int:
    """Golub and Reinsch's figures for m >= n: values, thin and full factors. [GVL] figure 8.6.1."""
    m, n = max(rows, columns), min(rows, columns)
    if not vectors:
        return 4 * m * n * n - 4 * n**3 // 3
    if not full:
        return 14 * m * n * n + 8 * n**3
    return 4 * m * m * n + 8 * m * n * n + 9 * n**3


def hessenberg(n: int) -> int:
    """``10 * n**3 / 3``, the reflectors not multiplied out. [GVL] 7.4.3."""
    return 10 * n**3 // 3


def tridiagonal(n: int) -> int:
    """``4 * n**3 / 3``, the reflectors not multiplied out. [GVL] 8.3.1."""
    return 4 * n**3 // 3
