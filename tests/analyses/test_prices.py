"""What findings cost together and one by one, and whether that is exact."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_jaxcost import measure
from pytest_jaxcost.analyses.prices import none_below_zero
from pytest_jaxcost.cost.record import NOTHING, Cost
from tests.conftest import LAWS

X = jax.ShapeDtypeStruct((16,), jnp.float32)


def called_back(x: Any) -> Any:
    return jax.pure_callback(lambda y: y, X, jnp.cos(x))


def test_a_program_without_findings_is_no_more_exact_than_the_one_with_them() -> None:
    report = measure(lambda x: jnp.sin(x) + called_back(jnp.sin(x)), (X,))
    without = report.without()
    assert report.duplicates
    assert (without.transcendentals, report.transcendentals) == (2 * 16, 3 * 16)
    assert not report.exact
    assert (without.exact, without.caveats) == (False, report.caveats)


AMOUNT = st.integers(-99, 99)
COST = st.builds(Cost, flops=AMOUNT, transcendentals=AMOUNT, bytes_accessed=AMOUNT)


def flops(*amounts: int) -> list[Cost]:
    return [Cost(flops=n, transcendentals=0, bytes_accessed=n) for n in amounts]


@pytest.mark.parametrize(
    ("saved", "expected"),
    [
        ([], []),
        ([1, 2], [1, 2]),
        ([7, -5], [2, 0]),
        ([-5, 3, 7], [0, 3, 2]),
        ([4, 3, -5], [0, 2, 0]),
        ([1, -5], [0, 0]),
        ([-5, 1], [0, 0]),
        ([3, -5, 1], [0, 0, 0]),
        ([-5], [0]),
    ],
)
def test_what_is_below_zero_is_taken_off_the_largest(saved: list[int], expected: list[int]) -> None:
    assert none_below_zero(flops(*saved)) == flops(*expected)


@given(st.lists(COST, max_size=6))
@LAWS
def test_no_price_is_below_zero_and_all_together_stay_the_same(saved: list[Cost]) -> None:
    before, prices = sum(saved, NOTHING), none_below_zero(saved)
    after = sum(prices, NOTHING)
    assert after.operations == max(0, before.operations)
    assert all(min(each.operations, each.bytes_accessed) >= 0 for each in prices)
    if before.operations > 0:
        assert (after.flops, after.transcendentals) == (before.flops, before.transcendentals)


def of_zeros(make: Any) -> Any:
    """What `make` makes is multiplied with zeros, and not read elsewhere."""
    return lambda x: jnp.zeros((16, 16)) @ make(x) + x


def test_a_price_is_exact_where_all_that_goes_away_is_priced() -> None:
    known, opaque = (measure(of_zeros(make), (X,)).zeros for make in (jnp.cos, called_back))
    assert (known.exact, opaque.exact) == (True, False)
    product, cosine, addition = 2 * 16 * 16, 16, 16
    assert known.operations == opaque.operations == product + cosine + addition
