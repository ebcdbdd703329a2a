"""The compiled stage against XLA's own totals, against twins without loops, and by hand."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from pytest_jaxcost.compiled import NO_MEMORY, NO_TEXT, Compiled

X = jax.ShapeDtypeStruct((8, 8), jnp.float32)
CUBE = 2 * 8**3


def compiled(function: Callable[..., Any], *args: Any) -> Compiled:
    return Compiled(jax.jit(function).lower(*(args or (X,))).compile())


def factor(x: Any) -> Any:
    return jnp.linalg.cholesky(x) @ x


def eigenvectors(x: Any) -> Any:
    return jnp.linalg.eigh(x)[1] @ x


def test_a_loop_counts_as_often_as_it_runs() -> None:
    looped = compiled(
        lambda x: lax.scan(lambda c, _: (jnp.sin(c @ x), None), x, None, length=10)[0]
    )
    assert looped.flops >= 10 * CUBE
    assert looped.transcendentals == 10 * 64
    assert (looped.opcodes["dot"], looped.executions["dot"]) == (1, 10)
    assert looped.xla["flops"] < 2 * CUBE
    assert (looped.exact, looped.caveats, looped.bounds) == (True, (), frozenset())


def test_a_loop_of_unknown_length_makes_every_weighted_count_a_bound() -> None:
    looped = compiled(lambda x: lax.while_loop(lambda c: c[0, 0] < 9, lambda c: c @ x, x))
    assert looped.flops >= CUBE
    assert not looped.exact
    assert {"flops", "bytes_accessed", "executions"} < looped.bounds
    assert "opcodes" not in looped.bounds
    (caveat,) = looped.caveats
    assert "unknown number of times" in caveat


def test_a_library_function_without_a_rule_leaves_only_the_work_open() -> None:
    found = compiled(lambda x: jax.pure_callback(lambda y: y, X, x) @ x)
    assert found.bounds == {"flops", "transcendentals", "operations"}
    assert list(found.opaque.values()) == [1]
    assert found.caveats


# Custom calls of each program as XLA counts them: a loop's body once, of branches the costliest.
CUSTOM_CALLS = {
    "none": (lambda x: jnp.sin(x) @ x, 0),
    "one": (factor, 1),
    "two": (lambda x: factor(x) + eigenvectors(x), 2),
    "in a loop": (lambda x: lax.fori_loop(0, 5, lambda _, c: factor(c), x), 1),
    "in both branches": (lambda x: lax.cond(x[0, 0] > 0, factor, eigenvectors, x), 1),
    "in the costlier branch": (
        lambda x: lax.cond(x[0, 0] > 0, lambda x: factor(x) @ x, lambda x: x @ x, x),
        1,
    ),
    "in the cheaper branch": (
        lambda x: lax.cond(x[0, 0] > 0, factor, lambda x: x @ x @ jnp.sin(x), x),
        0,
    ),
}


@pytest.mark.parametrize(("function", "calls"), CUSTOM_CALLS.values(), ids=CUSTOM_CALLS)
def test_what_xla_takes_off_for_custom_calls_is_added_again(
    function: Callable[..., Any], calls: int
) -> None:
    lowered = jax.jit(function).lower(X).compile()
    analysis = lowered.cost_analysis()
    found = Compiled(lowered).xla
    assert found["flops"] - analysis["flops"] == calls
    assert "optimal_seconds" not in found or found["optimal_seconds"] >= 0
    assert all(value >= 0 for value in found.values())


def test_without_custom_calls_and_loops_the_counts_are_xlas() -> None:
    found = compiled(lambda x: jnp.sin(x) @ x + jnp.exp(x).sum())
    assert (found.flops, found.transcendentals) == (found.xla["flops"], 128)
    assert found.bytes_accessed == found.xla["bytes accessed"]


class Silent:
    """What a compiler returns that tells as little as it may."""

    def __init__(self, analysis: Any = None, text: str | None = None) -> None:
        self.analysis, self.shown = analysis, text

    def cost_analysis(self) -> Any:
        return self.analysis

    def as_text(self) -> str | None:
        return self.shown

    def memory_analysis(self) -> Any:
        return SimpleNamespace(temp_size_in_bytes=4)


@pytest.mark.parametrize("analysis", [None, [], {}, [{}]], ids=repr)
def test_a_compiler_without_analysis_has_an_empty_one(analysis: Any) -> None:
    assert Compiled(Silent(analysis)).xla == {}
    assert Compiled(Silent(analysis)).optimal_seconds is None


def test_an_amount_below_nothing_is_left_out() -> None:
    assert Compiled(Silent([{"flops": -1.0, "bytes accessed": 8.0}])).xla == {"bytes accessed": 8}


def test_an_estimate_of_the_compilers_own_is_kept() -> None:
    assert Compiled(Silent({"optimal_seconds": 1e-6})).optimal_seconds == 1e-6


def test_without_a_text_nothing_is_counted_and_the_reason_stands() -> None:
    silent = Compiled(Silent())
    for name in ("flops", "opcodes", "executions", "collectives", "collective_bytes"):
        assert getattr(silent, name) is None
        assert silent.reasons[name] == NO_TEXT
    assert (silent.exact, silent.caveats) == (False, (NO_TEXT,))


def test_memory_that_the_compiler_does_not_tell_is_unknown() -> None:
    silent = Compiled(Silent())
    assert (silent.temp_bytes, silent.peak_bytes) == (4, None)
    assert silent.reasons == {"peak_bytes": NO_MEMORY}


def test_memory_is_that_of_the_arguments() -> None:
    found = compiled(lambda x: x @ x)
    assert (found.argument_bytes, found.output_bytes) == (256, 256)


def test_the_text_is_read_only_for_what_needs_it() -> None:
    found = compiled(lambda x: x @ x)
    assert found.temp_bytes is not None
    assert "pricing" not in found.program.__dict__
    assert found.opcodes["dot"] == 1
    assert "pricing" in found.program.__dict__


def test_there_is_no_other_attribute() -> None:
    with pytest.raises(AttributeError, match="the compiled stage has no 'flop'"):
        _ = compiled(lambda x: x).flop
