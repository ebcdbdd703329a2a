"""Limits on the compiled program, from the user's side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from pytest_jaxcost import CostError, measure
from pytest_jaxcost.report.metrics import METRICS

X = jax.ShapeDtypeStruct((8, 8), jnp.float32)


def looped(x: Any) -> Any:
    return lax.fori_loop(0, 5, lambda _, c: jnp.linalg.cholesky(c @ x), x)


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What was compiled so far."""
    made: list[Any] = []
    compile_ = jax.stages.Lowered.compile

    def compile_and_note(lowered: Any, *args: Any, **kwargs: Any) -> Any:
        made.append(lowered)
        return compile_(lowered, *args, **kwargs)

    monkeypatch.setattr(jax.stages.Lowered, "compile", compile_and_note)
    return made


EVERYTHING = {f"max_{each.name}": 10**12 for each in METRICS.values() if each.stage == "traced"}
EVERYTHING["max_waste"] = "1 Top"

TRACED: dict[str, Callable[[Any], Any]] = {
    "limits": lambda report: report.check(max_flops=10**9, max_duplicates=0, forbid=("sin",)),
    "every limit": lambda report: report.check(**EVERYTHING),
    "text": str,
    "html": lambda report: report._repr_html_(),
    "data": lambda report: report.to_dict(),
    "findings": lambda report: [report.findings(kind).all for kind in report.findings_kinds],
    "phases": lambda report: report.phases["jvp"].check(max_flops=0),
}


@pytest.mark.parametrize("read", TRACED.values(), ids=TRACED)
def test_what_is_traced_only_never_compiles(
    read: Callable[[Any], Any], compilations: list[Any]
) -> None:
    report = measure(looped, (X,))
    read(report)
    assert not compilations
    assert not report.has_compiled


def test_all_that_is_compiled_compiles_once(compilations: list[Any]) -> None:
    report = measure(looped, (X,))
    report.check(
        compiled={"max_opcodes": {"dot": 1}, "max_flops": "1 GFLOP", "max_temp_bytes": "1 GiB"}
    )
    report.check(compiled={"max_executions": {"dot": 5}, "max_collectives": {"all-gather": 0}})
    _ = report.compiled.text, str(report), report.to_dict(), report.metrics["compiled.peak_bytes"]
    assert len(compilations) == 1


KEPT: list[dict[str, Any]] = [
    {"max_opcodes": {"dot": 1, "custom-call": 1}},
    {"opcodes": {"dot": 1, "sine": 0}},
    {"max_executions": {"dot": 5}},
    {"executions": {"dot": 5, "custom-call": 5}},
    {"forbid": ("sine", "all-reduce")},
    {"max_collectives": {"all-gather": 0}},
    {"max_collective_executions": {"all-gather": 0}},
    {"max_collective_bytes": 0},
    {"min_flops": 5 * 2 * 8**3},
    {"max_waste": "1%", "max_duplicates": 0, "max_zeros": "1 op"},
]
BROKEN: list[dict[str, Any]] = [
    {"max_opcodes": {"dot": 0}},
    {"opcodes": {"dot": 2}},
    {"max_executions": {"dot": 4}},
    {"executions": {"custom-call": 1}},
    {"forbid": "custom-call"},
    {"min_collectives": {"all-gather": 1}},
    {"min_collective_bytes": 1},
    {"max_flops": 5 * 2 * 8**3 - 1},
]


@pytest.mark.parametrize("limits", KEPT, ids=str)
def test_limits_that_are_kept(limits: dict[str, Any]) -> None:
    measure(looped, (X,)).check(compiled=limits)


@pytest.mark.parametrize("limits", BROKEN, ids=str)
def test_limits_that_are_not(limits: dict[str, Any]) -> None:
    with pytest.raises(CostError):
        measure(looped, (X,)).check(compiled=limits)


def test_the_message_names_the_instruction_and_its_place() -> None:
    report = measure(looped, (X,))
    with pytest.raises(CostError) as error:
        report.check(compiled={"max_executions": {"dot": 4}, "max_opcodes": {"dot": 1}})
    lines = str(error.value).splitlines()
    assert lines[0] == 'jaxcost: compiled.executions["dot"] 5 > 4   looped'
    assert lines[2].split()[:6] == ["dot", "f32[8,8]", "once,", "run", "5", "times"]
    assert f"test_limits.py:{looped.__code__.co_firstlineno + 1}" in lines[3]


def test_a_lower_bound_says_why_in_the_message() -> None:
    report = measure(lambda x: jax.pure_callback(lambda y: y, X, x) @ x, (X,), name="f")
    with pytest.raises(CostError) as error:
        report.check(compiled={"max_flops": 0})
    text = " ".join(str(error.value).split())
    assert "compiled.flops at least 1.02 kFLOP > 0 f" in text
    assert "is not known and not counted" in text


def test_nobody_is_to_blame_for_memory() -> None:
    with pytest.raises(CostError) as error:
        measure(looped, (X,)).check(compiled={"max_argument_bytes": 0})
    assert str(error.value).splitlines()[2:] == []


def test_a_part_of_a_program_has_no_compiled_stage() -> None:
    def scoped(x: Any) -> Any:
        with jax.named_scope("part"):
            return jnp.sin(x)

    part = measure(scoped, (X,)).scope("part")
    with pytest.raises(CostError, match="not divided into phases and scopes"):
        part.check(compiled={"max_opcodes": {"sine": 1}})
