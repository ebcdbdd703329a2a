"""Drawing twice from one key is a question about the key; splitting and folding are healthy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from pytest_jaxcost import measure


def split(key: Any) -> Any:
    one, other = jax.random.split(key)
    return jax.random.normal(one, (3,)) + jax.random.normal(other, (3,))


def reused(key: Any) -> Any:
    one, _ = jax.random.split(key)
    return jax.random.normal(one, (3,)) + jax.random.normal(one, (3,))


def folded(key: Any) -> Any:
    return sum(jax.random.uniform(jax.random.fold_in(key, k), (3,)) for k in range(3))


def folded_with_one_number(key: Any) -> Any:
    return sum(jax.random.uniform(jax.random.fold_in(key, 7), (3,)) for k in range(3))


def split_in_a_loop(key: Any) -> Any:
    def step(key: Any, _: Any) -> Any:
        key, now = jax.random.split(key)
        return key, jax.random.uniform(now, (3,))

    return lax.scan(step, key, None, length=3)[1]


def reused_in_a_loop(key: Any) -> Any:
    def step(total: Any, _: Any) -> Any:
        return total + jax.random.uniform(key, (3,)), None

    return lax.scan(step, jax.random.uniform(key, (3,)), None, length=3)[0]


def of_two_shapes(key: Any) -> Any:
    return jax.random.uniform(key, (3,)).sum() + jax.random.uniform(key, (4,)).sum()


@pytest.mark.parametrize("function", [split, folded, split_in_a_loop, of_two_shapes])
@pytest.mark.parametrize("make_key", [jax.random.key, jax.random.PRNGKey])
def test_quiet(function: Callable[..., Any], make_key: Callable[[int], Any]) -> None:
    report = measure(function, (make_key(0),))
    assert report.key_reuse.eqns == 0
    assert report.duplicates.eqns == 0


@pytest.mark.parametrize(
    ("function", "repeated", "executions"),
    [(reused, 1, 1), (folded_with_one_number, 2, 2), (reused_in_a_loop, 1, 3)],
)
@pytest.mark.parametrize("make_key", [jax.random.key, jax.random.PRNGKey])
def test_noisy(
    function: Callable[..., Any], repeated: int, executions: int, make_key: Callable[[int], Any]
) -> None:
    report = measure(function, (make_key(0),))
    (finding,) = report.key_reuse
    assert (finding.primitive, finding.count, finding.executions) == (
        "random_bits",
        repeated,
        executions,
    )
    assert finding.hint == ("key reuse? Give each draw a key of its own with jax.random.split")
    # shaping the bits is part of the draw; making the same key again stands for itself
    assert {each.primitive for each in report.duplicates.equations} <= {"random_fold_in"}


def test_other_work_on_key_reuse_is_a_duplicate() -> None:
    def function(key: Any) -> Any:
        one = jax.random.uniform(key, (3,))
        other = jax.random.uniform(key, (3,))
        return jnp.sin(one) * jnp.sin(other)

    report = measure(function, (jax.random.key(0),))
    assert report.key_reuse.eqns == 1
    assert [finding.primitive for finding in report.duplicates] == ["sin"]
