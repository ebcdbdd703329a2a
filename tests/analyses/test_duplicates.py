"""What is a duplicate and what is not; each quiet program has a noisy twin one edit away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import measure

X = np.float32([1.0, 2.0, 3.0])
Y = np.float32([4.0, 5.0, 6.0])
ROWS = np.ones((4, 3), np.float32)
MATRIX = np.arange(9, dtype=np.float32).reshape(3, 3)


class Twins(NamedTuple):
    """A program without duplicates, one with them, and which: repetitions by primitive."""

    quiet: Callable[..., Any]
    noisy: Callable[..., Any]
    repeated: Mapping[str, int]
    args: tuple[Any, ...] = (X, Y)
    only: tuple[str, ...] = ()
    """The primitives to look at; all of them if not said."""

    def found(self, function: Callable[..., Any]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for each in measure(function, self.args).duplicates.equations:
            if not self.only or each.primitive in self.only:
                counts[each.primitive] += each.count
        return counts


@jax.jit
def helper(x: Any) -> Any:
    return jnp.tanh(x)


@jax.jit
def another_helper(x: Any) -> Any:
    return jnp.tanh(x)


def scan(step: Callable[[Any, Any], Any], init: Any, rows: Any) -> Any:
    return lax.scan(lambda c, x: (step(c, x), None), init, rows)[0]


def loss_with_a_scan(x: Any, rows: Any) -> Any:
    return scan(lambda c, row: jnp.sin(c) * row, x, rows).sum()


def two_losses(x: Any, y: Any) -> Any:
    return jnp.sum(jnp.tanh(jnp.sin(x) * y))


def value_and_grad(x: Any, rows: Any) -> Any:
    return jax.value_and_grad(loss_with_a_scan)(x, rows)


def value_then_grad(x: Any, rows: Any) -> Any:
    return loss_with_a_scan(x, rows), jax.grad(loss_with_a_scan)(x, rows)


def sine_while_below(limit: float, x: Any) -> Any:
    return lax.while_loop(lambda c: c[0] < limit, lambda c: jnp.sin(c), x)


def on_two_predicates(x: Any, y: Any) -> Any:
    def sin_if(predicate: Any) -> Any:
        return lax.cond(predicate, lambda x: jnp.sin(x), lambda x: x, x)

    return sin_if(x[0] > 0) * sin_if(y[0] > 0)


def on_one_predicate(x: Any, y: Any) -> Any:
    def sin_if(predicate: Any) -> Any:
        return lax.cond(predicate, lambda x: jnp.sin(x), lambda x: x, x)

    return sin_if(x[0] > 0) * sin_if(x[0] > 0)


def pairs(rows: Any) -> Any:
    """Two loops over the same rows, one in the other: no row is the other's."""
    return scan(lambda c, x: scan(lambda d, y: d + jnp.sin(x) * jnp.cos(y), c, rows), rows[0], rows)


def same_pairs(rows: Any) -> Any:
    return scan(
        lambda c, x: scan(lambda d, y: d + jnp.sin(x) * jnp.sin(x) * y, c, rows), rows[0], rows
    )


def checkpointed(x: Any, y: Any) -> Any:
    return jax.grad(lambda x: jax.checkpoint(lambda x: jnp.sin(jnp.sin(x) * y))(x).sum())(x)


def checkpointed_twice_inside(x: Any, y: Any) -> Any:
    return jax.checkpoint(lambda x: jnp.sin(x) * jnp.sin(x))(x)


def printed_twice(x: Any, y: Any) -> Any:
    jax.debug.print("{}", x)
    jax.debug.print("{}", x)
    return x


def printed_sines(x: Any, y: Any) -> Any:
    jax.debug.print("{}", jnp.sin(x))
    jax.debug.print("{}", jnp.sin(x))
    return x


TWINS = {
    "a straight line": Twins(
        lambda x, y: jnp.sin(x) * jnp.sin(y), lambda x, y: jnp.sin(x) * jnp.sin(x) * y, {"sin": 1}
    ),
    "three times": Twins(
        lambda x, y: jnp.sin(x) * jnp.cos(x) * jnp.tanh(x),
        lambda x, y: jnp.sin(x) + jnp.sin(x) * jnp.sin(x),
        {"sin": 2},
    ),
    "operands of a product in any order": Twins(
        lambda x, y: jnp.sin(x - y) + jnp.sin(y - x),
        lambda x, y: jnp.sin(x * y) + jnp.sin(y * x),
        {"sin": 1, "mul": 1},
    ),
    "operands of a dot in order": Twins(
        lambda a, b: jnp.dot(a, b) + jnp.dot(b, a),
        lambda a, b: jnp.dot(a, b) * jnp.dot(a, b),
        {"dot_general": 1},
        (MATRIX, MATRIX),
    ),
    "across two jitted helpers": Twins(
        lambda x, y: helper(x) * another_helper(y),
        lambda x, y: helper(x) * another_helper(x),
        {"tanh": 1},
    ),
    "one helper called twice": Twins(
        lambda x, y: helper(x) * helper(y), lambda x, y: helper(x) * helper(x) * y, {"tanh": 1}
    ),
    "inside and outside a loop": Twins(
        lambda x, rows: jnp.sin(x) * scan(lambda c, row: c * jnp.sin(row), x, rows),
        lambda x, rows: jnp.sin(x) * scan(lambda c, row: c * jnp.sin(x) * row, x, rows),
        {"sin": 1},
        (X, ROWS),
    ),
    "in a loop and in a loop inside it": Twins(pairs, same_pairs, {"sin": 1}, (ROWS,)),
    "one loop twice": Twins(
        lambda x, rows: loss_with_a_scan(x, rows) * loss_with_a_scan(2 * x, rows),
        lambda x, rows: loss_with_a_scan(x, rows) * loss_with_a_scan(x, rows),
        {"sin": 1, "mul": 1, "reduce_sum": 1},
        (X, ROWS),
    ),
    "one loop in two directions": Twins(
        lambda x, rows: (
            loss_with_a_scan(x, rows)
            + lax.scan(lambda c, row: (jnp.sin(c) * row, None), x, rows, reverse=True)[0]
        ),
        lambda x, rows: (
            loss_with_a_scan(x, rows)
            + lax.scan(lambda c, row: (jnp.sin(c) * row, None), x, rows, reverse=False)[0]
        ),
        {"sin": 1, "mul": 1},
        (X, ROWS),
    ),
    "one loop for two lengths": Twins(
        lambda x, y: (
            lax.fori_loop(0, 3, lambda k, c: jnp.sin(c), x)
            * lax.fori_loop(0, 4, lambda k, c: jnp.sin(c), x)
        ),
        lambda x, y: (
            lax.fori_loop(0, 3, lambda k, c: jnp.sin(c), x)
            * lax.fori_loop(0, 3, lambda k, c: jnp.sin(c), x)
        ),
        {"sin": 1},
    ),
    "while loops": Twins(
        lambda x, y: sine_while_below(5, x) * sine_while_below(6, x),
        lambda x, y: sine_while_below(5, x) * sine_while_below(5, x),
        {"sin": 1},
    ),
    "inside and outside a branch": Twins(
        lambda x, y: jnp.sin(x) * lax.cond(y[0] > 0, jnp.cos, lambda x: x, x),
        lambda x, y: jnp.sin(x) * lax.cond(y[0] > 0, jnp.sin, lambda x: x, x),
        {"sin": 1},
    ),
    "branches of one cond": Twins(
        lambda x, y: lax.cond(y[0] > 0, lambda x: jnp.sin(x) * y, lambda x: jnp.sin(x) - y, x),
        lambda x, y: lax.cond(y[0] > 0, lambda x: jnp.sin(x) * jnp.sin(x), lambda x: x - y, x),
        {"sin": 1},
    ),
    "branches of two conds": Twins(on_two_predicates, on_one_predicate, {"sin": 1}),
    "a loop in value and gradient": Twins(
        value_and_grad, value_then_grad, {"sin": 1, "mul": 1}, (X, ROWS)
    ),
    "gradients of two arguments": Twins(
        lambda x, y: jax.grad(two_losses, (0, 1))(x, y),
        lambda x, y: (jax.grad(two_losses, 0)(x, y), jax.grad(two_losses, 1)(x, y)),
        {"sin": 1, "tanh": 1},
        only=("sin", "tanh"),  # the rule of tanh is written in other ways by other versions
    ),
    "literals by their bits": Twins(
        lambda x, y: jnp.sin(lax.mul(x, np.float32(0.0))) + jnp.sin(lax.mul(x, np.float32(-0.0))),
        lambda x, y: jnp.sin(lax.mul(x, np.float32(0.0))) + jnp.sin(lax.mul(x, np.float32(0.0))),
        {"sin": 1, "mul": 1},
    ),
    "dtypes": Twins(
        lambda x, y: jnp.sin(x).astype(np.float16) * jnp.sin(x.astype(np.float16)),
        lambda x, y: jnp.sin(x.astype(np.float16)) * jnp.sin(x.astype(np.float16)) * y,
        {"sin": 1},
    ),
    "parameters": Twins(
        lambda x, y: lax.cumsum(x) * lax.cumsum(x, reverse=True),
        lambda x, y: lax.cumsum(x) * lax.cumsum(x, reverse=False),
        {"cumsum": 1},
    ),
    "captured arrays by content": Twins(
        lambda x, y: (jnp.asarray(MATRIX) @ x) * (jnp.asarray(MATRIX + 1) @ x),
        lambda x, y: (jnp.asarray(MATRIX) @ x) * (jnp.asarray(MATRIX.copy()) @ x),
        {"dot_general": 1},
    ),
    "a barrier between": Twins(
        lambda x, y: jnp.sin(x) * jnp.sin(lax.optimization_barrier(x)),
        lambda x, y: jnp.sin(x) * jnp.sin(lax.optimization_barrier(y) * 0 + x * 1) * jnp.sin(x),
        {"sin": 1},
    ),
    "what a checkpoint runs again": Twins(checkpointed, checkpointed_twice_inside, {"sin": 1}),
    "effects": Twins(printed_twice, printed_sines, {"sin": 1}),
    "several results": Twins(
        lambda x, y: lax.sort((x, y))[1] * lax.sort((y, x))[1],
        lambda x, y: lax.sort((x, y))[1] * lax.sort((x, y))[0],
        {"sort": 1},
    ),
    "references": Twins(
        lambda x, y: _twice_written(x, between=True),
        lambda x, y: _twice_written(x, between=False) * jnp.sin(x),
        {"sin": 1},
    ),
}


def _twice_written(x: Any, *, between: bool) -> Any:
    ref = jax.new_ref(x)
    first = jnp.sin(ref[...])
    ref[...] = first
    return first * (jnp.sin(ref[...]) if between else jnp.sin(x))


@pytest.mark.parametrize("name", TWINS)
def test_quiet(name: str) -> None:
    assert TWINS[name].found(TWINS[name].quiet) == {}


@pytest.mark.parametrize("name", TWINS)
def test_noisy(name: str) -> None:
    twins = TWINS[name]
    assert twins.found(twins.noisy) == twins.repeated


def test_repetitions_cost_what_they_run() -> None:
    rows = np.ones((4, 3), np.float32)

    def function(x: Any, rows: Any) -> Any:
        return jnp.sin(x) * scan(lambda c, row: c * jnp.sin(x) * row, x, rows)

    (finding,) = measure(function, (X, rows)).duplicates
    assert (finding.primitive, finding.aval, finding.count) == ("sin", "f32[3]", 1)
    assert finding.executions == 4
    assert finding.transcendentals == 12
    report = measure(function, (X, rows))
    assert finding.share == pytest.approx(12 / (report.flops + report.transcendentals))


def dead_beside(x: Any, y: Any) -> Any:
    """The first of two equal sines is dead, of three only the first."""
    _ = jnp.sin(x) * y
    return jnp.sin(x)


def dead_beside_two(x: Any, y: Any) -> Any:
    return dead_beside(x, y) * jnp.sin(x)


def dead_in_a_loop(x: Any, y: Any) -> Any:
    carried = lax.scan(lambda c, _: (c * jnp.sin(x), None), y, None, length=4)[0]
    return (carried, jnp.sin(x))[1]


def dead_in_a_derivative(x: Any, y: Any) -> Any:
    """Nobody reads the sine of the first loss: its gradient reads the cosine."""
    return jax.grad(lambda x: jnp.sum(jnp.sin(x)))(x) + jnp.sin(x) * y


@pytest.mark.parametrize(
    ("function", "transcendentals"),
    [(dead_beside, 0), (dead_beside_two, 3), (dead_in_a_loop, 0), (dead_in_a_derivative, 0)],
)
def test_what_has_a_dead_twin_is_no_duplicate(
    function: Callable[..., Any], transcendentals: int
) -> None:
    report = measure(function, (X, Y))
    assert report.primitives["sin"] > 1 + transcendentals // 3
    found, without = report.duplicates, report.without("duplicates")
    assert found.transcendentals == transcendentals
    assert report.transcendentals - without.transcendentals == transcendentals
    assert found.flops == report.flops - without.flops


@pytest.mark.parametrize(("elements", "counted"), [(32, 0), (33, 1)])
def test_index_arithmetic_is_listed_and_not_counted(elements: int, counted: int) -> None:
    findings = measure(lambda x: (x + 1, x + 1), (np.arange(elements),)).duplicates
    assert [finding.primitive for finding in findings.all] == ["add"]
    assert findings.count == counted
