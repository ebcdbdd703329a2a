"""What other plugins and conftest files can do."""

from __future__ import annotations

import pytest

from pytest_jaxcost.cost.registry import RULES

from .programs import block, run

REPORTS = """
    def pytest_jaxcost_report(report, item):
        print(f"<{item.name}: {report.name}>")
"""
TESTS = """
    def test_two(jaxcost):
        jaxcost(twice, X)
        jaxcost(once, X)

    @pytest.mark.jaxcost(max_eqns=0)
    def test_fails(jaxcost):
        jaxcost(once, X)

    @pytest.mark.jaxcost(max_eqns=1)
    def test_watched():
        jax.jit(once)(X)
"""


def test_every_report_is_told(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(REPORTS)
    result = run(pytester, TESTS, "-s", "-q", "--tb=no")
    told = "".join(result.outlines)
    assert [part.partition(">")[0] for part in told.split("<")[1:]] == [
        "test_two: twice",
        "test_two: once",
        "test_fails: once",
        "test_watched: once",
    ]


RULE = """
    from pytest_jaxcost import Cost

    def sine(eqn):
        return Cost(flops=7 * eqn.outvars[0].aval.size, transcendentals=0, bytes_accessed=0)

    def pytest_jaxcost_cost_rules():
        return {"sin": sine}
"""


def test_cost_rules_hold_for_the_session(pytester: pytest.Pytester) -> None:
    before = dict(RULES)
    pytester.makeconftest(RULE)
    tests = """
        def test_fixture(jaxcost):
            assert jaxcost(once, X).flops == 56

        @pytest.mark.jaxcost(flops=56)
        def test_watched():
            jax.jit(once)(X)
    """
    run(pytester, tests).assert_outcomes(passed=2)
    assert before == RULES


BAD = {
    "return [3]": "pytest_jaxcost_cost_rules returned [[]3[]]; it returns a mapping*",
    "return {'sin': 3}": "pytest_jaxcost_cost_rules: the cost rule of sin is not callable; got 3",
    "return {3: len}": "pytest_jaxcost_cost_rules: the name of a primitive is a string; got 3",
}


@pytest.mark.parametrize("body", BAD)
def test_bad_cost_rules(pytester: pytest.Pytester, body: str) -> None:
    before = dict(RULES)
    pytester.makeconftest(f"def pytest_jaxcost_cost_rules(): {body}")
    result = run(pytester, "def test_it(jaxcost):\n    jaxcost(once, X)\n\ndef test_other(): ...")
    result.assert_outcomes(passed=1, failed=1)
    shown = block(result, "_ test_it _", "short test summary")
    pytest.LineMatcher(shown).fnmatch_lines([f"jaxcost: {BAD[body]}"])
    assert before == RULES


def test_hooks_are_specified(pytester: pytest.Pytester) -> None:
    """A wrong argument is found by pluggy when the conftest file is loaded."""
    pytester.makeconftest("def pytest_jaxcost_report(report, test): ...")
    result = pytester.runpytest()
    assert result.ret != pytest.ExitCode.OK
    output = result.stdout.str() + result.stderr.str()
    assert "hook 'pytest_jaxcost_report'" in output
    assert "{'test'} are declared" in output
