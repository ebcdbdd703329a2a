"""Verdicts on findings of all kinds: by hand, and by what the compiled texts say."""

from __future__ import annotations

from collections import Counter
from functools import cache

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import CostError, measure
from pytest_jaxcost.analyses import ANALYSES
from pytest_jaxcost.analyses.prices import EDITED
from pytest_jaxcost.report import Report
from pytest_jaxcost.report.metrics import ABOUT_MEMORY, METRICS
from tests.analyses.survival import oracles
from tests.analyses.survival.kinds import CASES, DOT, Function, M, block, square_in_a_loop
from tests.analyses.survival.survivals import is_left, survivals

NO_WORK = {"constants", "intermediates", "residuals"}
NEVER_LEFT_OUT = {"vmapped_conds", "upcast_dots"}


@cache
def report(name: str) -> Report:
    return measure(CASES[name].function, CASES[name].avals, name=name)


def test_every_kind_that_is_about_work_and_can_be_left_out_has_verdicts() -> None:
    assert ANALYSES.keys() - EDITED - {"dead"} == NO_WORK | NEVER_LEFT_OUT
    assert NO_WORK == ABOUT_MEMORY


def test_there_are_six_programs_of_each_kind_and_both_verdicts() -> None:
    kinds = Counter(case.kind for case in CASES.values())
    assert kinds.keys() == {*EDITED, "dead"} - {
        "duplicates",
        "key_reuse",
        "repeated_callbacks",
    }
    assert min(kinds.values()) >= 6
    verdicts = Counter(each for case in CASES.values() for each in case.verdicts.values())
    assert verdicts["unknown"] <= 3
    assert min(verdicts["survives"], verdicts["removed"]) >= 55


UNKNOWN = {
    # a determinant or another factorization stands beside: one does not serve both
    "lu_of_the_transpose",
    # what a scan keeps for the backward pass is not seen to be the carry of the one before
    "checkpointed_layers",
    "checkpointed_layers_without_barriers",
}
"""Programs that are not written down without their findings."""


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_the_one_worked_by_hand_and_what_the_text_says(name: str) -> None:
    case = CASES[name]
    by_text = oracles.verdict(case, "cpu")
    expected = "unknown" if name in UNKNOWN else by_text
    assert is_left(survivals(report(name), case.kind, case.primitive)) == {expected}
    assert case.verdicts["cpu"] in (by_text, "varies")


@pytest.mark.parametrize("name", CASES)
def test_an_unknown_has_a_reason_and_nothing_else_has(name: str) -> None:
    for each in report(name)._measurement.judged(CASES[name].kind):
        assert each.survival is not None
        assert bool(each.survival_reason) == (each.survival == "unknown")


def test_the_message_says_what_survives() -> None:
    found = report("sine_in_a_condition")
    with pytest.raises(CostError) as error:
        found.check(compiled={"max_loop_invariants": 0})
    lines = [line.strip() for line in str(error.value).splitlines()]
    assert "2 equations: sin 1x, reduce_sum 1x" in lines
    survives = "all of it survives compilation (cpu), 64 B more temporary memory"
    assert any(line.startswith(survives) for line in lines)
    assert any("saves at least 511 op" in line for line in lines)


@pytest.mark.parametrize("name", ["square_in_a_loop", "sine_in_a_condition"])
def test_only_what_survives_counts_in_the_metrics(name: str) -> None:
    found = report(name)
    survive = CASES[name].verdicts["cpu"] == "survives"
    assert found.metrics["loop_invariants"] == len(found.loop_invariants) > 0
    assert found.metrics["compiled.loop_invariants"] == len(found.loop_invariants) * survive
    assert found.survivors("loop_invariants").count == found.metrics["compiled.loop_invariants"]


@pytest.mark.parametrize("kind", sorted(NO_WORK))
def test_kinds_about_memory_have_no_verdict(kind: str) -> None:
    found = measure(square_in_a_loop, CASES["square_in_a_loop"].avals)
    _ = found.compiled
    assert {each.survival for each in found.findings(kind)} <= {None}
    assert f"compiled.{kind}" not in METRICS


def test_survivors_of_what_has_no_verdict_are_an_error_and_not_none() -> None:
    found = measure(square_in_a_loop, CASES["square_in_a_loop"].avals)
    with pytest.raises(KeyError, match="no findings about work are of the kind 'constants'"):
        found.survivors("constants")
    with pytest.raises(KeyError, match="did you mean 'duplicates'"):
        found.survivors("duplicate")
    assert not found.has_compiled


def two_blocks(layer: Function) -> Function:
    return jax.grad(lambda x, w: jnp.sum(layer(layer(x, w), w)))


def test_of_several_checkpoints_those_survive_that_the_text_has_twice() -> None:
    """The last block is computed only once: nothing reads what its forward pass gives."""
    twice, once = two_blocks(jax.checkpoint(block)), two_blocks(block)
    found = measure(twice, (M, M)).survivors("recomputed")
    surviving = sum(each.flops for each in found if each.primitive == "dot_general")
    left = oracles.work(twice, (M, M), DOT) - oracles.work(once, (M, M), DOT)
    assert surviving == left
