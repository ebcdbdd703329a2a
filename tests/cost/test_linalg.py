"""The closed forms are what textbook algorithms do, counted one operation at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jax import lax
from jax.extend.core import Primitive

from pytest_jaxcost.cost.deviations import LINALG
from pytest_jaxcost.cost.price import price
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import RULES
from tests.cost.equations import equation
from tests.cost.programs import array

linalg = lax.linalg


def priced(name: str, function: Callable[..., Any], *args: str) -> Cost:
    cost = price(equation(name, function, *map(array, args)))
    assert cost is not None
    return cost


def count_cholesky(n: int) -> tuple[int, int]:
    flops = roots = 0
    for j in range(n):
        roots += 1
        for i in range(j + 1, n):
            flops += 1  # divide by the root
            flops += 2 * (i - j)  # subtract the product from row i of the triangle
    return flops, roots


def count_lu(m: int, n: int) -> int:
    flops = 0
    for j in range(min(m, n)):
        for _ in range(j + 1, m):
            flops += 1 + 2 * (n - j - 1)
    return flops


def count_solve(n: int, right_hand_sides: int, *, unit: bool) -> int:
    return right_hand_sides * sum(2 * row + (not unit) for row in range(n))


def count_thomas(n: int, right_hand_sides: int) -> int:
    flops = 0
    for row in range(n):
        eliminated = row > 0
        flops += 3 * eliminated  # the ratio, and the diagonal less its product
        flops += 2 * eliminated * right_hand_sides
        flops += (1 + 2 * (row < n - 1)) * right_hand_sides  # back substitution
    return flops


def count_householder_qr(m: int, n: int) -> int:
    flops = 0
    for j in range(min(m, n)):
        flops += 3 * (m - j)  # norm and scaling of the reflector
        flops += 4 * (m - j) * (n - j - 1)
    return flops


def count_reflectors_multiplied_out(m: int, n: int, k: int) -> int:
    return sum(4 * (m - j) * (n - j) for j in range(k))


@pytest.mark.parametrize("n", [0, 1, 2, 5, 12])
def test_cholesky(n: int) -> None:
    flops, roots = count_cholesky(n)
    cost = priced("cholesky", linalg.cholesky, f"f32[2,{n},{n}]")
    assert (cost.flops, cost.transcendentals) == (2 * flops, 2 * roots)


@pytest.mark.parametrize(("m", "n"), [(1, 1), (5, 5), (7, 4), (4, 7), (12, 1), (1, 12)])
def test_lu(m: int, n: int) -> None:
    assert priced("lu", linalg.lu, f"c64[2,3,{m},{n}]").flops == 6 * count_lu(m, n)


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("unit", [False, True])
def test_triangular_solve(n: int, unit: bool) -> None:
    left = priced(
        "triangular_solve",
        lambda a, b: linalg.triangular_solve(a, b, left_side=True, unit_diagonal=unit),
        *(f"f32[2,{n},{n}]", f"f32[2,{n},3]"),
    )
    right = priced(
        "triangular_solve",
        lambda a, b: linalg.triangular_solve(a, b, left_side=False, unit_diagonal=unit),
        *(f"f32[2,{n},{n}]", f"f32[2,3,{n}]"),
    )
    assert left == right
    assert left.flops == 2 * count_solve(n, 3, unit=unit)


@pytest.mark.parametrize("n", [1, 2, 9])
def test_tridiagonal_solve(n: int) -> None:
    diagonal = f"f32[2,{n}]"
    cost = priced(
        "tridiagonal_solve",
        linalg.tridiagonal_solve,
        *(diagonal, diagonal, diagonal, f"f32[2,{n},3]"),
    )
    assert cost.flops == 2 * count_thomas(n, 3)


@pytest.mark.parametrize(("m", "n"), [(80, 60), (60, 80), (70, 70)])
def test_qr(m: int, n: int) -> None:
    """The forms of LAPACK differ from a plain program's in the lower terms alone."""
    k = min(m, n)
    factored, out = count_householder_qr(m, n), count_reflectors_multiplied_out(m, m, k)
    x, scales = f"f32[{m},{n}]", f"f32[{k}]"
    full = priced("qr", lambda a: linalg.qr(a, full_matrices=True), x)
    thin = priced("qr", lambda a: linalg.qr(a, full_matrices=False), x)
    product = priced("householder_product", linalg.householder_product, f"f32[{m},{k}]", scales)
    assert full.flops == pytest.approx(factored + out, rel=0.03)
    multiplied = count_reflectors_multiplied_out(m, k, k)
    assert thin.flops == pytest.approx(factored + multiplied, rel=0.03)
    assert product.flops == pytest.approx(multiplied, rel=0.03)


@pytest.mark.parametrize(
    ("name", "function", "args", "flops"),
    [
        ("eigh", linalg.eigh, "f32[2,6,6]", 2 * 9 * 6**3),
        ("eig", linalg.eig, "f32[2,6,6]", 2 * 25 * 6**3),
        (
            "eig",
            lambda x: linalg.eig(
                x, compute_left_eigenvectors=False, compute_right_eigenvectors=False
            ),
            "f32[6,6]",
            10 * 6**3,
        ),
        ("schur", linalg.schur, "f32[6,6]", 25 * 6**3),
        ("schur", lambda x: linalg.schur(x, compute_schur_vectors=False), "f32[6,6]", 10 * 6**3),
        ("svd", lambda x: linalg.svd(x, compute_uv=False), "f32[9,6]", 4 * 9 * 36 - 4 * 216 // 3),
        ("svd", lambda x: linalg.svd(x, compute_uv=False), "f32[6,9]", 4 * 9 * 36 - 4 * 216 // 3),
        ("svd", lambda x: linalg.svd(x, full_matrices=False), "f32[9,6]", 14 * 9 * 36 + 8 * 216),
        ("svd", linalg.svd, "f32[9,6]", 4 * 81 * 6 + 8 * 9 * 36 + 9 * 216),
        ("hessenberg", linalg.hessenberg, "f32[6,6]", 10 * 6**3 // 3),
        ("tridiagonal", linalg.tridiagonal, "f32[2,6,6]", 2 * (4 * 6**3 // 3)),
    ],
)
def test_iterative_methods_have_the_textbook_s_figure(
    name: str, function: Callable[..., Any], args: str, flops: int
) -> None:
    assert priced(name, function, args).flops == flops


def test_every_custom_call_to_lapack_has_a_form() -> None:
    assert set(LINALG) <= RULES.keys()
    wrappers = [value for value in vars(linalg).values() if isinstance(value, Primitive)]
    assert {primitive.name for primitive in wrappers} <= {
        *(*LINALG, "lu_pivots_to_permutation"),
        *("cholesky_update", "symmetric_product"),  # lower to what XLA counts
    }


@pytest.mark.parametrize("name", ["geqrf", "geqp3"])
def test_the_factorization_alone_is_the_rest_of_qr(name: str) -> None:
    whole = equation("qr", lambda a: linalg.qr(a, full_matrices=True), array("f32[9,6]"))
    product = equation(
        "householder_product", linalg.householder_product, array("f32[9,9]"), array("f32[6]")
    )
    assert (
        RULES[name](whole).flops
        == RULES["qr"](whole).flops - RULES["householder_product"](product).flops
    )


@pytest.mark.skipif(not hasattr(linalg, "ormqr"), reason="from JAX 0.10")
def test_ormqr() -> None:
    def applied(left: bool) -> Callable[..., Any]:
        return lambda a, t, c: linalg.ormqr(a, t, c, left=left)

    reflectors = ("f32[80,60]", "f32[60]")
    left = priced("ormqr", applied(True), *reflectors, "f32[80,70]")
    right = priced("ormqr", applied(False), *reflectors, "f32[70,80]")
    each = sum(4 * (80 - j) * 70 for j in range(60))
    assert left.flops == pytest.approx(each, rel=0.03)
    assert right.flops == pytest.approx(each, rel=0.03)
