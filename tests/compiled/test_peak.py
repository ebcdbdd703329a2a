"""The most memory in use at once: the compiler's figure, or a bound where that leaves some out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import CostError, Report, measure
from pytest_jaxcost.compiled import PEAK

N = 256


def spectrum(x: jax.Array) -> jax.Array:
    return jnp.sum(jnp.fft.fft(x[:, None] * x[None, :]).real)


def sorted_twice(x: jax.Array) -> jax.Array:
    return jnp.sort(jnp.concatenate([x, 2 * x]))[:10]


def vector(n: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((n,), jnp.float32)


class Hungry(NamedTuple):
    """A program that cannot do without an array of this size beside arguments and results."""

    fn: Callable[..., Any]
    n: int
    needs: int


HUNGRY = [
    Hungry(spectrum, N, N * N * 8),  # what a library's fft writes, in complex64
    Hungry(sorted_twice, 10_000, 2 * 10_000 * 4),
]


def own_figure(report: Report) -> int:
    return int(report.compiled._compiled.memory_analysis().peak_memory_in_bytes)


@pytest.mark.parametrize("program", HUNGRY, ids=lambda program: program.fn.__name__)
def test_temporaries_are_counted_and_the_figure_is_a_bound(program: Hungry) -> None:
    report = measure(program.fn, (vector(program.n),))
    arguments = 4 * program.n
    reading = report.metrics.reading("compiled.peak_bytes")
    assert own_figure(report) < arguments + program.needs  # which is why it is not taken
    assert reading.value is not None
    assert reading.value >= arguments + program.needs
    assert not reading.exact


def test_without_temporaries_it_is_the_compilers_own() -> None:
    report = measure(lambda x: x, (vector(1000),))
    reading = report.metrics.reading("compiled.peak_bytes")
    assert (reading.value, reading.exact) == (8000, True)
    assert "peak_bytes" not in report.compiled.bounds


def test_donated_arguments_are_counted_once() -> None:
    report = measure(jax.jit(lambda x: x * 2 + 1, donate_argnums=0), (vector(1000),))
    reading = report.metrics.reading("compiled.peak_bytes")
    assert (reading.value, reading.exact) == (4000, True)


def test_a_limit_on_it_is_judged_by_the_bound() -> None:
    report = measure(spectrum, (vector(N),))
    with pytest.raises(
        CostError, match=r"compiled.peak_bytes at least [\d.]+ \w+ > 1 KiB   spectrum"
    ) as raised:
        report.check(compiled={"max_peak_bytes": "1 KiB"})
    assert "caveat: peak_bytes: arguments, outputs and temporaries" in str(raised.value)
    with pytest.raises(CostError, match="only a lower bound is known"):
        report.check(compiled={"min_peak_bytes": "1 GiB"})


def test_the_caveat_is_told_to_those_who_read_it() -> None:
    compiled = measure(spectrum, (vector(N),)).compiled
    assert PEAK not in compiled.caveats
    _ = compiled.peak_bytes
    assert PEAK in compiled.caveats


def test_counts_of_a_stage_are_exact_beside_it() -> None:
    stage = measure(sorted_twice, (vector(100),)).stages().compiled
    assert stage.exact
    assert not stage.reading("peak_bytes").exact
    assert stage.reading("temp_bytes").exact


@pytest.mark.tpu
@pytest.mark.parametrize("program", HUNGRY, ids=lambda program: program.fn.__name__)
def test_a_tpu_compiler_counts_them_itself(program: Hungry) -> None:
    report = measure(program.fn, (vector(program.n),), target="tpu:v5e:2x2")
    reading = report.metrics.reading("compiled.peak_bytes")
    assert (reading.value, reading.exact) == (own_figure(report), True)


@pytest.mark.cuda
@pytest.mark.parametrize("program", HUNGRY, ids=lambda program: program.fn.__name__)
def test_a_gpu_compiler_counts_all_but_what_rounding_adds(program: Hungry) -> None:
    report = measure(program.fn, (vector(program.n),), target="cuda:h100")
    value = report.metrics["compiled.peak_bytes"]
    assert value is not None
    assert 0 <= value - own_figure(report) < 0.01 * value
