"""Verdicts on what survives compilation: by hand, by twins, and in messages."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from pytest_jaxcost import CostError, hlo, measure
from pytest_jaxcost.hlo.regions import regions
from pytest_jaxcost.report import Report
from tests.analyses.survival import everyday, programs, realistic
from tests.analyses.survival.programs import CASES
from tests.analyses.survival.survivals import about, is_left

UNKNOWN = {"condition_repeats_the_body", "halved_while_a_condition_repeats"}
"""What the test of a ``while`` computes is not handed to its body: no program is without it."""

NOT_FOUND = {"primal_repeated_by_a_custom_rule"}
"""The lines of a custom rule repeat the function's own: that is taken for JAX's repetition."""


@cache
def report(name: str) -> Report:
    case = CASES[name]
    return measure(case.function, case.avals, name=name)


def runs(text: str, opcodes: tuple[str, ...]) -> int:
    """How often a compiled text runs instructions of the opcodes, of branches the costliest."""
    pricing = hlo.price(hlo.read(text))
    totals: dict[str, int] = {}
    for name, region in regions(pricing).items():  # inner ones first
        totals[name] = sum(each.opcode in opcodes for each in region.evaluations) + sum(
            (inner.times or 1) * max(totals[each] for each in inner.names) for inner in region.inner
        )
    return totals[pricing.module.entry]


def test_there_are_programs_enough_of_both_sorts_in_every_table() -> None:
    verdicts = Counter(case.verdict for case in CASES.values())
    assert min(verdicts["survives"], verdicts["removed"]) >= 48
    tables = Counter(case.function.__module__ for case in CASES.values())
    least = {programs: 70, realistic: 55, everyday: 20}
    assert all(tables[table.__name__] >= number for table, number in least.items())


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_the_one_worked_by_hand(name: str) -> None:
    """What is worked by hand is about one primitive; a part of the others may be removed."""
    case = CASES[name]
    found = about(report(name)._measurement.judged(case.kind), case.primitive)
    if name in NOT_FOUND:
        pytest.xfail("it is listed as JAX's own")
    are_alone = all(len({one.primitive for one in each.equations}) == 1 for each in found)
    told = {each.survival for each in found}
    expected = "unknown" if name in UNKNOWN else case.verdict
    assert (told if are_alone else is_left(told)) == {expected}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.opcodes])
def test_the_better_way_does_less_where_something_survives_and_as_much_elsewhere(name: str) -> None:
    case = CASES[name]
    better = jax.jit(case.better).lower(*case.avals).compile().as_text()
    twice, once = (runs(each, case.opcodes) for each in (report(name).compiled.text, better))
    assert (twice > once) == (case.verdict != "removed")


@pytest.mark.parametrize("name", CASES)
def test_an_unknown_has_a_reason_and_nothing_else_has(name: str) -> None:
    for each in report(name)._measurement.judged("duplicates"):
        assert bool(each.survival_reason) == (each.survival == "unknown")


def test_nothing_is_looked_for_before_the_program_is_compiled() -> None:
    case = CASES["head"]
    found = measure(case.function, case.avals)
    assert [each.survival for each in found.duplicates] == [None]
    assert not found.has_compiled
    _ = found.compiled
    assert [each.survival for each in found.duplicates] == ["removed"]


def test_bookkeeping_and_what_jax_repeats_itself_have_no_verdict() -> None:
    for name in ("softmax_twice", "logistic_twice"):
        findings = report(name)._measurement.judged("duplicates")
        rest = [each for each in findings.all if each.bookkeeping]
        assert {each.survival for each in (*rest, *findings.from_jax)} <= {None}


def test_only_survivors_are_counted() -> None:
    survivor, removed = report("loop_and_its_gradient"), report("equal_loops")
    assert survivor.metrics["compiled.duplicates"] == survivor.duplicates.count == 1
    assert survivor.duplicates.operations > 0
    survivor.check(compiled={"duplicates": f"{survivor.duplicates.operations} op"})
    assert removed.duplicates.eqns == 2
    assert removed.metrics["compiled.duplicates"] == 0
    assert not removed.survivors()
    assert [each.primitive for each in survivor.survivors().equations] == ["dot_general", "tanh"]


def test_what_the_compiler_removes_keeps_a_limit_on_survivors() -> None:
    report("equal_loops").check(compiled={"max_duplicates": 0})
    with pytest.raises(CostError, match=r"compiled\.duplicates 1 > 0"):
        report("loop_and_its_gradient").check(compiled={"max_duplicates": 0})
    report("loop_and_its_gradient").check(compiled={"max_duplicates": "60%"})


def value_and_gradient(x: Any) -> Any:
    def f(x: Any) -> Any:
        return lax.fori_loop(0, 6, lambda _, c: jnp.tanh(c @ c), x).sum()

    return f(x), jax.grad(f)(x)


def test_a_message_on_the_traced_stage_shows_verdicts_only_where_they_were_made() -> None:
    found = measure(value_and_gradient, (jax.ShapeDtypeStruct((16, 16), jnp.float32),))
    with pytest.raises(CostError) as before:
        found.check(max_duplicates=0)
    assert "compilation" not in str(before.value)
    _ = found.compiled
    with pytest.raises(CostError) as after:
        found.check(max_duplicates=0)
    assert str(after.value).count("all of it survives compilation (cpu)") == 1


def in_kernel(x: Any) -> Any:
    from jax.experimental import pallas

    def kernel(x_ref: Any, out_ref: Any) -> None:
        x = x_ref[...]
        out_ref[...] = jnp.sin(x)
        out_ref[...] += jnp.sin(x)

    shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
    return pallas.pallas_call(kernel, shape, interpret=True)(x)


def test_what_stands_in_a_kernel_is_unknown() -> None:
    found = measure(in_kernel, (jax.ShapeDtypeStruct((8,), jnp.float32),))
    (each,) = found._measurement.judged("duplicates")
    assert (each.survival, "pallas_call" in each.survival_reason) == ("unknown", True)


class Silent:
    def as_text(self) -> None:
        return None

    def memory_analysis(self) -> None:
        return None


def test_a_compiler_that_shows_nothing_leaves_everything_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = CASES["head"]
    found = measure(case.function, case.avals)
    monkeypatch.setattr(jax.stages.Lowered, "compile", lambda *_, **__: Silent())
    assert {each.survival for each in found._measurement.judged("duplicates")} == {"unknown"}
    assert found.metrics["compiled.duplicates"] is None
    with pytest.raises(CostError, match="does not show the optimized program"):
        found.check(compiled={"max_duplicates": 0})
    found.check(compiled={"key_reuse": 0})  # there are none to survive


def test_what_the_program_without_it_needs_more_of_memory_may_not_be_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = CASES["loop_and_its_gradient"]
    known = measure(case.function, case.avals)._measurement.judged("duplicates")
    assert {type(each.more_temp_bytes) for each in known} == {int}
    monkeypatch.setattr(jax.stages.Compiled, "memory_analysis", lambda _: None)
    unknown = measure(case.function, case.avals)._measurement.judged("duplicates")
    assert {each.more_temp_bytes for each in unknown} == {None}


def test_the_reason_why_no_program_without_it_is_written_down_is_told() -> None:
    gradients = jax.vmap(jax.jacfwd(lambda x: (jnp.sin(x) ** 2).sum()))
    found = measure(gradients, (jax.ShapeDtypeStruct((3, 24), jnp.float32),))
    (each,) = found._measurement.judged("wrong_modes")
    reason = "the Jacobian is made for each example of a batch"
    assert (each.survival, each.survival_reason) == ("unknown", reason)


def test_survivors_of_callbacks_are_found_under_their_own_name() -> None:
    found = report("callbacks")
    assert [each.primitive for each in found.survivors("repeated_callbacks")] == ["pure_callback"]
