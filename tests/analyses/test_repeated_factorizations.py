"""One matrix factored twice, under another guise or with other flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg as jsl
import numpy as np
import pytest
from jax import lax
from jax.numpy import linalg

from pytest_jaxcost import measure
from pytest_jaxcost.analyses import Facts
from pytest_jaxcost.analyses.repeated_factorizations import repeated_factorizations
from pytest_jaxcost.rewrite.edits import Replace
from pytest_jaxcost.rewrite.rewriting import rewrite
from tests.laws.evaluate import reference

N = 16
V = np.linspace(0, 1, N).astype("float32")
A = (N * np.eye(N) + np.outer(V, V)).astype("float32")

CHOLESKY = (N**3 - N) // 3 + N * (N - 1) // 2
LU = (4 * N**3 - 3 * N**2 - N) // 6
SYMMETRIZE = 2 * N * N
"""A sum and a division for each element."""
TRIANGLE = 3 * N * N
"""What ``jnp.tril`` of a factor costs: two index operations and a choice for each element."""


def lower(a: Any) -> Any:
    return linalg.cholesky(a, symmetrize_input=False)


def determinant(lu: Any) -> Any:
    return jnp.log(jnp.abs(jnp.diag(lu))).sum()


def solve_and_determinant(a: Any, b: Any) -> Any:
    lu, pivots, _ = lax.linalg.lu(a)
    return linalg.solve(a, b), determinant(lu), pivots


def both_from_one(a: Any, b: Any) -> Any:
    lu, pivots = jsl.lu_factor(a)
    return jsl.lu_solve((lu, pivots), b), determinant(lu), pivots


def there_and_back(a: Any, b: Any) -> Any:
    return linalg.solve(a, b), linalg.solve(a.T, b)


def there_and_back_from_one(a: Any, b: Any) -> Any:
    factors = jsl.lu_factor(a)
    return jsl.lu_solve(factors, b), jsl.lu_solve(factors, b, trans=1)


def cholesky_twice(a: Any, b: Any) -> Any:
    return linalg.cholesky(a), jsl.cho_solve((lower(a), True), b)


def cholesky_once(a: Any, b: Any) -> Any:
    factor = lower(a)
    return factor, jsl.cho_solve((factor, True), b)


def symmetrized_by_hand(a: Any, b: Any) -> Any:
    return lower((a + a.T) / 2), lower(a) @ b


def symmetric_once(a: Any, b: Any) -> Any:
    factor = lower(a)
    return factor, factor @ b


# wasteful, what to write instead, flops of the second factorization, and of what goes with it
NOISY: dict[str, tuple[Any, Any, str, int, int]] = {
    "cholesky, symmetrized once": (
        cholesky_twice,
        cholesky_once,
        "symmetrize it once",
        CHOLESKY + SYMMETRIZE,
        TRIANGLE,  # equal once the factors are
    ),
    "cholesky, symmetrized by hand": (
        symmetrized_by_hand,
        symmetric_once,
        "symmetrize it once",
        CHOLESKY + SYMMETRIZE,
        TRIANGLE,  # equal once the factors are
    ),
    "solve with the transpose": (
        there_and_back,
        there_and_back_from_one,
        "trans=1",
        LU - 4 * N,  # lu_solve makes the pivots a permutation for each of its calls
        0,
    ),
    "cholesky of the transpose": (
        lambda a, b: (lower(a), lower(a.T) @ b),
        symmetric_once,
        "transpose",
        CHOLESKY,
        TRIANGLE,
    ),
}


@pytest.mark.parametrize(("fn", "instead", "hint", "flops", "more"), NOISY.values(), ids=NOISY)
def test_one_factorization_does_for_both(
    fn: Any, instead: Any, hint: str, flops: int, more: int
) -> None:
    report, better = measure(fn, (A, V)), measure(instead, (A, V))
    (found,) = report.repeated_factorizations
    assert (found.count, found.flops) == (1, flops)
    assert hint in found.hint
    assert found.places
    assert better.metrics["repeated_factorizations"] == 0
    assert report.flops - better.flops == pytest.approx(flops + more, rel=0.01)


FLAGS: dict[str, tuple[Any, Any]] = {
    "singular values and vectors": (
        lambda a: (linalg.svd(a), linalg.svd(a, compute_uv=False)),
        lambda a: (lambda u, s, v: ((u, s, v), s))(*linalg.svd(a)),
    ),
    "full and reduced": (
        lambda a: (linalg.svd(a[:, :4]), linalg.svd(a[:, :4], full_matrices=False)),
        lambda a: (lambda u, s, v: ((u, s, v), (u[:, :4], s, v)))(*linalg.svd(a[:, :4])),
    ),
    "norm beside pinv": (
        lambda a: (linalg.svd(a), linalg.norm(a, 2)),
        lambda a: (lambda u, s, v: ((u, s, v), s.max()))(*linalg.svd(a)),
    ),
    "qr, complete and reduced": (
        lambda a: (linalg.qr(a[:, :4]), linalg.qr(a[:, :4], mode="complete")),
        lambda a: (lambda q, r: ((q[:, :4], r[:4]), (q, r)))(*linalg.qr(a[:, :4], mode="complete")),
    ),
    "singular values of the transpose": (
        lambda a: (linalg.svd(a), linalg.svd(a.T)),
        lambda a: (lambda u, s, v: ((u, s, v), (v.T, s, u.T)))(*linalg.svd(a)),
    ),
    "a batch": (
        lambda a: jax.vmap(lambda a: (linalg.svd(a), linalg.svd(a, compute_uv=False)))(a[None]),
        lambda a: jax.vmap(lambda a: linalg.svd(a))(a[None]),
    ),
}


@pytest.mark.parametrize(("fn", "instead"), FLAGS.values(), ids=FLAGS)
def test_the_factorization_that_gives_more_is_enough(fn: Any, instead: Any) -> None:
    report, better = measure(fn, (A,)), measure(instead, (A,))
    (found,) = report.repeated_factorizations
    assert better.metrics["repeated_factorizations"] == 0
    assert found.primitive in better.primitives
    assert report.flops - better.flops == pytest.approx(found.flops, rel=0.01)


QUIET: dict[str, Callable[[Any, Any], Any]] = {
    "one": lambda a, b: linalg.cholesky(a) @ b,
    "factors used twice": both_from_one,
    "two matrices": lambda a, b: (lower(a), lower(a + 1)),
    "two factorizations": lambda a, b: (lower(a), linalg.solve(a, b)),
    "a QR of the transpose": lambda a, b: (linalg.qr(a), linalg.qr(a.T)),
    "branches": lambda a, b: lax.cond(b[0] > 0, lambda: lower(a), lambda: linalg.cholesky(a)),
    "a gradient": jax.grad(lambda a, b: lower(a).sum() + linalg.solve(a, b).sum()),
    "equal ones, which are duplicates": lambda a, b: (lower(a) @ b, lower(a)),
    "a sum that is not the mean": lambda a, b: (lower(a), lower((a + a.T) / 3)),
    "halves of two matrices": lambda a, b: (lower(a), lower((a + (2 * a).T) / 2)),
    "axes that are no matrix's": lambda a, b: (
        linalg.svd(jnp.stack([a, a]), compute_uv=False),
        linalg.svd(jnp.stack([a, a]).transpose(1, 0, 2), compute_uv=False),
    ),
}


@pytest.mark.parametrize("fn", QUIET.values(), ids=QUIET)
def test_healthy_linear_algebra_is_quiet(fn: Callable[[Any, Any], Any]) -> None:
    measure(fn, (A, V)).check(repeated_factorizations=0)


def test_what_is_equal_is_a_duplicate_and_counted_once() -> None:
    report = measure(lambda a: (lower(a) + 1, lower(a) + 2, linalg.cholesky(a)), (A,))
    assert report.repeated_factorizations.flops == CHOLESKY + SYMMETRIZE
    cholesky = [each for each in report.duplicates.equations if each.primitive == "cholesky"]
    assert [each.flops for each in cholesky] == [CHOLESKY]


def test_what_one_expression_factors_twice_is_from_jax() -> None:
    @jax.jit
    def library(a: Any) -> Any:
        return linalg.svd(a), linalg.svd(a, compute_uv=False)

    report = measure(lambda a: linalg.cond(a), (A,))
    assert report.repeated_factorizations.eqns == report.repeated_factorizations.from_jax.eqns == 0
    assert measure(library, (A,)).repeated_factorizations.eqns == 1


def test_twins_of_a_matrix_lead_to_equal_factors() -> None:
    assert np.allclose(linalg.cholesky(A), lower(A), atol=1e-5)
    for first, second in zip(solve_and_determinant(A, V), both_from_one(A, V), strict=True):
        assert np.allclose(first, second, atol=1e-4)
    for first, second in zip(there_and_back(A, V), there_and_back_from_one(A, V), strict=True):
        assert np.allclose(first, second, atol=1e-4)


@pytest.mark.parametrize("transform", [lambda f: f, jax.grad])
def test_a_solve_and_a_determinant_factor_the_same_matrix_twice(transform: Any) -> None:
    def both(a: Any, b: Any) -> Any:
        return b @ jnp.linalg.solve(a, b) + jnp.linalg.slogdet(a)[1]

    report = measure(transform(both), (A, V))
    assert report.repeated_factorizations.eqns == 0
    (repeated,) = (each for each in report.duplicates.equations if each.primitive == "lu")
    assert repeated.flops == repeated.count * measure(jax.scipy.linalg.lu_factor, (A,)).flops


def results(fn: Any, args: Any, change: Callable[[Replace], Replace] = lambda each: each) -> Any:
    """What the program returns, and what it returns with one factorization for two."""
    facts = Facts(jax.make_jaxpr(fn)(*args))
    edits = [change(edit) for each in repeated_factorizations(facts) for edit in each.edits]
    rewritten = rewrite(facts.program, edits)
    assert edits
    assert not rewritten.refused
    return reference(facts.jaxpr, args), reference(rewritten.jaxpr(facts.jaxpr), args)


def agree(one: Any, other: Any) -> bool:
    pairs = zip(one, other, strict=True)
    return all(np.allclose(np.abs(a), np.abs(b), rtol=1e-3, atol=1e-4) for a, b in pairs)


SYMMETRIC = {name: (row[0], (A, V)) for name, row in NOISY.items()}
GENERAL = {name: (row[0], (A + np.triu(A) / 9,)) for name, row in FLAGS.items()}
OTHER_SIGNS = "singular values of the transpose"
WRITTEN = {k: row for k, row in {**SYMMETRIC, **GENERAL}.items() if k != OTHER_SIGNS}


@pytest.mark.parametrize(("fn", "args"), WRITTEN.values(), ids=WRITTEN)
def test_the_program_with_one_factorization_computes_the_same(fn: Any, args: Any) -> None:
    assert agree(*results(fn, args))


def test_a_wrong_factor_does_not_pass() -> None:
    def wrong(edit: Replace) -> Replace:
        function = edit.function
        return edit._replace(function=lambda *arrays: [each + 1 for each in function(*arrays)])

    assert not agree(*results(cholesky_twice, (A, V), wrong))


# why there is no edit, and the price is that of the factorization alone
REASONS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    OTHER_SIGNS: (lambda a, b: (linalg.svd(a), linalg.svd(a.T)), "may have other signs"),
    "a determinant of the transpose": (
        lambda a, b: (linalg.solve(a, b), linalg.slogdet(a.T)),
        "used for more than solving",
    ),
    "the larger one inside": (
        lambda a, b: (
            linalg.svd(a, compute_uv=False),
            lax.scan(lambda c, _: (c + linalg.svd(a)[0], None), a, None, 2),
        ),
        "does not see into",
    ),
}


@pytest.mark.parametrize(("fn", "reason"), REASONS.values(), ids=REASONS)
def test_what_cannot_be_written_down_says_why(fn: Any, reason: str) -> None:
    found = measure(fn, (A, V)).repeated_factorizations
    assert any(reason in each.no_edit for each in found)
    assert found.flops > 0
