"""Recurrences of loops, against reachability worked out pair by pair."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from pytest_jaxcost.flow.carries import Recurrences
from pytest_jaxcost.ir.equation import Loop
from pytest_jaxcost.ir.inline import inline

MOST = 6

needs_of_carries = st.integers(1, MOST).flatmap(
    lambda n: st.lists(st.frozensets(st.integers(0, n - 1), max_size=3), min_size=n, max_size=n)
)
"""For each carry those that its update reads."""


def loop_of(needs: list[frozenset[int]]) -> Loop:
    def step(carry: tuple[Any, ...], _: Any) -> Any:
        return tuple(
            sum((carry[j] * 2 for j in need), 1.0 * k) for k, need in enumerate(needs)
        ), None

    init = tuple(np.float32(k) for k in range(len(needs)))
    jaxpr = jax.make_jaxpr(lambda init: lax.scan(step, init, None, length=2)[0])(init)
    (loop,) = (e.control for _, e in inline(jaxpr).walk() if isinstance(e.control, Loop))
    return loop


def reachable(needs: list[frozenset[int]]) -> list[set[int]]:
    reach = [set(need) for need in needs]
    for _ in needs:
        reach = [one.union(*(reach[k] for k in one)) for one in reach]
    return reach


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(needs_of_carries)
def test_groups_are_the_carries_that_need_one_another(needs: list[frozenset[int]]) -> None:
    groups = Recurrences(loop_of(needs)).groups
    reach = reachable(needs)
    carries = range(len(needs))
    together = {frozenset({k, *(j for j in reach[k] if k in reach[j])}) for k in carries}
    assert {frozenset(group) for group in groups} == together
    assert sorted(k for group in groups for k in group) == [*carries]
    done: set[int] = set()
    for group in groups:
        done.update(group)
        assert all(needs[k] <= done for k in group)


@pytest.mark.parametrize(("carries", "stage"), [(0b000, -1), (0b001, 0), (0b100, 2), (0b101, 2)])
def test_a_stage_is_the_last_group_that_is_read(carries: int, stage: int) -> None:
    chain = [frozenset({0}), frozenset({0, 1}), frozenset({1, 2})]
    assert Recurrences(loop_of(chain)).stage_of(carries) == stage
