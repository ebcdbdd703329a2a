"""Loops that run one recurrence twice: a loop beside its differentiated twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import Report, measure

N, T = 8, 5
W = np.linspace(-0.5, 0.5, N * N).reshape(N, N).astype("float32")
X = np.linspace(0.1, 0.9, N).astype("float32")
U, V = X + 1, X * X

DOT, SIN = T * 2 * N * N, T * N
"""What one run of the loop spends on its dot, in flops, and on its sine, in transcendentals."""


def states(w: Any, x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.sin(w @ c), None), x, None, length=T)[0]


def rnn(w: Any, x: Any) -> Any:
    return states(w, x).sum()


def history(w: Any, x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.sin(w @ c), c.sum()), x, None, length=T)[1].sum()


def counted(w: Any, x: Any) -> Any:
    return lax.fori_loop(0, T, lambda _, c: jnp.sin(w @ c), x).sum()


def push(f: Callable[..., Any], w: Any, x: Any, v: Any) -> Any:
    return jax.jvp(lambda x: f(w, x), (x,), (v,))[1]


def pull(f: Callable[..., Any], w: Any, x: Any, u: Any) -> Any:
    return jax.vjp(lambda x: f(w, x), x)[1](u)


def linearized(f: Callable[..., Any], w: Any, x: Any) -> Any:
    pushed = jax.linearize(lambda x: f(w, x), x)[1]
    return pushed(U), pushed(V)


def pulled(f: Callable[..., Any], w: Any, x: Any) -> Any:
    back = jax.vjp(lambda x: f(w, x), x)[1]
    return back(U), back(V)


def either(w: Any, x: Any, derivative: Callable[..., Any]) -> Any:
    return lax.cond(x[0] > 0, lambda: derivative(w, x), lambda: (0.0, jnp.zeros_like(w)))


# wasteful, what to write instead, flops and transcendentals that this saves, a word of the hint
NOISY: dict[str, tuple[Any, Any, int, int, str]] = {
    "f and its gradient": (
        lambda w, x: (rnn(w, x), jax.grad(rnn)(w, x)),
        lambda w, x: jax.value_and_grad(rnn)(w, x),
        DOT,
        SIN,
        "jax.value_and_grad",
    ),
    "stacked results": (
        lambda w, x: (history(w, x), jax.grad(history)(w, x)),
        lambda w, x: jax.value_and_grad(history)(w, x),
        DOT,
        SIN,
        "jax.value_and_grad",
    ),
    "a fori_loop": (
        lambda w, x: (counted(w, x), jax.grad(counted)(w, x)),
        lambda w, x: jax.value_and_grad(counted)(w, x),
        DOT,
        SIN,
        "jax.value_and_grad",
    ),
    "f and its jvp": (
        lambda w, x: (rnn(w, x), push(rnn, w, x, V)),
        lambda w, x: jax.jvp(lambda x: rnn(w, x), (x,), (V,)),
        DOT,
        SIN,
        "jax.jvp",
    ),
    # the transposed loops share the cotangent of the state: a dot and a product with the cosine
    "a gradient for each argument": (
        lambda w, x: (jax.grad(rnn, 0)(w, x), jax.grad(rnn, 1)(w, x)),
        lambda w, x: jax.grad(rnn, (0, 1))(w, x),
        2 * DOT + T * N,
        2 * SIN,
        "argnums=(0, 1, ...)",
    ),
    "two jvps": (
        lambda w, x: (push(states, w, x, U), push(states, w, x, V)),
        lambda w, x: linearized(states, w, x),
        DOT,
        2 * SIN,
        "jax.linearize once",
    ),
    "two jvps, batched": (
        lambda w, x: (push(states, w, x, U), push(states, w, x, V)),
        lambda w, x: jax.vmap(lambda v: push(states, w, x, v))(jnp.stack([U, V])),
        DOT,
        2 * SIN,
        "jax.vmap one jax.jvp",
    ),
    "two vjps": (
        lambda w, x: (pull(states, w, x, U), pull(states, w, x, V)),
        lambda w, x: pulled(states, w, x),
        DOT,
        2 * SIN,
        "jax.vjp once",
    ),
    "under a cond": (
        lambda w, x: either(w, x, lambda w, x: (rnn(w, x), jax.grad(rnn)(w, x))),
        lambda w, x: either(w, x, jax.value_and_grad(rnn)),
        DOT,
        SIN,
        "jax.value_and_grad",
    ),
    "before a cond": (
        lambda w, x: (rnn(w, x), either(w, x, jax.value_and_grad(rnn))),
        lambda w, x: (lambda both: (both[0], either(w, x, lambda w, x: both)))(
            jax.value_and_grad(rnn)(w, x)
        ),
        DOT + N - 1,  # the sum after the loop, too
        SIN,
        "jax.value_and_grad",
    ),
}


def work(report: Report) -> tuple[int, int]:
    return report.flops, report.transcendentals


@pytest.mark.parametrize(("fn", "instead", "flops", "sines", "hint"), NOISY.values(), ids=NOISY)
def test_twins_are_duplicates(fn: Any, instead: Any, flops: int, sines: int, hint: str) -> None:
    report, better = measure(fn, (W, X)), measure(instead, (W, X))
    found = report.duplicates
    assert (found.flops, found.transcendentals) == (flops, sines)
    assert {hint in each.hint for each in found} == {True}
    assert {each.executions for each in found.equations if each.primitive != "reduce_sum"} == {T}
    assert better.duplicates.eqns == 0
    saved = [before - after for before, after in zip(work(report), work(better), strict=True)]
    # a fori_loop counts its iterations: one integer addition each
    assert saved == [pytest.approx(flops, abs=T), sines]


@pytest.mark.parametrize(("fn", "instead"), [each[:2] for each in NOISY.values()], ids=NOISY)
def test_the_twins_and_what_to_write_instead_are_equal(fn: Any, instead: Any) -> None:
    ones, others = jax.tree.leaves(fn(W, X)), jax.tree.leaves(instead(W, X))
    for one, other in zip(_flat(ones), _flat(others), strict=False):
        assert np.allclose(one, other, atol=1e-5)


def _flat(leaves: list[Any]) -> np.ndarray[Any, Any]:
    return np.concatenate([np.ravel(leaf) for leaf in leaves])


QUIET: dict[str, Callable[[Any, Any], Any]] = {
    "at another point": lambda w, x: (rnn(w, x), jax.grad(rnn)(w, x + 1)),
    "with other weights": lambda w, x: (rnn(w, x), jax.grad(rnn)(2 * w, x)),
    "another length": lambda w, x: (
        lax.scan(lambda c, _: (jnp.sin(w @ c), None), x, None, length=T + 1)[0],
        jax.grad(rnn)(w, x),
    ),
    "another recurrence": lambda w, x: (
        lax.scan(lambda c, _: (jnp.cos(w @ c), None), x, None, length=T)[0],
        jax.grad(rnn)(w, x),
    ),
    "the other way round": lambda w, x: (
        lax.scan(lambda c, t: (jnp.sin(w @ c) * t, None), x, x)[0],
        lax.scan(lambda c, t: (jnp.sin(w @ c) * t, None), x, x, reverse=True)[0],
    ),
    "other branches": lambda w, x: lax.cond(
        x[0] > 0, lambda: rnn(w, x), lambda: jax.grad(rnn, 1)(w, x).sum()
    ),
    "tangents at two points": lambda w, x: (push(states, w, x, V), push(states, w, x + 1, V)),
    "one gradient": jax.grad(rnn),
    "a value and its gradient": jax.value_and_grad(rnn),
    "a tangent": lambda w, x: jax.jvp(lambda x: rnn(w, x), (x,), (V,)),
    "a checkpointed loop": jax.value_and_grad(jax.checkpoint(rnn)),
}


@pytest.mark.parametrize("fn", QUIET.values(), ids=QUIET)
def test_loops_that_differ_are_quiet(fn: Callable[[Any, Any], Any]) -> None:
    measure(fn, (W, X)).check(duplicates=0)


def layer(w: Any, x: Any) -> Any:
    return jnp.sin(w @ x)


def energy(w: Any, x: Any) -> Any:
    return layer(w, x).sum()


VECTORS = (U, V, U + V)
PUSH_ONCE = (
    "call jax.linearize once and apply the "
    "result to each tangent, or jax.vmap one jax.jvp over the tangents"
)
PULL_ONCE = (
    "call jax.vjp once and apply the result to each cotangent, or jax.vmap it over the cotangents"
)


def all_pushed(f: Callable[..., Any], w: Any, x: Any) -> Any:
    pushed = jax.linearize(lambda x: f(w, x), x)[1]
    return [pushed(v) for v in VECTORS]


def all_pulled(f: Callable[..., Any], w: Any, x: Any) -> Any:
    pull_back = jax.vjp(lambda x: f(w, x), x)[1]
    return [pull_back(u) for u in VECTORS]


# one line of a Python loop, what to write instead, the hint
ONE_LINE: dict[str, tuple[Any, Any, str]] = {
    "jvps": (
        lambda w, x: [push(layer, w, x, v) for v in VECTORS],
        lambda w, x: all_pushed(layer, w, x),
        PUSH_ONCE,
    ),
    "jvps of a loop": (
        lambda w, x: [push(states, w, x, v) for v in VECTORS],
        lambda w, x: all_pushed(states, w, x),
        PUSH_ONCE,
    ),
    "linearizations": (
        lambda w, x: [jax.linearize(lambda x: layer(w, x), x)[1](v) for v in VECTORS],
        lambda w, x: all_pushed(layer, w, x),
        PUSH_ONCE,
    ),
    "hessian-vector products": (
        lambda w, x: [push(jax.grad(energy, 1), w, x, v) for v in VECTORS],
        lambda w, x: all_pushed(jax.grad(energy, 1), w, x),
        PUSH_ONCE,
    ),
    "vjps": (
        lambda w, x: [pull(layer, w, x, u) for u in VECTORS],
        lambda w, x: all_pulled(layer, w, x),
        PULL_ONCE,
    ),
    "vjps of a loop": (
        lambda w, x: [pull(states, w, x, u) for u in VECTORS],
        lambda w, x: all_pulled(states, w, x),
        PULL_ONCE,
    ),
}


@pytest.mark.parametrize(("fn", "instead", "hint"), ONE_LINE.values(), ids=ONE_LINE)
def test_derivatives_at_one_line_of_a_python_loop(fn: Any, instead: Any, hint: str) -> None:
    report, better = measure(fn, (W, X)), measure(instead, (W, X))
    found = report.duplicates
    assert {each.hint for each in found} == {hint}
    assert better.duplicates.eqns == 0
    saved = [before - after for before, after in zip(work(report), work(better), strict=True)]
    assert [found.flops, found.transcendentals] == saved
    assert saved[0] > 0


def thrice(w: Any, x: Any) -> Any:
    return sum(jnp.sin(w @ x) * k for k in range(3))


# repeated, but one derivative or none: what is repeated is the call
PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "a function": lambda w, x: [layer(w, x) * k for k in range(3)],
    "inside one jvp": lambda w, x: push(thrice, w, x, V),
    "inside one vjp": lambda w, x: pull(thrice, w, x, V),
    "inside one gradient": jax.grad(lambda w, x: thrice(w, x).sum()),
    "a whole gradient": lambda w, x: [jax.grad(energy)(w, x) * k for k in range(3)],
}


@pytest.mark.parametrize("fn", PLAIN.values(), ids=PLAIN)
def test_what_is_no_series_of_derivatives_keeps_the_plain_hint(fn: Any) -> None:
    found = measure(fn, (W, X)).duplicates
    assert found.count > 0
    assert {each.hint for each in found} <= {
        "compute it once and reuse the result",
        "call layer once and reuse the result",
        "call energy once and reuse the result",
    }


ONE_DERIVATIVE: dict[str, Callable[[Any, Any], Any]] = {
    "a linear function along its argument": lambda w, x: push(lambda w, x: w @ x, w, x, x),
    "a product with itself": lambda w, x: push(lambda w, x: x * x * x, w, x, V),
    "at several points": lambda w, x: [push(layer, w, x * k, V) for k in range(1, 4)],
    "what JAX computes twice": lambda w, x: push(lambda w, x: jax.scipy.special.ndtr(x), w, x, V),
}


@pytest.mark.parametrize("fn", ONE_DERIVATIVE.values(), ids=ONE_DERIVATIVE)
def test_one_derivative_at_a_point_is_quiet(fn: Any) -> None:
    measure(fn, (W, X)).check(duplicates=0)
