"""Programs of every primitive that becomes a library call."""

from __future__ import annotations

from collections.abc import Iterator

from jax import lax

from tests.cost.programs import Program, program

linalg = lax.linalg


def _linalg() -> Iterator[Program]:
    square, batch = "f32[9,9]", "f64[2,9,9]"
    for x in (square, batch, "c64[2,9,9]"):
        yield from (
            program(f"cholesky {x}", lambda a: linalg.cholesky(a, symmetrize_input=False), x),
            program(f"lu {x}", linalg.lu, x),
            program(f"qr {x}", linalg.qr, x),
            program(f"eigh {x}", lambda a: linalg.eigh(a, symmetrize_input=False), x),
            program(f"svd {x}", linalg.svd, x),
            program(f"eig {x}", linalg.eig, x),
            program(f"schur {x}", linalg.schur, x),
            program(f"hessenberg {x}", linalg.hessenberg, x),
            program(f"tridiagonal {x}", linalg.tridiagonal, x),
        )
    for x in ("f32[9,6]", "f32[6,9]"):
        yield from (
            program(f"lu {x}", linalg.lu, x),
            program(f"qr full {x}", lambda a: linalg.qr(a, full_matrices=True), x),
            program(f"qr thin {x}", lambda a: linalg.qr(a, full_matrices=False), x),
            program(f"qr pivoted {x}", lambda a: linalg.qr(a, pivoting=True), x),
            program(f"svd thin {x}", lambda a: linalg.svd(a, full_matrices=False), x),
            program(f"svd values {x}", lambda a: linalg.svd(a, compute_uv=False), x),
        )
    yield from (
        program(
            "eig values",
            lambda a: linalg.eig(
                a, compute_left_eigenvectors=False, compute_right_eigenvectors=False
            ),
            square,
        ),
        program("schur values", lambda a: linalg.schur(a, compute_schur_vectors=False), square),
        program("householder_product", linalg.householder_product, "f32[9,6]", "f32[6]"),
        program("householder_product c64", linalg.householder_product, "c64[9,6]", "c64[6]"),
        program("tridiagonal_solve", linalg.tridiagonal_solve, *["f32[2,9]"] * 3, "f32[2,9,3]"),
    )
    if "ormqr" in vars(linalg):  # from JAX 0.10
        for left, x in ((True, "f32[9,4]"), (False, "f32[4,9]")):
            yield program(
                f"ormqr {left}",
                lambda a, t, c, left=left: linalg.ormqr(a, t, c, left=left),
                *("f32[9,6]", "f32[6]", x),
            )


def _triangular() -> Iterator[Program]:
    for unit in (False, True):
        for left, x in ((True, "[100,3]"), (False, "[3,100]")):
            for dtype, batch in (("f32", ""), ("c64", "2,")):
                yield program(
                    f"triangular_solve {unit} {left} {dtype}",
                    lambda a, b, unit=unit, left=left: linalg.triangular_solve(
                        a, b, left_side=left, unit_diagonal=unit
                    ),
                    *(f"{dtype}[{batch}100,100]", f"{dtype}[{batch}{x[1:]}"),
                )


PROGRAMS = (*_linalg(), *_triangular())
