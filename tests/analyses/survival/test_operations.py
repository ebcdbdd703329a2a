"""How many operations survive compilation, against the program that a person would write."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from pytest_jaxcost import measure
from pytest_jaxcost.report import Report
from tests.analyses.survival import transformer
from tests.analyses.survival.survivals import about
from tests.analyses.survival.transformer import f32

STEPS = 30
W, X, XS = f32(20, 20), f32(20), f32(STEPS, 20)
ROUND = 0.05
"""What fusing computes more or less often."""


def recurrent(w: Any, xs: Any) -> Any:
    """The last state and the mean state."""
    return lax.scan(lambda h, x: (jnp.tanh(w @ h + x), h), xs[0], xs)


def last_and_mean_apart(w: Any, xs: Any) -> Any:
    return recurrent(w, xs)[0], recurrent(w, xs)[1].mean(0)


def last_and_mean(w: Any, xs: Any) -> Any:
    last, states = recurrent(w, xs)
    return last, states.mean(0)


def folded(w: Any, x: Any) -> Any:
    return lax.scan(lambda h, _: (jnp.sin(w @ h), None), x, None, length=STEPS)[0].sum()


def value_beside_gradient(w: Any, x: Any) -> Any:
    return folded(w, x), jax.grad(folded, 1)(w, x)


def value_with_gradient(w: Any, x: Any) -> Any:
    return jax.value_and_grad(folded, 1)(w, x)


def two_jvps(w: Any, x: Any, u: Any, v: Any) -> Any:
    return [jax.jvp(folded, (w, x), (jnp.zeros_like(w), each))[1] for each in (u, v)]


def product_in_a_test(w: Any, v: Any, x: Any) -> Any:
    return lax.while_loop(lambda c: c.sum() < (w @ v).sum(), lambda c: jnp.cos(c) + c, x)


def outer(a: Any, b: Any) -> Any:
    return lax.dot_general(a, b, (((), ()), ((), ())))


def abs_for_nothing(a: Any, b: Any) -> Any:
    _ = jnp.stack([abs(a), abs(b)])
    return abs(a) + abs(b)


def conjugate_gradients(w: Any, b: Any) -> Any:
    x, r, p = jnp.zeros_like(b), b, b
    for _ in range(4):
        a = (r @ r) / (p @ (w @ p)); x, r, s = x + a * p, r - a * (w @ p), r @ r; p = r + (r @ r) / s * p  # noqa: E702, E501  # fmt: skip
    return x


def operations(report: Report) -> int:
    return report.compiled.flops + report.compiled.transcendentals


def surviving(report: Report, kind: str) -> int:
    found = report._measurement.judged(kind).surviving
    return found.flops + found.transcendentals


@pytest.mark.parametrize(
    ("again", "better", "avals"),
    [
        (last_and_mean_apart, last_and_mean, (W, XS)),
        (value_beside_gradient, value_with_gradient, (W, X)),
    ],
)
def test_what_survives_of_repetitions_is_what_the_better_way_saves(
    again: Any, better: Any, avals: tuple[Any, ...]
) -> None:
    report = measure(again, avals)
    saved = operations(report) - operations(measure(better, avals))
    assert surviving(report, "duplicates") == pytest.approx(saved, rel=ROUND)


def test_a_loop_run_again_survives_with_all_of_its_work() -> None:
    found = measure(last_and_mean_apart, (W, XS))._measurement.judged("duplicates")
    assert {each.survival for each in found} == {"survives"}
    assert {"dot_general", "tanh"} <= {each.primitive for each in found.equations}
    dots = [each for each in found.equations if each.primitive == "dot_general"]
    assert sum(each.flops for each in dots) == 2 * 20 * 20 * STEPS
    assert sum(each.surviving_operations for each in found) == found.operations


def test_about_a_tenth_of_a_transformer_called_twice_is_merged() -> None:
    report = measure(transformer.twice, transformer.ARGUMENTS)
    found = report._measurement.judged("duplicates")
    saved = operations(report) - operations(measure(transformer.once, transformer.ARGUMENTS))
    assert surviving(report, "duplicates") == pytest.approx(saved, rel=ROUND)
    assert saved / (found.flops + found.transcendentals) == pytest.approx(0.9, abs=ROUND)
    assert not found.undecided


@pytest.mark.parametrize(
    ("kind", "primitive", "function", "avals"),
    [
        ("duplicates", "dot_general", two_jvps, (W, X, X, X)),
        ("duplicates", "sin", two_jvps, (W, X, X, X)),
        ("loop_invariants", "dot_general", product_in_a_test, (W, X, X)),
        ("zeros", "dot_general", jax.jacfwd(outer, (0, 1)), (X, f32(30))),
    ],
)
def test_what_no_compiler_removes_survives(
    kind: str, primitive: str, function: Any, avals: tuple[Any, ...]
) -> None:
    found = measure(function, avals)._measurement.judged(kind)
    assert {each.survival for each in about(found, primitive)} == {"survives"}


@pytest.mark.parametrize(
    ("function", "avals"), [(abs_for_nothing, (X, X)), (conjugate_gradients, (W, X))]
)
def test_what_is_dead_never_survives(function: Any, avals: tuple[Any, ...]) -> None:
    report = measure(function, avals)
    dead = report._measurement.judged("dead")
    assert {each.survival for each in dead} <= {"removed"}
    assert surviving(report, "dead") == 0
