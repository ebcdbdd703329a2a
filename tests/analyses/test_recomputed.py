"""What jax.checkpoint runs again is intended: listed, costed and never a duplicate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import Report, measure

X = np.float32([1.0, 2.0, 3.0])
W = np.ones((16, 16), np.float32)
DOT = 2 * 16**3


def layer(x: Any) -> Any:
    return jnp.sin(jnp.tanh(x))


def gradient(function: Callable[[Any], Any]) -> Report:
    """With the value, so that the forward pass runs to its end."""
    return measure(jax.value_and_grad(lambda x: jnp.sum(function(x))), (X,))


def recomputed(report: Report) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for each in report.recomputed.equations:
        counts[each.primitive] += each.count
    return counts


def test_quiet_without_a_checkpoint() -> None:
    assert recomputed(gradient(layer)) == {}
    assert recomputed(measure(jax.checkpoint(layer), (X,))) == {}  # not differentiated


def test_a_checkpoint_runs_its_body_again() -> None:
    report = gradient(jax.checkpoint(layer))
    # what the derivative needs: tanh for cos(tanh(x)), and the cosine is new
    assert recomputed(report)["tanh"] == 1
    assert report.duplicates.eqns == 0
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

    found = {each.primitive: each for each in gradient(function).recomputed.equations}
    assert (found["tanh"].count, found["tanh"].executions) == (1, 5)
    assert found["tanh"].transcendentals == 15


def test_a_scope_of_the_users_with_that_name_is_no_checkpoint() -> None:
    def function(x: Any) -> Any:
        with jax.named_scope("rematted_computation"):
            return jnp.sin(x)

    assert recomputed(gradient(function)) == {}


# what runs once, and what it costs


class Expected(NamedTuple):
    """A function of two matrices, and how many products, sines and cosines of it run again."""

    function: Callable[[Any, Any], Any]
    dots: int
    sines: int
    cosines: int = 0


def block(x: Any, w: Any) -> Any:
    return jnp.sin(jnp.sin(x @ w) @ w)


def in_a_row(n: int, layer: Any, read: Any = lambda x: x) -> Callable[[Any, Any], Any]:
    def loss(x: Any, w: Any) -> Any:
        for _ in range(n):
            x = layer(x, w)
        return jnp.sum(read(x))

    return loss


def nested(x: Any, w: Any) -> Any:
    inside = jax.checkpoint(block)
    return jnp.sum(jax.checkpoint(lambda x, w: inside(inside(x, w), w))(x, w))


def read_twice(x: Any, w: Any) -> Any:
    between = jax.checkpoint(block)(x, w)
    return jnp.sum(jax.checkpoint(block)(between, w)) + jnp.sum(between * jnp.tanh(between))


def same_block_beside(x: Any, w: Any) -> Any:
    return jnp.sum(jax.checkpoint(block)(x, w)) + jnp.sum(block(x, w) ** 2)


def layers(x: Any, w: Any) -> Any:
    return jnp.sum(lax.scan(lambda c, _: (block(c, w), None), x, None, length=6)[0])


def branches(last: Any) -> Callable[[Any, Any], Any]:
    def loss(x: Any, w: Any) -> Any:
        ready = jax.checkpoint(block)(x, w)
        return jnp.sum(lax.cond(x[0, 0] > 0, last, lambda x, w: x, ready, w))

    return loss


CHECKPOINTED = jax.checkpoint(block)
RUN_AGAIN = {
    "one": Expected(jax.grad(in_a_row(1, CHECKPOINTED)), 0, 0),
    "two in a row": Expected(jax.grad(in_a_row(2, CHECKPOINTED)), 2, 1),
    "three in a row": Expected(jax.grad(in_a_row(3, CHECKPOINTED)), 4, 2),
    "four in a row": Expected(jax.grad(in_a_row(4, CHECKPOINTED)), 6, 3),
    "two in a row and the value": Expected(jax.value_and_grad(in_a_row(2, CHECKPOINTED)), 4, 2),
    "one that a square reads": Expected(jax.grad(in_a_row(1, CHECKPOINTED, jnp.square)), 2, 1),
    "three that a square reads": Expected(jax.grad(in_a_row(3, CHECKPOINTED, jnp.square)), 6, 3),
    "one that is read twice": Expected(jax.grad(read_twice), 2, 1),
    # the first block runs in both checkpoints around it
    "one around two": Expected(jax.grad(nested), 2, 1),
    "one around two and the value": Expected(jax.value_and_grad(nested), 6, 4),
    # dead in the forward pass of the checkpoint, and live in what is differentiated beside it
    "the same block beside": Expected(jax.grad(same_block_beside), 2, 1, 2),
    "a dead loop": Expected(jax.grad(jax.checkpoint(layers)), 0, 0),
    "a loop and its value": Expected(jax.value_and_grad(jax.checkpoint(layers)), 12, 12),
    "a dead branch": Expected(jax.grad(branches(CHECKPOINTED)), 2, 1),
}


@pytest.mark.parametrize("name", RUN_AGAIN)
def test_only_what_has_run_before_is_run_again(name: str) -> None:
    function, dots, sines, cosines = RUN_AGAIN[name]
    executions: Counter[str] = Counter()
    for each in measure(function, (W, W)).recomputed.equations:
        executions[each.primitive] += each.executions
    assert executions == Counter(dot_general=dots, sin=sines, cos=cosines)


@pytest.mark.parametrize("name", RUN_AGAIN)
def test_the_prices_add_up_to_what_the_program_without_saves(name: str) -> None:
    function, dots, *_ = RUN_AGAIN[name]
    report = measure(function, (W, W))
    without = report.without("recomputed")
    again = report.recomputed
    assert again.flops == report.flops - without.flops == dots * DOT
    assert again.transcendentals == report.transcendentals - without.transcendentals
    assert without.recomputed.eqns == 0


def log_of_a_sum(x: Any, w: Any) -> Any:
    return jnp.sum(jax.checkpoint(lambda x, w: jax.nn.logsumexp(x @ w))(x, w))


def gated(x: Any, w: Any) -> Any:
    return jnp.sum(jax.checkpoint(lambda x, w: jax.nn.silu(x @ w) @ w)(x, w))


def twice_differentiated(x: Any, w: Any) -> Any:
    return jnp.sum(jax.grad(in_a_row(1, CHECKPOINTED))(x, w) ** 2)


@pytest.mark.parametrize("loss", [log_of_a_sum, gated, twice_differentiated])
def test_they_do_where_the_derivative_adds_equations_like_those_of_the_forward_pass(
    loss: Callable[[Any, Any], Any],
) -> None:
    report = measure(jax.value_and_grad(loss), (W, W))
    without = report.without("recomputed")
    assert report.recomputed.flops == report.flops - without.flops > DOT
    assert report.recomputed.transcendentals == report.transcendentals - without.transcendentals


def stacked(x: Any, w: Any) -> Any:
    return jnp.sum(lax.scan(lambda c, _: (c * w, CHECKPOINTED(c, w)), x, None, length=6)[1])


@pytest.mark.parametrize(
    ("function", "dots"),
    [
        (jax.grad(stacked), 0),
        (jax.value_and_grad(stacked), 12),
        (jax.grad(branches(CHECKPOINTED)), 2),
        (jax.value_and_grad(branches(CHECKPOINTED)), 4),
    ],
)
def test_expressions_say_what_runs_twice_where_values_are_not_seen_to_be_equal(
    function: Callable[..., Any], dots: int
) -> None:
    """Loops and branches pass values on under other numbers; only the forward pass may be dead."""
    assert measure(function, (W, W)).recomputed.flops == dots * DOT
