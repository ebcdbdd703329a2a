"""Plain asserts on a report explain themselves."""

from __future__ import annotations

import pytest

from .programs import errors, run

TESTS = """
    from pytest_jaxcost import measure

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

    def test_without_the_fixture():
        assert measure(twice, (X,)).primitives["sin"] == 1

    def test_report_is_gone(jaxcost):
        count = jaxcost(twice, X).primitives["sin"]
        assert count == 1
"""


def test_asserts(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS)
    result.assert_outcomes(failed=5)
    said = [line.strip() for line in errors(result.outlines)]
    assert said[1] == "sin   2 counted, 1 expected"
    where = [
        "assert 2 == 1",
        'primitives["sin"] of twice is 2:',
        "sin f32[[]8[]] *",
        "test_it.py:12 *",
    ]
    pytest.LineMatcher(said).fnmatch_lines([*where, *where], consecutive=True)
    assert said.count('primitives["sin"] of twice is 2:') == 4


UNRELATED = """
    def test_another(jaxcost):
        report = jaxcost(twice, X)
        assert report.primitives["sin"] == 2
        assert report.duplicates.count == 1
        assert 2 == 1

    def test_no_report():
        assert len([7]) == 2

    def test_computed(jaxcost):
        assert jaxcost(twice, X).primitives["sin"] - 1 == 2
"""


def test_what_is_no_number_of_a_report_is_not_explained(pytester: pytest.Pytester) -> None:
    result = run(pytester, UNRELATED)
    result.assert_outcomes(failed=3)
    result.stdout.no_fnmatch_line("* of twice is *")


CAUGHT = """
    @pytest.mark.parametrize("value", [2, 12])
    def test_another_assert(jaxcost, value):
        with pytest.raises(AssertionError):
            assert jaxcost(twice, X).primitives["sin"] == 1
        assert value == 1

    def test_same_text_of_ones_own(jaxcost):
        with pytest.raises(AssertionError):
            assert jaxcost(twice, X).primitives["sin"] == 1
        raise AssertionError("2 == 1")
"""


def test_what_was_caught_explains_nothing_that_comes_after(pytester: pytest.Pytester) -> None:
    result = run(pytester, CAUGHT)
    result.assert_outcomes(failed=3)
    result.stdout.no_fnmatch_line("* of twice is *")


PARTS = """
    import unittest

    def test_either(jaxcost):
        report = jaxcost(twice, X)
        assert report.primitives["sin"] == 1 or len([7]) == 2

    def test_chain(jaxcost):
        assert 0 < jaxcost(twice, X).primitives["sin"] < 2

    def test_message(jaxcost):
        assert jaxcost(twice, X).primitives["sin"] == 1, "too many"

    def test_not(jaxcost):
        assert not jaxcost(twice, X).primitives["sin"] == 2

    class TestCase(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def takes(self, jaxcost):
            self.jaxcost = jaxcost

        def test_method(self):
            assert self.jaxcost(twice, X).primitives["sin"] == 1
"""


@pytest.mark.parametrize("style", ["long", "short", "native"])
def test_every_form_of_an_assert(pytester: pytest.Pytester, style: str) -> None:
    result = run(pytester, PARTS, f"--tb={style}")
    result.assert_outcomes(failed=5)
    told = [line for line in result.outlines if 'primitives["sin"] of twice is 2:' in line]
    assert len(told) == 5


def test_pytests_own_lines_stay(pytester: pytest.Pytester) -> None:
    tests = """
        def test_it(jaxcost):
            report = jaxcost(twice, X)
            assert report.duplicates.count == 0
    """
    result = run(pytester, tests)
    lines = [
        "assert 1 == 0",
        "+  where 1 = <Findings count=1: lax.sin(x) in twice is computed twice>.count",
        "+    where <Findings count=1: lax.sin(x) in * = <jaxcost report of twice: *>.duplicates",
        "duplicates.count of twice is 1:",
        "lax.sin(x) in twice is computed twice *saves 8 op, 33.3%",
        "test_it.py:12 in twice *(forward)",
        "sin f32[[]8[]]",
        "fix: compute it once and reuse the result *JC101",
    ]
    said = [line.strip() for line in errors(result.outlines)]
    pytest.LineMatcher(said).fnmatch_lines(lines, consecutive=True)


def test_numbers_travel_from_workers_as_plain_ints(pytester: pytest.Pytester) -> None:
    tests = """
        def test_it(jaxcost, record_property):
            record_property("sines", jaxcost(twice, X).primitives["sin"])
    """
    result = run(pytester, tests, "-p", "xdist", "-n1", "--junitxml=junit.xml")
    result.assert_outcomes(passed=1)
    assert 'name="sines" value="2"' in (pytester.path / "junit.xml").read_text()
