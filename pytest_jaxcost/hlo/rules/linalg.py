"""Factorizations and triangular solves, as instructions and as library functions.

Instructions follow `HloCostAnalysis`. Library functions that do the same work count the same; the
others have the leading terms of LAPACK's own counts (LAPACK Working Note 41). Iterative methods
(eigenvalues, singular values) have no closed form and no rule.
"""

from __future__ import annotations

import math

from pytest_jaxcost.hlo.cost import Work
from pytest_jaxcost.hlo.records import Shape
from pytest_jaxcost.hlo.registry import rule, target
from pytest_jaxcost.hlo.site import Site


def lapack(*names: str) -> tuple[str, ...]:
    """Return the targets of LAPACK routines for all four element types."""
    return tuple(f"lapack_{kind}{name}_ffi" for name in names for kind in "sdcz")


@rule("cholesky")
@target(*lapack("potrf"), "cusolver_potrf_ffi", "Cholesky")
def cholesky(site: Site) -> Work:
    """`n^3 / 3` flops a matrix. Source: `HloCostAnalysis::HandleCholesky`."""
    matrix = site.operand(0)
    return Work(matrix.size * matrix.dimensions[-1] // 3, 0)


@rule("triangular-solve")
@target("__cublas$triangularSolve")
@target(*lapack("trsm"), *(f"blas_{kind}trsm" for kind in "sdcz"))
def triangular_solve(site: Site) -> Work:
    """`2 * n` flops an element of the right-hand side, the zero half of the matrix included.

    Source: `HloCostAnalysis::HandleTriangularSolve`.
    """
    matrix, right = site.operand(0), site.operand(1)
    return Work(2 * matrix.dimensions[-1] * right.size, 0)


@target(*lapack("getrf"), "cusolver_getrf_ffi", "LuDecompositionBlock")
@target("LuRealDecompositionBlock")
def lu(site: Site) -> Work:
    """`k^2 (3 l - k) / 3` flops for k the shorter and l the longer side; `2 n^3 / 3` if square."""
    count, short, long = _sides(site.operand(0))
    return Work(count * (short * short * (3 * long - short) // 3), 0)


@target(*lapack("geqrf"), "cusolver_geqrf_ffi", "QrDecompositionBlock")
def qr(site: Site) -> Work:
    """`2 k^2 (3 l - k) / 3` flops for k the shorter and l the longer side."""
    count, short, long = _sides(site.operand(0))
    return Work(count * (2 * short * short * (3 * long - short) // 3), 0)


@target(*lapack("orgqr", "ungqr"), "cusolver_orgqr_ffi")
def q_of_qr(site: Site) -> Work:
    """`4mnk - 2(m + n)k^2 + 4k^3/3` flops for k reflectors and a Q of m by n."""
    matrix, reflectors = site.operand(0), site.operand(1).dimensions[-1]
    m, n = matrix.dimensions[-2:]
    k = reflectors
    flops = (12 * m * n * k - 6 * (m + n) * k * k + 4 * k**3) // 3
    return Work(math.prod(matrix.dimensions[:-2]) * flops, 0)


@target("InvertDiagBlocksLowerTriangular", "InvertDiagBlocksUpperTriangular")
def triangular_inverse(site: Site) -> Work:
    """`n^3 / 3` flops a matrix."""
    matrix = site.operand(0)
    return Work(matrix.size * matrix.dimensions[-1] // 3, 0)


def _sides(matrix: Shape) -> tuple[int, int, int]:
    """Return the number of matrices, and their shorter and longer side."""
    short, long = sorted(matrix.dimensions[-2:])
    return math.prod(matrix.dimensions[:-2]), short, long
