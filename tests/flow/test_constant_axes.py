"""Random programs: along the axes that a value is said to be constant, its slices are equal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from pytest_jaxcost.flow import axis_rules
from pytest_jaxcost.flow.axis_rules import axes_of
from pytest_jaxcost.flow.constant_axes import constant_axes
from pytest_jaxcost.ir.inline import inline
from tests.conftest import LAWS
from tests.laws.evaluate import evaluate

MATRIX = np.arange(1.0, 10.0, dtype=np.float32).reshape(3, 3) ** 0.5
VECTOR = np.array([0.3, 0.7, 0.2], np.float32)

Matrix = Any
STEPS: dict[str, Callable[[Matrix, Matrix], Matrix]] = {
    "broadcast rows": lambda a, b: jnp.broadcast_to(a[0], (3, 3)),
    "broadcast columns": lambda a, b: jnp.broadcast_to(a[:, :1], (3, 3)),
    "fill": lambda a, b: jnp.full((3, 3), a[1, 1]),
    "tile": lambda a, b: jnp.tile(b[1], (3, 1)),
    "repeat": lambda a, b: jnp.repeat(b[1:2], 3, 0),
    "transpose": lambda a, b: a.T,
    "mul": lambda a, b: a * b,
    "add keepdims": lambda a, b: a + b.sum(1, keepdims=True),
    "select": lambda a, b: jnp.where(a > b, a, b),
    "sin": lambda a, b: jnp.sin(a),
    "dot": lambda a, b: a @ b / 3.0,
    "batched dot": lambda a, b: jnp.einsum("ij,ikj->ik", a, jnp.stack([b, b + 1, b * a], 1)),
    "reduce": lambda a, b: a.sum(0) - b,
    "argmax": lambda a, b: a + jnp.argmax(b, 0),
    "cumsum": lambda a, b: jnp.cumsum(a, 1) / 3.0,
    "sort": lambda a, b: jnp.sort(a, 0),
    "flatten": lambda a, b: a.reshape(9)[::-1].reshape(3, 3),
    "split axes": lambda a, b: a.reshape(3, 1, 3, 1).squeeze((1, 3)),
    "merge": lambda a, b: jnp.broadcast_to(a[0, :2], (3, 3, 2)).reshape(9, 2)[:3, :1] + b,
    "concatenate": lambda a, b: jnp.concatenate([a, b[:1]], 0)[1:],
    "pad": lambda a, b: jnp.pad(a[:2], ((0, 1), (0, 0))),
    "slice": lambda a, b: lax.dynamic_slice(jnp.concatenate([a, b], 1), (0, 1), (3, 3)),
    "gather": lambda a, b: a[jnp.array([2, 0, 1])],
    "convolve": lambda a, b: lax.conv(a[None, None], b[None, None, :1, :1], (1, 1), "SAME")[0, 0],
    "cholesky": lambda a, b: jnp.linalg.cholesky(jnp.broadcast_to(MATRIX @ MATRIX.T, (3, 3, 3)))[0],
    "fft": lambda a, b: jnp.fft.fft(a, axis=1).real / 3.0,
    "scan": lambda a, b: lax.scan(lambda c, x: (c * x, c), a, b)[0],
    "scan carries": lambda a, b: sum(lax.scan(lambda c, x: ((c[1], c[0] + x), None), (a, b), b)[0]),
    "scan stacks": lambda a, b: lax.scan(lambda c, x: (c, x * 2.0), a, b)[1],
    "while": lambda a, b: lax.fori_loop(0, 2, lambda i, c: c * a, b),
    "cond": lambda a, b: lax.cond(a[0, 0] > 0.5, lambda: a, lambda: b + 1.0),
    "vmap": lambda a, b: jax.vmap(lambda x: jnp.outer(x, x).sum(0) + b[0])(a),
}


def run(steps: list[tuple[str, int, int]], matrix: Matrix, vector: Matrix) -> list[Matrix]:
    made = [matrix, jnp.broadcast_to(vector, (3, 3))]
    for name, left, right in steps:
        made.append(STEPS[name](made[left % len(made)], made[right % len(made)]))
    return made


def require_constant(function: Callable[..., Any], args: tuple[Any, ...]) -> int:
    """All claims hold for these arguments; how many there were of more than one element."""
    program = inline(jax.make_jaxpr(function)(*args))
    masks = constant_axes(program)
    seen = evaluate(program, jax.tree.leaves(args)).seen
    claims = 0
    for value, arrays in seen.items():
        for axis in axes_of(masks[value]):
            for array in map(np.asarray, arrays.values()):
                claims += array.shape[axis] > 1
                first = np.take(array, [0], axis=axis)
                assert np.array_equal(np.broadcast_to(first, array.shape), array, equal_nan=True)
    return claims


OPERANDS = st.integers(0, 7)
PROGRAMS = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), OPERANDS, OPERANDS), max_size=6)


@settings(LAWS, max_examples=40)
@given(PROGRAMS)
def test_what_is_constant_along_an_axis_has_equal_slices(steps: list[tuple[str, int, int]]) -> None:
    assert require_constant(partial(run, steps), (MATRIX, VECTOR)) > 0


@pytest.mark.parametrize("name", STEPS)
def test_every_step_from_a_broadcast(name: str) -> None:
    for pair in ((1, 1), (1, 0), (0, 1)):
        steps = [("transpose", 1, 0), (name, *pair), (name, 2, 2)]
        assert require_constant(partial(run, steps), (MATRIX, VECTOR)) > 0


@pytest.mark.parametrize(
    ("rule", "steps"),
    [
        ("transpose", [("transpose", 1, 0)]),
        ("cumsum", [("transpose", 1, 0), ("cumsum", 2, 0)]),
        ("concatenate", [("concatenate", 1, 0)]),
        ("pad", [("pad", 1, 0)]),
        ("dot_general", [("dot", 0, 1)]),
        ("mul", [("mul", 0, 1)]),
    ],
)
def test_the_law_fails_for_a_wrong_rule(
    rule: str, steps: list[tuple[str, int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(axis_rules.RULES, rule, lambda eqn, masks: 3)
    with pytest.raises(AssertionError):
        require_constant(partial(run, steps), (MATRIX, VECTOR))
