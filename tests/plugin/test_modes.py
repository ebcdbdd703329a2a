"""The modes fail, warn and off, of measured calls and of watched bodies."""

from __future__ import annotations

import pytest

from .programs import run

TESTS = """
    import warnings

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_call(jaxcost):
        report = jaxcost(twice, X)
        assert report.eqns == 3

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_long_form(jaxcost):
        jaxcost.measure(twice, (X,))

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_body():
        jax.jit(twice)(X)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_nothing(): ...

    @pytest.mark.jaxcost(max_duplicates=0, mode="fail")
    def test_own_mode(jaxcost):
        jaxcost(twice, X)
"""


def test_fail(pytester: pytest.Pytester) -> None:
    run(pytester, TESTS, "--jaxcost-mode=fail").assert_outcomes(failed=5)


def test_warn(pytester: pytest.Pytester) -> None:
    """A warning stands where the call stands, or else the test."""
    result = run(pytester, TESTS, "--jaxcost-mode=warn")
    result.assert_outcomes(passed=4, failed=1, warnings=4)
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_call",
            "*test_it.py:18: JaxcostWarning: jaxcost: duplicates 1 > 0   twice*",
            "test_it.py::test_long_form",
            "*test_it.py:23: JaxcostWarning: jaxcost: duplicates 1 > 0   twice*",
            "test_it.py::test_body",
            "*test_it.py:25: JaxcostWarning: jaxcost: duplicates 1 > 0   twice*",
            "test_it.py::test_nothing",
            "*test_it.py:29: JaxcostWarning: jaxcost: nothing was measured,*",
        ]
    )


def test_warnings_can_be_filtered_by_name(pytester: pytest.Pytester) -> None:
    quiet = run(pytester, TESTS, "--jaxcost-mode=warn", "-Wignore::pytest_jaxcost.JaxcostWarning")
    quiet.assert_outcomes(passed=4, failed=1)
    strict = run(pytester, TESTS, "--jaxcost-mode=warn", "-Werror::pytest_jaxcost.JaxcostWarning")
    strict.assert_outcomes(failed=5)


NOTHING = """
    @pytest.mark.jaxcost(max_duplicates=0, mode="warn")
    def test_nothing(): ...

    @pytest.mark.jaxcost(max_duplicates=0, mode="warn")
    def test_nothing_by_fixture(jaxcost): ...
"""
MENTIONED = "*test_it.py:*: JaxcostWarning: jaxcost: nothing was measured,*"


@pytest.mark.parametrize("everything", ["error", "error::UserWarning"])
def test_measuring_nothing_is_no_error_where_all_warnings_are(
    pytester: pytest.Pytester, everything: str
) -> None:
    result = run(pytester, NOTHING, f"-W{everything}")
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines([MENTIONED, MENTIONED])


def test_measuring_nothing_is_what_a_filter_of_its_own_says(pytester: pytest.Pytester) -> None:
    name = "pytest_jaxcost.JaxcostWarning"
    run(pytester, NOTHING, "-Werror", f"-Wignore::{name}").assert_outcomes(passed=2)
    run(pytester, NOTHING, f"-Werror::{name}").assert_outcomes(failed=2)


def test_an_exceeded_limit_is_a_warning_like_any_other(pytester: pytest.Pytester) -> None:
    tests = """
        @pytest.mark.jaxcost(max_duplicates=0, mode="warn")
        def test_call(jaxcost):
            jaxcost(twice, X)

        @pytest.mark.jaxcost(max_duplicates=0, mode="warn")
        def test_body():
            jax.jit(twice)(X)

        @pytest.mark.jaxcost(max_duplicates=0, mode="warn")
        def test_kept(jaxcost):
            jaxcost(once, X)
    """
    run(pytester, tests, "-Werror").assert_outcomes(failed=2, passed=1)
    name = "pytest_jaxcost.JaxcostWarning"
    result = run(pytester, tests, "-Werror", f"-Wdefault::{name}")
    result.assert_outcomes(passed=3, warnings=2)


def test_off(pytester: pytest.Pytester) -> None:
    """Reports are made all the same, for the asserts of the test and for the table."""
    result = run(pytester, TESTS, "--jaxcost-mode=off", "--jaxcost-report")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["name *", "test_it.py::test_call", "  twice  *"])


TARGETS = """
    def test_option(jaxcost):
        assert jaxcost(once, X).environment["target"] == {option!r}

    @pytest.mark.jaxcost(target="cpu")
    def test_marker(jaxcost):
        assert jaxcost(once, X).environment["target"] == "cpu"
"""


@pytest.mark.parametrize(
    ("written", "arguments", "target"),
    [("", [], "cpu"), ("", ["--jaxcost-target=cpu"], "cpu"), ("jaxcost_target = cpu", [], "cpu")],
)
def test_target(pytester: pytest.Pytester, written: str, arguments: list[str], target: str) -> None:
    pytester.makeini(f"[pytest]\n{written}\n")
    run(pytester, TARGETS.format(option=target), *arguments).assert_outcomes(passed=2)
