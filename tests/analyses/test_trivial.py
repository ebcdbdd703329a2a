"""The share from which a finding counts, and of which program it is."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import LimitError, measure

N = 64
W, X = jax.ShapeDtypeStruct((N, N), jnp.float32), jax.ShapeDtypeStruct((N,), jnp.float32)


def sine_again(w: Any, x: Any) -> Any:
    first = jnp.sin(x)
    return w @ first + jnp.sin(x)


SHARE = N / (2 * N * N + 3 * N)
"""A sine of a product, two sines and a sum."""


@pytest.mark.parametrize(
    ("floor", "counted"),
    [("0%", 1), (f"{100 * SHARE - 0.01:.6f}%", 1), (f"{100 * SHARE + 0.01:.6f}%", 0), ("100%", 0)],
)
def test_a_finding_counts_from_the_floor_on(floor: str, counted: int) -> None:
    report = measure(sine_again, (W, X), floor=floor)
    assert report.duplicates.count == counted
    assert len(report.duplicates.all) == 1
    assert report.without("duplicates").transcendentals == N * (2 - counted)


def test_the_floor_is_the_same_for_other_targets_and_programs() -> None:
    report = measure(sine_again, (W, X), floor="100%")
    assert report.on("cpu").duplicates.count == 0
    assert report.without("zeros").duplicates.count == 0


@pytest.mark.parametrize("floor", ["5", "5x", "120%", "lots"])
def test_a_floor_is_a_share(floor: str) -> None:
    with pytest.raises(LimitError, match=floor):
        measure(sine_again, (W, X), floor=floor)


def little_beside_much_that_is_dead(w: Any, x: Any) -> Any:
    w @ w
    jnp.sin(x)
    return w @ x


def little_that_is_dead(w: Any, x: Any) -> Any:
    jnp.sin(x)
    return w @ x


def test_dead_work_is_trivial_by_its_share_of_what_is_written() -> None:
    """A sine has 0.8% of what runs, and 0.01% of what is written if a product is."""
    programs = little_beside_much_that_is_dead, little_that_is_dead
    much, little = (measure(each, (W, X)).dead for each in programs)
    assert [each.primitive for each in little] == ["sin"]
    assert [each.primitive for each in much] == ["dot_general"]
    assert {each.primitive for each in much.all} == {"dot_general", "sin"}
