"""Limits in proportion to another function, which is measured with the same arguments."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import CostError, LimitError, measure
from pytest_jaxcost.api import measure_jaxpr

from .programs import block, run

X = jnp.ones((4, 4))


def loss(w: Any, x: Any, *, power: int = 1) -> Any:
    return jnp.sum(jnp.sin(x @ w) ** power)


def test_a_function_is_measured_with_the_same_arguments() -> None:
    gradient, forward = measure(jax.grad(loss), (X, X)), measure(loss, (X, X))
    for times in (2, 3, 4):
        kept = gradient.flops <= times * forward.flops
        for other in (loss, forward):
            try:
                gradient.check(max_flops=f"{times}x", relative_to=other)
            except CostError as error:
                assert not kept
                (verdict,) = error.verdicts
                assert verdict.relative is not None
                assert verdict.relative.value == forward.flops
            else:
                assert kept


def test_keywords_and_static_arguments_are_the_same() -> None:
    cube = jax.jit(loss, static_argnames="power")
    twice = jax.jit(lambda w, x, *, power: 2 * cube(w, x, power=power), static_argnames="power")
    report = measure(twice, (X, X), {"power": 3})
    report.check(primitives={"integer_pow": "1x"}, max_flops="1.1x", relative_to=cube)


def test_a_function_that_no_multiple_asks_for_is_not_measured() -> None:
    def never(*_: Any) -> Any:
        raise AssertionError

    measure(loss, (X, X)).check(max_flops="1 MFLOP", relative_to=never)


def test_a_part_is_compared_with_the_same_part() -> None:
    report = measure(jax.grad(loss), (X, X))
    phases = {"forward": {"max_transcendentals": "2x"}}
    report.check(phases=phases, relative_to=loss)
    with pytest.raises(CostError):
        report.check(phases={"forward": {"max_transcendentals": "0.9x"}}, relative_to=loss)


def test_without_the_arguments_there_is_nothing_to_measure() -> None:
    report = measure_jaxpr(jax.make_jaxpr(loss)(X, X), name="loss")
    with pytest.raises(LimitError, match="what loss is called with is not known"):
        report.check(max_flops="2x", relative_to=loss)
    report.check(max_flops="1x", relative_to=measure(loss, (X, X)))


TESTS = """
    pytestmark = pytest.mark.jaxcost(max_transcendentals="1x", relative_to=once)

    def test_once(jaxcost):
        jaxcost(once, X)

    def test_twice(jaxcost):
        jaxcost(twice, X)

    def test_watched():
        jax.jit(once)(X)
"""


def test_in_a_marker(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS)
    result.assert_outcomes(passed=1, failed=2)
    lines = [line.removeprefix("E").strip() for line in result.outlines]
    assert "pytest_jaxcost.CostError: jaxcost: transcendentals 2x > 1x   twice" in lines
    assert "16; relative_to has 8, allowed 8; set by test_it.py:14" in lines
    (line,) = block(result, "_ test_watched _", "short test summary")
    assert "what once is called with is not known" in line
