"""Repeated callbacks: calls of the host that give what an earlier one gave."""

# ruff: noqa: ANN001, ANN201, ANN202
from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.experimental import io_callback

import pytest_jaxcost
from pytest_jaxcost import CostError
from tests.analyses.healthy_programs import HEALTHY, host_cosine, host_sine

X = jnp.linspace(0.1, 0.9, 8)
SCALARS = jnp.arange(5.0)


def host(function, x):
    return jax.pure_callback(function, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


def written(x):
    return io_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x, ordered=True)


def in_a_scan(x):
    return lax.scan(lambda c, s: (c + host(host_sine, x) * s, None), x, SCALARS)[0]


def in_a_scan_twice(x):
    def step(c, s):
        return c + host(host_sine, x) * s + host(host_sine, x), None

    return lax.scan(step, x, SCALARS)[0]


def inside_and_outside(x):
    before = host(host_sine, x)
    return lax.scan(lambda c, s: (c + host(host_sine, x) * s, None), before, SCALARS)[0]


def in_helpers(x):
    first = jax.jit(lambda x: host(host_sine, x) * 2.0)
    second = jax.jit(lambda x: host(host_sine, x) + 1.0)
    return first(x) + second(x)


NOISY = {
    "twice": (lambda x: host(host_sine, x) + host(host_sine, x), 1, 1),
    "three times": (lambda x: sum(host(host_sine, x) for _ in range(3)), 2, 2),
    "on equal operands": (lambda x: host(host_sine, x + 1.0) * host(host_sine, 1.0 + x), 1, 1),
    "in two helpers": (in_helpers, 1, 1),
    "in a loop": (in_a_scan, 1, 4),
    "in a loop, twice": (in_a_scan_twice, 2, 4 + 5),
    "inside and outside of a loop": (inside_and_outside, 1, 5),
}
"""Programs with how many callbacks repeat another, and how many calls they are."""

QUIET = {
    "once": lambda x: host(host_sine, x),
    "different functions": lambda x: host(host_sine, x) + host(host_cosine, x),
    "different operands": lambda x: host(host_sine, x) + host(host_sine, x + 1.0),
    "with effects": lambda x: written(x) + written(x),
    "of the carry": lambda x: lax.scan(lambda c, _: (host(host_sine, c), None), x, SCALARS)[0],
    "before the loop": lambda x: lax.scan(
        lambda c, s: (c * s, None), host(host_sine, x), SCALARS
    )[0],
    "dead": lambda x: (host(host_sine, x), host(host_sine, x), x)[2],
    "in two branches": lambda x: lax.cond(
        x[0] > 0, lambda: host(host_sine, x), lambda: host(host_sine, x) + 1.0
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_programs_have_none(name):
    function, args = HEALTHY[name]
    assert not pytest_jaxcost.measure(function, args).repeated_callbacks


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name):
    assert not pytest_jaxcost.measure(QUIET[name], (X,)).repeated_callbacks.all


@pytest.mark.parametrize("name", NOISY)
def test_counted_in_calls(name):
    program, count, calls = NOISY[name]
    report = pytest_jaxcost.measure(program, (X,))
    findings = report.repeated_callbacks
    assert (findings.count, sum(f.executions for f in findings)) == (count, calls)
    assert report.metrics["repeated_callbacks"] == count
    assert "pure_callback" not in {f.primitive for f in report.loop_invariants}
    with pytest.raises(CostError):
        report.check(max_repeated_callbacks=0)


def test_the_callback_is_called_as_often_as_counted():
    """The oracle is the host: what is found is what it runs more often than once."""
    calls = []

    def noted(x):
        calls.append(x)
        return np.sin(x)

    def program(x):
        return sum(host(noted, x) for _ in range(3))

    jax.block_until_ready(jax.jit(program)(X))
    findings = pytest_jaxcost.measure(program, (X,)).repeated_callbacks
    assert len(calls) == 3 == 1 + sum(f.executions for f in findings)


def test_message():
    def weighted(x):
        return host(host_sine, x) * host(host_sine, x)

    report = pytest_jaxcost.measure(weighted, (X,))
    with pytest.raises(CostError) as raised:
        report.check(max_repeated_callbacks=0)
    message = re.sub(r"\S+test_repeated_callbacks.py:\d+", "PLACE", str(raised.value))
    lines = """
      repeated_callbacks   1   allowed 0
        pure_callback f32[8]   called again once
          PLACE in host   (primal)
          PLACE in test_message.<locals>.weighted   (primal)
          hint: host is called with the same values; call it once and reuse the result
    """
    assert [word for line in lines.splitlines() for word in line.split()] == message.split()[11:]


def test_two_equal_calls_are_no_duplicates_too():
    def twice(x):
        return host(np.sin, x) + host(np.sin, x)

    report = pytest_jaxcost.measure(twice, (X,))
    assert (report.duplicates.count, report.repeated_callbacks.count) == (0, 1)
