"""`--jaxcost-disable` runs the tests plainly: they measure, and nothing is judged."""

from __future__ import annotations

import pytest

from .programs import run

TESTS = """
    @pytest.mark.jaxcost(max_duplicates=0)
    def test_call(jaxcost):
        assert jaxcost(twice, X).primitives["sin"] == 2

    @pytest.mark.jaxcost(max_duplicates=0, mode="fail")
    def test_body():
        jax.jit(twice)(X)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_nothing(): ...

    @pytest.mark.jaxcost(max_duplicats=0)
    def test_misspelt(jaxcost):
        jaxcost(twice, X)

    @pytest.mark.jaxcost(0)
    def test_positional(jaxcost):
        jaxcost(twice, X)
"""


def test_nothing_is_judged(pytester: pytest.Pytester) -> None:
    run(pytester, TESTS).assert_outcomes(failed=3, errors=2)
    run(pytester, TESTS, "--jaxcost-disable").assert_outcomes(passed=5)
    run(pytester, TESTS, "--jaxcost-disable", "--jaxcost-max=eqns=0").assert_outcomes(passed=5)


def test_by_ini(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\njaxcost_disable = true\njaxcost_max = eqns=0\n")
    run(pytester, TESTS).assert_outcomes(passed=5)


def test_bodies_run_with_the_caches_they_would_have(pytester: pytest.Pytester) -> None:
    tests = """
        traced = []

        @jax.jit
        def seen(x):
            traced.append(1)
            return once(x)

        def test_first():
            seen(X)

        @pytest.mark.jaxcost(max_duplicates=0)
        def test_second():
            seen(X)
            assert len(traced) == 1
    """
    run(pytester, tests).assert_outcomes(passed=1, failed=1)
    run(pytester, tests, "--jaxcost-disable").assert_outcomes(passed=2)


def test_what_a_test_looks_at_is_measured_as_ever(pytester: pytest.Pytester) -> None:
    tests = """
        @pytest.fixture(scope="module")
        def shared(jaxcost):
            return jaxcost(twice, X)

        @pytest.mark.jaxcost(ignore="sin", max_eqns=0)
        def test_ignored(jaxcost, shared):
            assert jaxcost(twice, X).duplicates.count == 0
            assert shared.name == "twice"

        @pytest.mark.jaxcost(target="tpu:v5e:2x2")
        def test_target(jaxcost):
            assert jaxcost(twice, X).environment["target"].startswith("tpu:v5e")

        def test_own_check(jaxcost):
            with pytest.raises(AssertionError, match="duplicates"):
                jaxcost(twice, X).check(max_duplicates=0)
    """
    result = run(pytester, tests, "--jaxcost-disable", "--jaxcost-report")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["name *", "  twice *"])
