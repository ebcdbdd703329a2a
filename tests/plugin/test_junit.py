"""Properties in the JUnit report: of measured tests, and of no others."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from .programs import run

TESTS = """
    def test_measured(jaxcost):
        jaxcost(twice, X)
        jaxcost(twice, X)

    @pytest.mark.jaxcost(max_eqns=1)
    def test_watched():
        jax.jit(once)(X)

    def test_unmeasured(jaxcost): ...
"""
TWICE = {
    "jaxcost.twice.eqns": "3",
    "jaxcost.twice.flops": "8",
    "jaxcost.twice.transcendentals": "16",
    "jaxcost.twice.bytes_accessed": "224",
    "jaxcost.twice.duplicates": "1",
    "jaxcost.twice.dead": "0",
}
ONCE = {
    "jaxcost.once.eqns": "1",
    "jaxcost.once.flops": "0",
    "jaxcost.once.transcendentals": "8",
    "jaxcost.once.bytes_accessed": "64",
    "jaxcost.once.duplicates": "0",
    "jaxcost.once.dead": "0",
}


@pytest.mark.parametrize(
    "workers", [[], pytest.param(["-p", "xdist", "-n1"], marks=pytest.mark.slow)]
)
def test_properties(pytester: pytest.Pytester, workers: list[str]) -> None:
    run(pytester, TESTS, "--junitxml=junit.xml", *workers).assert_outcomes(passed=3)
    cases = ET.parse(pytester.path / "junit.xml").iter("testcase")
    found = {
        case.attrib["name"]: [(p.attrib["name"], p.attrib["value"]) for p in case.iter("property")]
        for case in cases
    }
    assert found == {
        "test_measured": list(TWICE.items()),
        "test_watched": list(ONCE.items()),
        "test_unmeasured": [],
    }


def test_nothing_is_read_where_nothing_shows_it(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        reports = []
        def pytest_jaxcost_report(report):
            reports.append(report)
        def pytest_runtest_teardown(item):
            assert not item.user_properties
            assert not any(report._measurement._findings for report in reports)
        """
    )
    run(pytester, TESTS).assert_outcomes(passed=3)
