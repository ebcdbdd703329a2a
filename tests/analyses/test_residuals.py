"""What the forward pass keeps, against what JAX says that it saves."""

from __future__ import annotations

import contextlib
import io
import math
import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import print_saved_residuals

from pytest_jaxcost import measure

X = np.linspace(0.1, 0.9, 12, dtype=np.float32).reshape(3, 4)
W = np.ones((4, 4), np.float32)


def quiet_sum(w: Any, x: Any) -> Any:
    return (x @ w).sum()


def layer(w: Any, x: Any) -> Any:
    return jnp.sin(x @ w).sum()


def layers(w: Any, x: Any) -> Any:
    for _ in range(3):
        x = jnp.sin(x @ w)
    return x.sum()


def checkpointed(w: Any, x: Any) -> Any:
    for _ in range(3):
        x = jax.checkpoint(lambda x: jnp.sin(x @ w))(x)
    return x.sum()


def recurrent(w: Any, x: Any) -> Any:
    return lax.scan(lambda h, row: (jnp.sin(h @ w + row), None), jnp.zeros(4), x)[0].sum()


def saved_bytes(function: Callable[..., Any], *args: Any) -> int:
    """The bytes of what JAX says it saves, arguments and literals left out."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        print_saved_residuals(function, *args)
    made = [line for line in said.getvalue().splitlines() if not re.search("argument|const", line)]
    shapes = [re.match(r"f32\[([\d,]*)\]", line) for line in made]
    return sum(4 * math.prod(map(int, shape[1].split(","))) for shape in shapes if shape)


@pytest.mark.parametrize("function", [quiet_sum, layer, layers])
def test_residuals_are_what_jax_saves(function: Callable[..., Any]) -> None:
    report = measure(jax.grad(function), (W, X))
    assert report.metrics["residual_bytes"] == saved_bytes(function, W, X)


def test_by_hand() -> None:
    """A layer keeps its cosine, and all but the last their result: 48 bytes each."""
    assert measure(jax.grad(quiet_sum), (W, X)).residuals.nbytes == 0
    assert measure(jax.grad(layer), (W, X)).residuals.nbytes == 48
    assert measure(jax.grad(layers), (W, X)).residuals.nbytes == 5 * 48


def test_a_checkpoint_keeps_only_what_it_is_given() -> None:
    assert measure(jax.grad(checkpointed), (W, X)).residuals.nbytes == 2 * 48


def test_a_loop_keeps_what_it_stacks() -> None:
    """The carry and the cosine of each of the three steps: 16 bytes each."""
    report = measure(jax.grad(recurrent), (W, X))
    assert report.residuals.nbytes == 2 * 3 * 16
    assert {each.primitive for each in report.residuals} == {"scan"}


def test_without_a_backward_pass_nothing_is_kept() -> None:
    assert measure(layers, (W, X)).residuals.nbytes == 0
    assert measure(lambda w, x: jax.jvp(layers, (w, x), (w, x)), (W, X)).residuals.nbytes == 0


def test_the_limit() -> None:
    report = measure(jax.grad(layers), (W, X))
    report.check(max_residual_bytes=240)
    with pytest.raises(AssertionError, match="residual_bytes"):
        report.check(max_residual_bytes=239)
