"""Factorizations and triangular solves, as instructions and as library functions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeAlias

from pytest_jaxcost.formulas import linalg
from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.registry import rule, target
from pytest_jaxcost.hlo.site import Site

Flops: TypeAlias = "Callable[[Site, int, int], int | None]"
"""The flops for one matrix of so many rows and columns; None if the call hides its options."""

_OPTION = re.compile(r"(\w+) = ([\w.-]+)")


def libraries(lapack: str, *others: str) -> tuple[str, ...]:
    """Return the targets of LAPACK's routines for all four element types, and of other libraries.

    Routines of symmetric and of orthogonal matrices have other names for complex ones.
    """
    real, _, complex_ = lapack.partition("/")
    names = {"s": real, "d": real, "c": complex_ or real, "z": complex_ or real}
    return (*(f"lapack_{kind}{name}_ffi" for kind, name in names.items()), *others)


def each_matrix(*targets: str) -> Callable[[Flops], Flops]:
    """A decorator that prices library functions by the flops for each matrix of the first operand.

    A batch of matrices is one call.
    """

    def register(flops: Flops) -> Flops:
        @target(*targets)
        def per_matrix(site: Site) -> Cost | None:
            *batch, rows, columns = site.operand(0).dimensions
            each = flops(site, rows, columns)
            return None if each is None else Cost(math.prod(batch) * each)

        return flops

    return register


LU = libraries("getrf", "cusolver_getrf_ffi", "LuDecompositionBlock", "LuRealDecompositionBlock")
QR = (*libraries("geqrf", "cusolver_geqrf_ffi", "QrDecompositionBlock"), *libraries("geqp3"))
INVERSE = ("InvertDiagBlocksLowerTriangular", "InvertDiagBlocksUpperTriangular")

each_matrix(*LU)(lambda _, rows, columns: linalg.lu(rows, columns))
each_matrix(*QR)(lambda _, rows, columns: linalg.geqrf(rows, columns))
each_matrix(*INVERSE)(lambda _, n, __: linalg.triangular_inverse(n))
each_matrix(*libraries("syevd/heevd", "cusolver_syevd_ffi"))(lambda _, n, __: linalg.eigh(n))
each_matrix(*libraries("gehrd"))(lambda _, n, __: linalg.hessenberg(n))
each_matrix(*libraries("sytrd/hetrd", "cusolver_sytrd_ffi"))(lambda _, n, __: linalg.tridiagonal(n))


@rule("cholesky")
@target(*libraries("potrf", "cusolver_potrf_ffi", "Cholesky"))
def cholesky(site: Site) -> Cost:
    """The closed form, and a square root a column."""
    *batch, _, n = site.operand(0).dimensions
    matrices = math.prod(batch)
    return Cost(matrices * linalg.cholesky(n), matrices * n)


@rule("triangular-solve")
@target("__cublas$triangularSolve", *libraries("trsm", *(f"blas_{kind}trsm" for kind in "sdcz")))
def triangular_solve(site: Site) -> Cost:
    """The elements of the right-hand sides are n for each; no unit diagonal if nothing says so."""
    n, right = site.operand(0).dimensions[-1], site.operand(1).size
    said = {site.instruction.attributes.get("unit_diagonal"), _options(site).get("diag")}
    unit_diagonal = bool(said & {"true", str(ord("U"))})
    count = right // n if n else 0
    return Cost(linalg.triangular_solve(n, count, unit_diagonal=unit_diagonal))


@each_matrix(*libraries("orgqr/ungqr", "cusolver_orgqr_ffi"))
def q_of_qr(site: Site, rows: int, columns: int) -> int:
    """As many reflectors as there are scales, multiplied out."""
    return linalg.orgqr(rows, columns, site.operand(1).dimensions[-1])


@each_matrix(*libraries("ormqr/unmqr", "cusolver_ormqr_ffi"))
def product_with_q(site: Site, _: int, __: int) -> int | None:
    """The reflectors multiplied with the third operand."""
    rows, columns = site.operand(2).dimensions[-2:]
    left = _options(site).get("left")
    reflectors = site.operand(1).dimensions[-1]
    return None if left is None else linalg.ormqr(rows, columns, reflectors, left=left == "true")


@each_matrix(*libraries("geev", "cusolver_geev_ffi"), *libraries("gees"))
def eig(site: Site, n: int, _: int) -> int | None:
    """With vectors, of either side, or without."""
    options = _options(site)
    sides = {
        options.get(name) for name in ("compute_left", "compute_right", "left", "right", "mode")
    }
    return linalg.eig(n, vectors=bool(sides & {"true", str(ord("V"))})) if options else None


@each_matrix(*libraries("gesdd"), *libraries("gesvd"))
def svd_by_mode(site: Site, rows: int, columns: int) -> int | None:
    """Full factors by the mode A, thin ones by S, values alone by N."""
    mode = _options(site).get("mode")
    if mode is None:
        return None
    letter = chr(int(mode))
    return linalg.svd(rows, columns, vectors=letter != "N", full=letter == "A")


@each_matrix(*(f"cusolver_{name}_ffi" for name in ("gesvd", "gesvdj", "gesvdp")))
def svd(site: Site, rows: int, columns: int) -> int | None:
    """Values alone, or with thin or full factors."""
    options = _options(site)
    vectors, full = (options.get(name) == "true" for name in ("compute_uv", "full_matrices"))
    return linalg.svd(rows, columns, vectors=vectors, full=full) if options else None


@target(*libraries("gtsv", "cusparse_gtsv2_ffi"))
def tridiagonal_solve(site: Site) -> Cost:
    """The closed form for each system of the batch."""
    *batch, n, right_hand_sides = site.operand(3).dimensions
    return Cost(math.prod(batch) * linalg.tridiagonal_solve(n, right_hand_sides))


def _options(site: Site) -> dict[str, str]:
    """Return the options of a library call, letters by their code; JAX 0.8 shows some too late."""
    config = site.instruction.backend_config
    return dict(_OPTION.findall(config)) if isinstance(config, str) else {}
