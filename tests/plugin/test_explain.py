"""Plain asserts on a report explain themselves."""

from __future__ import annotations

import pytest

from .programs import errors, run

TESTS = """
    def test_counts(jaxcost):
        report = jaxcost(twice, X)
        assert report.primitives == {"sin": 1, "mul": 1}

    def test_count(jaxcost):
        report = jaxcost(twice, X)
        assert report.primitives["sin"] == 1

    @pytest.fixture(scope="module")
    def shared(jaxcost):
        return jaxcost(twice, X)

    def test_shared(shared):
        assert shared.primitives["sin"] == 1

    def test_nothing_to_say(jaxcost):
        jaxcost(twice, X)
        assert 3 == 4
"""


def test_asserts(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS)
    result.assert_outcomes(failed=4)
    said = [line.strip() for line in errors(result.outlines)]
    assert said[1] == "sin   2 counted, 1 expected"
    where = [
        "assert 2 == 1",
        'primitives["sin"] of twice is 2:',
        "sin f32[[]8[]] *",
        "test_it.py:12 *",
    ]
    pytest.LineMatcher(said).fnmatch_lines([*where, *where], consecutive=True)
    assert said[-1] == "assert 3 == 4"
