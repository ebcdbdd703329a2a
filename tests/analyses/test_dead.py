"""What is dead, what JAX left behind itself, and what an effect keeps alive."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import measure
from pytest_jaxcost.report.records import Findings

X = np.float32([1.0, 2.0, 3.0])


def dead(function: Callable[..., Any], *args: Any) -> Findings:
    findings: Findings = measure(function, args or (X,)).dead
    return findings


def names(findings: Findings) -> list[str]:
    return sorted(each.primitive for each in findings.equations for _ in range(each.count))


# fmt: off
def unused(x: Any) -> Any:
    jnp.exp(x)
    return jnp.sin(x)


def loss_with_unused(x: Any) -> Any:
    jnp.exp(x)
    return jnp.sum(jnp.sin(x) * x)


def one_line(x: Any) -> Any: return (jnp.sin(x), jnp.exp(x))[0]


def loss_in_one_line(x: Any) -> Any: return (jnp.sum(jnp.sin(x)), jnp.exp(x))[0]
# fmt: on


def printed(x: Any) -> Any:
    jax.debug.print("{}", jnp.exp(x))
    return jnp.sin(x)


def carry_for_itself(x: Any) -> Any:
    def step(carry: Any, _: Any) -> Any:
        return (jnp.sin(carry[0]), jnp.exp(carry[1])), None

    return lax.scan(step, (x, x), None, length=3)[0][0]


def carry_for_another(x: Any) -> Any:
    def step(carry: Any, _: Any) -> Any:
        return (jnp.sin(carry[0]) * carry[1], jnp.exp(carry[1])), None

    return lax.scan(step, (x, x), None, length=3)[0][0]


def unread_rows(x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.sin(c), jnp.exp(c)), x, None, length=3)[0]


def read_rows(x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.sin(c), jnp.exp(c)), x, None, length=3)


def unread_branch_result(x: Any) -> Any:
    def both(x: Any) -> Any:
        return jnp.sin(x), jnp.exp(x)

    return lax.cond(x[0] > 0, both, lambda x: (x, x), x)[0]


def read_by_a_predicate(x: Any) -> Any:
    return lax.cond(jnp.exp(x)[0] > 2, lambda x: jnp.sin(x), lambda x: x, x)


def printed_in_a_branch(x: Any) -> Any:
    def tell(x: Any) -> Any:
        jax.debug.print("{}", jnp.sin(x))
        return x

    lax.cond(jnp.exp(x)[0] > 2, tell, lambda x: x, x)
    return x


def unread_reference(x: Any) -> Any:
    ref = jax.new_ref(x)
    ref[...] = jnp.exp(x)
    return ref[...]


def branching(x: Any) -> Any:
    """JAX makes operands safe for the elements that do not take a branch, needed or not."""
    matrix = jnp.ones((4, 4))
    rows = jnp.broadcast_to(x[:1], (3, 4))

    def step(is_far: Any, row: Any) -> Any:
        return lax.cond(is_far, lambda: jnp.tanh(row @ matrix * x[0]), lambda: row * 0.5)

    return jax.vmap(step)(rows[:, 0] > 0, rows)


QUIET = {
    "the operands of branches under vmap": branching,
    "everything is read": lambda x: jnp.exp(x) * jnp.sin(x),
    "debug.print": printed,
    "a carry that another one reads": carry_for_another,
    "rows that are read": read_rows,
    "read by a predicate": read_by_a_predicate,
    "printed in a branch": printed_in_a_branch,
    "written to a reference": unread_reference,
    "residue of a derivative": jax.grad(lambda x: jnp.sum(jnp.sin(jnp.cos(x)))),
    "residue of lax.sin": lambda x: jax.grad(lax.sin)(x[0]),
    "no derivative": lambda x: jax.jvp(jax.grad(lambda x: jnp.sum(jnp.sign(x))), (x,), (x,)),
    "a library function": lambda x: jnp.linalg.norm(x),
    "the gradient of a library function": jax.grad(lambda x: jnp.sum(jax.nn.softmax(x) * x)),
    "a library function unread in part": lambda x: jnp.frexp(x)[0],
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name: str) -> None:
    assert names(dead(QUIET[name])) == []


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (unused, ["exp"]),
        (jax.jit(unused), ["exp"]),
        (one_line, ["exp"]),
        (jax.grad(loss_with_unused), ["exp"]),
        (jax.grad(loss_in_one_line), ["exp"]),
        (jax.value_and_grad(loss_in_one_line), ["exp"]),
        (carry_for_itself, ["exp"]),
        (unread_rows, ["exp"]),
        (unread_branch_result, ["exp"]),
    ],
)
def test_noisy(function: Callable[..., Any], expected: list[str]) -> None:
    assert names(dead(function)) == expected


@pytest.mark.parametrize("function", [unused, jax.grad(loss_with_unused)])
def test_it_is_found_on_its_own_line(function: Callable[..., Any]) -> None:
    (finding,) = dead(function)
    original = inspect.unwrap(function)
    (place,) = finding.places
    assert place.file == __file__
    assert place.line == original.__code__.co_firstlineno + 1
    assert place.function == original.__name__
    assert finding.transcendentals == 3


def test_what_jax_leaves_behind_is_from_jax() -> None:
    findings = measure(jax.grad(lax.sin), (1.0,)).dead
    assert findings.count == 0
    assert [finding.primitive for finding in findings.from_jax] == ["sin"]


def test_dead_work_in_a_loop_costs_what_it_would_run() -> None:
    (finding,) = dead(carry_for_itself)
    assert (finding.count, finding.executions, finding.transcendentals) == (1, 3, 9)


def test_dead_bookkeeping_is_listed_and_not_counted() -> None:
    def function(x: Any) -> Any:
        x.reshape(3, 1)
        return jnp.sin(x)

    findings = dead(function)
    assert findings.count == 0
    assert [finding.primitive for finding in findings.all] == ["reshape"]
