"""Nothing that an analysis does fails a test: what it looks for is unknown, and that is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import CostError, Findings, LimitError, Report, ScopeError, cost_rule
from pytest_jaxcost import measure as measured
from pytest_jaxcost.analyses import ANALYSES, Facts
from pytest_jaxcost.cost.registry import RULES, CostRuleError
from pytest_jaxcost.failures import LISTENERS, Failure
from pytest_jaxcost.hlo.parse import parse

X = jnp.ones(4)
REASON = "duplicates could not be analyzed: OSError: broken on purpose"


def function(x: Any) -> Any:
    return jnp.sin(x) * jnp.cos(x)


def broken(_: Any, *__: Any, **___: Any) -> Any:
    raise OSError("broken on purpose")


def broken_later(_: Any) -> Findings:
    def later() -> list[Any]:
        return broken(None)

    return Findings(bookkeeping=later, from_jax=later)


@pytest.fixture(autouse=True)
def told() -> Iterator[list[Failure]]:
    heard: list[Failure] = []
    LISTENERS.append(heard.append)
    yield heard
    LISTENERS.pop()


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> Report:
    """Of a program whose analysis of duplicates raises."""
    monkeypatch.setitem(ANALYSES, "duplicates", broken)
    return measured(function, (X,))


def test_what_is_not_known_is_empty_and_says_so(report: Report) -> None:
    found = report.duplicates
    assert (found.count, found.exact, found.unknown) == (0, False, REASON)
    assert repr(found) == f"<Findings unknown: {REASON}>"
    assert report.caveats == (REASON,)
    assert not report.exact
    assert REASON in str(report)
    assert report.to_dict()["caveats"] == [REASON]
    assert report.dead.exact  # the others are not touched


def test_what_could_not_be_analyzed_is_not_called_nothing(report: Report) -> None:
    lines = dict(line.strip().split(": ", 1) for line in str(report).splitlines() if ": " in line)
    assert lines["not analyzed"] == "duplicates"
    assert "dead" in lines["nothing found"]
    assert "duplicates" not in lines["nothing found"]


def test_where_all_is_analyzed_no_line_says_so() -> None:
    assert "not analyzed" not in str(measured(function, (X,)))


@pytest.mark.parametrize("limit", [{"max_duplicates": 0}, {"max_duplicates": "5%"}])
def test_a_limit_on_it_cannot_be_checked(report: Report, limit: dict[str, Any]) -> None:
    with pytest.raises(CostError, match="duplicates cannot be checked   function") as caught:
        report.check(max_dead=0, **limit)
    assert " ".join(str(caught.value).split()).count(REASON) == 1
    report.check(max_dead=0)


def test_a_limit_on_what_survives_cannot_be_checked(report: Report) -> None:
    with pytest.raises(CostError) as caught:
        report.check(compiled={"max_duplicates": 0})
    assert REASON in " ".join(str(caught.value).split())


def test_parts_know_as_little(report: Report) -> None:
    phase = report.phases["primal"]
    assert phase.duplicates.unknown == REASON
    assert phase.caveats == (REASON,)
    assert phase.transcendentals == 8


def test_whoever_listens_is_told_once(report: Report, told: list[Failure]) -> None:
    for _ in range(2):
        assert report.duplicates.unknown
    (failure,) = told
    assert failure.program == "function"
    assert failure.analysis == "duplicates"
    assert failure.reason == REASON
    assert failure.where.endswith("in broken")
    assert f"jax {jax.__version__}" in failure.versions


def test_what_is_made_later_may_fail_too(
    monkeypatch: pytest.MonkeyPatch, told: list[Failure]
) -> None:
    monkeypatch.setitem(ANALYSES, "duplicates", broken_later)
    report = measured(function, (X,))
    assert report.duplicates.eqns == 0
    assert report.exact
    assert report.duplicates.all == ()
    assert report.duplicates.from_jax == Findings()
    assert (report.exact, report.caveats) == (False, (REASON,))
    assert len(told) == 2


def test_a_program_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_jaxcost.analyses.facts.inline", broken)
    report = measured(function, (X,))
    reason = "totals could not be analyzed: OSError: broken on purpose"
    assert (report.flops, report.exact, report.caveats) == (0, False, (reason,))
    with pytest.raises(CostError) as caught:
        report.check(max_flops=10**9)
    assert reason in " ".join(str(caught.value).split())
    assert report.phases["jvp"].flops == 0
    assert report.scope("function").flops == 0
    assert report.scopes == ()
    assert str(report)
    assert report.stages().traced.flops is None
    with pytest.raises(CostError, match="cannot be checked"):
        report.check(phases={"jvp": {"max_flops": 5}})


def test_a_verdict_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_jaxcost.api.Survival.judged", broken)
    report = measured(lambda x: jnp.sin(x) + jnp.sin(x), (X,))
    reason = "survival of duplicates could not be analyzed: OSError: broken on purpose"
    with pytest.raises(CostError) as caught:
        report.check(compiled={"max_duplicates": 0})
    assert reason in " ".join(str(caught.value).split())
    (finding,) = report.duplicates
    assert (finding.survival, finding.survival_reason) == ("unknown", reason)


@pytest.mark.parametrize(
    ("nth", "what"), [(1, "the compiled program"), (2, "the compiled program without findings")]
)
def test_a_verdict_where_one_of_the_two_programs_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, nth: int, what: str
) -> None:
    texts: list[str] = []

    def broken_once(text: str) -> Any:
        texts.append(text)
        return broken(text) if len(texts) == nth else parse(text)

    monkeypatch.setattr("pytest_jaxcost.hlo.program.parse", broken_once)
    report = measured(lambda x: jnp.sin(x) + jnp.sin(x), (X,))
    _ = report.compiled
    (finding,) = report.duplicates
    reason = f"{what} could not be analyzed: OSError: broken on purpose"
    assert (finding.survival, finding.survival_reason) == ("unknown", reason)
    assert reason in report.caveats


@pytest.mark.parametrize(
    ("broken_at", "what", "limit"),
    [
        ("pytest_jaxcost.hlo.program.parse", "the compiled program", "max_flops"),
        ("pytest_jaxcost.hlo.program.parse", "the compiled program", "max_recomputed_by_xla"),
        ("pytest_jaxcost.hlo.program.totals", "the compiled program", "max_flops"),
        ("pytest_jaxcost.api.recomputed_by_xla", "recomputed_by_xla", "max_recomputed_by_xla"),
    ],
)
def test_a_compiled_program_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, broken_at: str, what: str, limit: str
) -> None:
    monkeypatch.setattr(broken_at, broken)
    report = measured(function, (X,))
    reason = f"{what} could not be analyzed: OSError: broken on purpose"
    with pytest.raises(CostError) as caught:
        report.check(compiled={limit: 0, "max_temp_bytes": "1 GiB"})
    assert reason in " ".join(str(caught.value).split())
    assert "cannot be checked   function" in str(caught.value)
    assert report.compiled.temp_bytes is not None
    assert reason in report.caveats


def test_stages_that_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_jaxcost.api.stages", broken)
    stages = measured(function, (X,)).stages()
    assert stages.traced.reading("flops").reason.startswith("stages could not be analyzed")
    assert str(stages)


def test_equations_that_fail_leave_the_explanation_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_jaxcost.api.equations", broken)
    with pytest.raises(CostError, match="flops"):
        measured(function, (X,)).check(max_flops=0)


def test_parts_that_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_jaxcost.ir.phases.Phases.of", broken)
    report = measured(function, (X,))
    with pytest.raises(CostError, match="cannot be checked"):
        report.check(phases={"jvp": {"max_flops": 5}})
    assert report.flops == 4


def interrupted(_: Facts) -> Findings:
    raise KeyboardInterrupt


def test_an_interruption_is_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANALYSES, "duplicates", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _ = measured(function, (X,)).duplicates


@pytest.mark.parametrize("rule", [broken, lambda _: 3])
def test_what_a_rule_of_the_users_does_wrong_is_raised(rule: Any) -> None:
    before = dict(RULES)
    try:
        cost_rule("sin")(rule)
        with pytest.raises(CostRuleError, match="the cost rule of sin"):
            _ = measured(function, (X,)).flops
    finally:
        RULES.clear()
        RULES.update(before)


def test_wrong_usage_is_raised() -> None:
    report = measured(function, (X,))
    with pytest.raises(ScopeError):
        report.scope("nowhere")
    with pytest.raises(LimitError):
        report.on("abacus")
    with pytest.raises(TypeError):
        measured(function, ("text",))
    assert report.caveats == ()


def test_what_the_function_raises_is_raised() -> None:
    with pytest.raises(OSError, match="broken on purpose"):
        measured(broken, (X,))
