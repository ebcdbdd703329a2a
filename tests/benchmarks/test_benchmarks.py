"""The benchmarks run, on programs too small to time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pytest_jaxcost import measure

from .clock import medians
from .programs import block_attending_twice, nested_jits, transformer_gradient
from .tasks import (
    analyzed,
    compiled_alone,
    eliminated,
    equations,
    judged,
    measured,
    peak_bytes,
    repetitions,
    searched,
    searched_alone,
    trace,
)

TINY = partial(transformer_gradient, 1)
TWICE = partial(transformer_gradient, 1, block_attending_twice)
TASKS = [trace, measured, analyzed, searched, searched_alone, eliminated, compiled_alone]


@pytest.mark.parametrize("task", TASKS)
def test_a_task_runs(task: Callable[[Any], Callable[[], object]]) -> None:
    assert medians({"it": partial(task, TINY)}, repetitions=1)["it"] > 0


def test_attention_computed_twice_is_judged() -> None:
    assert medians({"it": partial(judged, TWICE)}, repetitions=1)["it"] > 0
    assert repetitions(TWICE) >= 20 > repetitions(TINY) == 0


def test_blocks_add_the_same_number_of_equations() -> None:
    one, two, three = (equations(partial(transformer_gradient, n)) for n in (1, 2, 3))
    assert two - one == three - two > 100


def test_judging_needs_memory() -> None:
    assert peak_bytes(TINY) > 1000


def test_nested_jits_double() -> None:
    fn, args = nested_jits(5)
    assert measure(fn, args).primitives["sin"] == 32
