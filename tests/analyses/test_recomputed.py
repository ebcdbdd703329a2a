"""What jax.checkpoint runs again is intended: listed, costed and never a duplicate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import Report, measure

X = np.float32([1.0, 2.0, 3.0])


def layer(x: Any) -> Any:
    return jnp.sin(jnp.tanh(x))


def gradient(function: Callable[[Any], Any]) -> Report:
    return measure(jax.grad(lambda x: jnp.sum(function(x))), (X,))


def recomputed(report: Report) -> dict[str, int]:
    return {finding.primitive: finding.count for finding in report.recomputed}


def test_quiet_without_a_checkpoint() -> None:
    assert recomputed(gradient(layer)) == {}
    assert recomputed(measure(jax.checkpoint(layer), (X,))) == {}  # not differentiated


def test_a_checkpoint_runs_its_body_again() -> None:
    report = gradient(jax.checkpoint(layer))
    # what the derivative needs: tanh for cos(tanh(x)), and the cosine is new
    assert recomputed(report)["tanh"] == 1
    assert report.duplicates.count == 0
    assert {finding.phase for finding in report.recomputed} == {"recompute"}


@pytest.mark.parametrize(
    ("policy", "dots"),
    [
        (jax.checkpoint_policies.dots_saveable, 0),
        (jax.checkpoint_policies.nothing_saveable, 1),
    ],
)
def test_what_a_policy_saves_is_not_run_again(policy: Any, dots: int) -> None:
    matrix = np.ones((3, 3), np.float32)

    def function(x: Any) -> Any:
        return jax.checkpoint(lambda x: jnp.sin(matrix @ jnp.sin(x)), policy=policy)(x)

    assert recomputed(gradient(function)).get("dot_general", 0) == dots


def test_in_a_loop_it_counts_as_often_as_it_runs() -> None:
    def function(x: Any) -> Any:
        return lax.scan(lambda c, _: (jax.checkpoint(layer)(c), None), x, None, length=5)[0]

    found = {each.primitive: each for each in gradient(function).recomputed}
    assert (found["tanh"].count, found["tanh"].executions) == (1, 5)
    assert found["tanh"].transcendentals == 15


def test_a_scope_of_the_users_with_that_name_is_no_checkpoint() -> None:
    def function(x: Any) -> Any:
        with jax.named_scope("rematted_computation"):
            return jnp.sin(x)

    assert recomputed(gradient(function)) == {}
