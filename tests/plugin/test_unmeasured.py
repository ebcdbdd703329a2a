"""A limit on the command line says so where nothing was measured in the whole run."""

from __future__ import annotations

import pytest

from .programs import run

SAID = "jaxcost: nothing was measured in this run, so that no limit can fail: {}"
NOTHING = """
    def test_it(jaxcost): ...

    def test_other():
        jax.jit(once)(X)
"""
SOMETHING = """
    @pytest.fixture(scope="session")
    def shared(jaxcost):
        return jaxcost(once, X)

    def test_it(shared): ...

    def test_other(): ...
"""
WORKERS = [[], ["-p", "xdist", "-n1"]]


@pytest.mark.parametrize("workers", WORKERS)
def test_nothing_measured(pytester: pytest.Pytester, workers: list[str]) -> None:
    limits = ["--jaxcost-max=duplicates=0", "--jaxcost-max", "eqns=9"]
    result = run(pytester, NOTHING, *limits, *workers)
    result.assert_outcomes(passed=2)
    expected = SAID.format("--jaxcost-max duplicates=0, --jaxcost-max eqns=9")
    assert result.outlines.count(expected) == 1


@pytest.mark.parametrize("workers", WORKERS)
def test_something_measured(pytester: pytest.Pytester, workers: list[str]) -> None:
    result = run(pytester, SOMETHING, "--jaxcost-max=duplicates=0", *workers)
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*nothing was measured*")


def test_a_watched_body_is_measured(pytester: pytest.Pytester) -> None:
    tests = """
        @pytest.mark.jaxcost
        def test_it():
            jax.jit(once)(X)
    """
    result = run(pytester, tests, "--jaxcost-max=duplicates=0")
    result.stdout.no_fnmatch_line("*nothing was measured*")


def test_limits_of_the_ini_file_are_for_runs_that_measure(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\njaxcost_max = duplicates=0\n")
    run(pytester, NOTHING).stdout.no_fnmatch_line("*nothing was measured*")


@pytest.mark.parametrize("argument", ["--collect-only", "--jaxcost-disable"])
def test_runs_that_judge_nothing(pytester: pytest.Pytester, argument: str) -> None:
    result = run(pytester, NOTHING, "--jaxcost-max=duplicates=0", argument)
    result.stdout.no_fnmatch_line("*nothing was measured*")
