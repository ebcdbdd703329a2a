"""The three columns against XLA's own totals, against twins without loops, and made once each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from pytest_jaxcost import measure
from pytest_jaxcost._compat import watch_lowering
from pytest_jaxcost.analyses.stages.columns import NOT_DIVIDED
from pytest_jaxcost.hlo.program import HloProgram
from pytest_jaxcost.lowered import NOT_ALLOCATED, Lowered
from pytest_jaxcost.report.stages import MEMORY, ROWS, Stage
from tests.hlo.programs import PROGRAMS
from tests.hlo.test_costs import priced_as_xla
from tests.hlo.xla import normalized

X = jax.ShapeDtypeStruct((8, 8), jnp.float32)
V = jax.ShapeDtypeStruct((64,), jnp.float32)

DEVIATIONS = frozenset(
    {"batched_sort", "fft_fft2", "fft_fftn", "grad_fft_fft2", "grad_fft_fftn", "top_k"},
)
"""What XLA counts otherwise, as `tests/hlo/test_costs.py` says; it takes a topk for nothing."""

CONTROL = frozenset({"while", "conditional", "custom-call"})
"""What XLA's own totals count otherwise than a run does, by design."""


def lowered(name: str) -> tuple[Any, HloProgram]:
    found = jax.jit(PROGRAMS[name].function).lower(*PROGRAMS[name].avals)
    return found, Lowered(found).program


def test_a_straight_program_is_lowered_to_what_xla_says() -> None:
    compared, unlike = 0, {}
    for name in sorted(PROGRAMS.keys() - DEVIATIONS)[::3]:
        xla, ours = lowered(name)
        assert ours.totals is not None, name
        if not CONTROL & ours.totals.opcodes.keys():
            theirs = normalized(xla.cost_analysis())
            if priced_as_xla(ours.pricing.module).total[:2] != theirs[:2]:
                unlike[name] = theirs
            compared += 1
    assert unlike == {}
    assert compared > 70


def scanned(step: Callable[[Any], Any], count: int, x: Any) -> Any:
    return lax.scan(lambda c, _: (step(c), None), x, None, length=count)[0]


def unrolled(step: Callable[[Any], Any], count: int, x: Any) -> Any:
    for _ in range(count):
        x = step(x)
    return x


STEPS: dict[str, Callable[[Any], Any]] = {
    "dense": lambda x: jnp.tanh(x @ x),
    "sine": jnp.sin,
    "nested": partial(scanned, lambda x: jnp.exp(x) * x, 3),
}
TWINS = {
    **{name: (partial(scanned, step), partial(unrolled, step)) for name, step in STEPS.items()},
    "fori": (
        lambda n, x: lax.fori_loop(0, n, lambda _, c: jnp.sin(c) * x, x),
        lambda n, x: unrolled(lambda c: jnp.sin(c) * x, n, x),
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_a_lowered_loop_costs_what_its_unrolled_twin_costs(name: str) -> None:
    """But for what counts the loop: one compare more, and a few additions, an iteration."""
    loop, twin = (measure(partial(each, 7), (X,)).stages().lowered for each in TWINS[name])
    assert loop.exact
    assert loop.transcendentals == twin.transcendentals > 0
    assert loop.flops is not None
    assert twin.flops is not None
    assert 0 <= loop.flops - twin.flops < 2 * 8 * 8


def test_a_loop_of_unknown_length_is_a_bound_in_every_column() -> None:
    found = measure(lambda x: lax.while_loop(lambda c: c[0, 0] < 9, lambda c: c @ x, x), (X,))
    for stage in found.stages().columns:
        assert not stage.exact
        assert stage.bounds - {"peak_bytes"} == {"flops", "transcendentals", "bytes_accessed"}
        assert stage.caveats
        assert not stage.reading("flops").exact
        assert stage.reading("instructions").exact


@pytest.mark.parametrize("name", ["grad_mlp", "scan", "random_normal", "linalg_cholesky"])
def test_columns_are_those_of_the_report(name: str) -> None:
    report = measure(PROGRAMS[name].function, PROGRAMS[name].avals)
    traced, _, compiled = report.stages().columns
    assert (traced.instructions, traced.flops) == (report.eqns, report.flops)
    assert traced.transcendentals == report.transcendentals
    assert traced.bytes_accessed == report.bytes_accessed
    assert compiled.instructions == sum(report.compiled.opcodes.values())
    for row in (*list(ROWS)[1:4], *MEMORY):
        assert getattr(compiled, row) == getattr(report.compiled, row), row


def test_memory_is_what_each_stage_knows() -> None:
    def f(x: Any, unread: Any) -> Any:
        return jnp.sin(x), jnp.sum(x)

    traced, lowered, compiled = measure(f, (X, V)).stages().columns
    assert (traced.argument_bytes, traced.output_bytes) == (4 * (64 + 64), 4 * (64 + 1))
    assert (lowered.argument_bytes, lowered.output_bytes) == (4 * 64, 4 * (64 + 1))
    assert compiled.argument_bytes == 4 * 64
    assert compiled.temp_bytes is not None
    for stage in (traced, lowered):
        assert stage.temp_bytes is None
        assert stage.reading("temp_bytes").reason == NOT_ALLOCATED


def test_each_stage_is_made_once() -> None:
    runs: list[Any] = []
    made: list[str] = []

    def counted(x: Any) -> Any:
        runs.append(x)
        return jnp.sin(x) @ x + jnp.sin(x)

    with watch_lowering(lambda name, _: made.append(name)):
        report = measure(counted, (X,))
        program = report._measurement.program  # type: ignore[attr-defined]
        first = report.stages()
        _ = report.compiled.flops, report.stages(), str(first)
        stages = program.lowered, program.compiled
        assert report.stages() is first
        assert (program.lowered, program.compiled) == stages
    assert made == ["counted"]
    assert len(runs) == 1


def test_nothing_is_lowered_or_compiled_without_being_asked() -> None:
    report = measure(jnp.sin, (X,))
    _ = str(report), report.to_dict()
    assert not report.has_compiled
    program = report._measurement.program  # type: ignore[attr-defined]
    assert "lowered" not in program.__dict__
    report.stages()
    assert report.has_compiled


def test_a_part_has_the_traced_column_only() -> None:
    report = measure(jax.grad(lambda x: jnp.sum(jnp.tanh(x @ x))), (X,))
    for part in (report.phases["transpose"], report.phases["primal"]):
        found = part.stages()
        assert found.traced.flops == part.flops
        assert found.steps == ()
        for stage in (found.lowered, found.compiled):
            assert [getattr(stage, row) for row in ROWS] == [None] * len(ROWS)
            assert stage.reading("flops").reason == NOT_DIVIDED
            assert not stage.exact
        assert NOT_DIVIDED in str(found)
    assert not report.has_compiled


def test_donated_arguments_are_kept() -> None:
    donated = jax.jit(lambda x: x + 1, donate_argnums=0)
    report = measure(donated, (X,))
    assert report.compiled.alias_bytes == 4 * 64
    assert report.stages().lowered.argument_bytes == 4 * 64


def test_a_program_that_was_watched_has_stages() -> None:
    from pytest_jaxcost.api import measure_jaxpr

    report = measure_jaxpr(jax.make_jaxpr(lambda x: jnp.sin(x) @ x)(X), name="watched")
    _, lowered, compiled = report.stages().columns
    assert lowered.flops == compiled.flops == 2 * 8**3


def test_it_is_plain_data() -> None:
    import json

    found = measure(lambda x: jnp.sin(x) @ x, (X,)).stages()
    data = json.loads(json.dumps(found.to_dict()))
    assert data["lowered"]["flops"] == found.lowered.flops
    assert data["steps"][0]["before"] == "traced"
    assert data["traced"]["temp_bytes"] is None
    assert isinstance(found.traced, Stage)
    assert "<th>lowered</th>" in found._repr_html_()
