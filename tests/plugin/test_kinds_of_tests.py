"""Tests of every kind: async, Hypothesis, unittest, absl, doctest, subtests, run again."""

from __future__ import annotations

import pytest

from .programs import block, run

ASYNC = """
    {mark}
    async def test_fixture(jaxcost):
        assert jaxcost(twice, X).eqns == 3

    {mark}
    @pytest.mark.jaxcost(max_duplicates=0)
    async def test_limits_of_this_test(jaxcost):
        jaxcost(twice, X)

    {mark}
    @pytest.mark.jaxcost(max_duplicates=0)
    async def test_watched():
        jax.jit(twice)(X)

    {mark}
    @pytest.mark.jaxcost(max_duplicates=0)
    async def test_watched_and_within():
        jax.jit(once)(X)

    {mark}
    @pytest.mark.jaxcost(max_duplicates=0)
    async def test_nothing(): ...
"""
LOOPS = {
    "asyncio": ("@pytest.mark.asyncio(loop_scope='session')", "pytest_asyncio"),
    "anyio": ("@pytest.mark.anyio", "anyio"),
}


@pytest.mark.parametrize("loop", LOOPS)
def test_async(pytester: pytest.Pytester, loop: str) -> None:
    """One event loop for the session does not remember an earlier test."""
    mark, plugin = LOOPS[loop]
    pytest.importorskip(plugin)
    pytester.makeconftest(
        "import pytest\n@pytest.fixture(scope='session')\ndef anyio_backend(): return 'asyncio'"
    )
    module = "anyio.pytest_plugin" if loop == "anyio" else "pytest_asyncio.plugin"
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    result = run(pytester, ASYNC.format(mark=mark), "-p", module)
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*_ test_limits_of_this_test _*",
            "E *CostError: jaxcost: duplicates 1 > 0   twice",
            "*_ test_watched _*",
            "jaxcost: duplicates 1 > 0   twice",
            "*_ test_nothing _*",
            "jaxcost: nothing was measured,*",
        ]
    )


HYPOTHESIS = """
    from hypothesis import given, settings, strategies as st

    sizes = settings(max_examples=5, database=None, derandomize=True, deadline=None)
    draw = given(st.integers(1, 3))

    @sizes
    @draw
    def test_fixture(jaxcost, n):
        assert jaxcost(once, jnp.ones(n)).transcendentals == n

    @pytest.mark.jaxcost(max_transcendentals=2)
    @sizes
    @draw
    def test_mark_above(jaxcost, n):
        jaxcost(once, jnp.ones(n))

    @sizes
    @draw
    @pytest.mark.jaxcost(max_transcendentals=2)
    def test_mark_below(jaxcost, n):
        jaxcost(once, jnp.ones(n))

    @pytest.mark.jaxcost(max_transcendentals=2)
    @sizes
    @draw
    def test_watched(n):
        jax.jit(once)(jnp.ones(n))

    @pytest.mark.jaxcost(max_transcendentals=3)
    @sizes
    @draw
    def test_watched_and_within(n):
        jax.jit(once)(jnp.ones(n))
"""


def test_hypothesis(pytester: pytest.Pytester) -> None:
    result = run(pytester, HYPOTHESIS, "-p", "hypothesispytest")
    result.assert_outcomes(passed=2, failed=3)
    assert "HealthCheck" not in result.stdout.str()
    shown = block(result, "_ test_watched _", "short test summary")
    assert shown[0] == "jaxcost: transcendentals 3 > 2   once"
    assert shown[2] == "  set by test_it.py:36"


UNITTEST = """
    import unittest

    @pytest.mark.jaxcost(max_duplicates=0)
    class TestCase(unittest.TestCase):
        def test_within(self):
            jax.jit(once)(X)

        def test_breach(self):
            jax.jit(twice)(X)

        def test_nothing(self): ...

        def test_fails_itself(self):
            self.fail("itself")

        def test_skips_itself(self):
            self.skipTest("here")

        @pytest.mark.jaxcost(max_duplicates=1)
        def test_own_marker(self):
            jax.jit(twice)(X)

        @pytest.mark.xfail(strict=True)
        def test_expected(self):
            jax.jit(twice)(X)

    @pytest.mark.jaxcost(max_duplicates=0)
    class TestWithFixture(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def _take(self, jaxcost):
            self.jaxcost = jaxcost

        def test_within(self):
            self.jaxcost(once, X)

        def test_breach(self):
            self.jaxcost(twice, X)

        def test_watched(self):
            jax.jit(twice)(X)
"""


def test_unittest(pytester: pytest.Pytester) -> None:
    result = run(pytester, UNITTEST)
    result.assert_outcomes(passed=3, failed=5, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ TestCase.test_breach _*",
            "jaxcost: duplicates 1 > 0   twice",
            "*_ TestCase.test_fails_itself _*",
            "E *AssertionError: itself",
            "*_ TestCase.test_nothing _*",
            "jaxcost: nothing was measured,*",
            "*_ TestWithFixture.test_breach _*",
            "E *CostError: jaxcost: duplicates 1 > 0   twice",
            "*_ TestWithFixture.test_watched _*",
            "jaxcost: duplicates 1 > 0   twice",
        ]
    )


ABSL = """
    from absl.testing import parameterized

    class TestBelow(parameterized.TestCase):
        @parameterized.parameters(1, 2)
        @pytest.mark.jaxcost(max_duplicates=0)
        def test_it(self, n):
            jax.jit(twice if n == 2 else once)(X)

    @pytest.mark.jaxcost(max_duplicates=0)
    class TestClass(parameterized.TestCase):
        @parameterized.parameters(1, 2)
        def test_it(self, n):
            jax.jit(twice if n == 2 else once)(X)

    class TestAbove(parameterized.TestCase):
        @pytest.mark.jaxcost(max_duplicates=0)
        @parameterized.parameters(1, 2)
        def test_it(self, n):
            jax.jit(twice if n == 2 else once)(X)

        @parameterized.parameters(1, 2)
        def test_unmarked(self, n): ...
"""


def test_absl(pytester: pytest.Pytester) -> None:
    """absl loses a mark above its decorator: the test fails, lest its limits go unnoticed."""
    result = run(pytester, ABSL)
    result.assert_outcomes(passed=4, failed=2, errors=2)
    shown = block(result, "_ ERROR at setup of TestAbove.test_it0 _", "_____")
    (line,) = shown
    assert line == (
        "jaxcost: the marker in test_it.py:29 was lost: absl's parameterized keeps no mark that"
        " stands above it; put the marker below, next to the function"
    )


DOCTEST = '''
    pytestmark = pytest.mark.jaxcost(max_duplicates=0)

    def within():
        """
        >>> _ = jax.jit(once)(X)
        """

    def breach():
        """
        >>> _ = jax.jit(twice)(X)
        """

    def by_fixture():
        """
        >>> getfixture("jaxcost")(twice, X).eqns
        3
        """

    def nothing():
        """
        >>> 1
        1
        """
'''


def test_doctest(pytester: pytest.Pytester) -> None:
    """A doctest has its module's marker whether it wants it or not: measuring nothing is fine."""
    result = run(pytester, DOCTEST, "--doctest-modules")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*_ [[]doctest[]] test_it.breach _*",
            "jaxcost: duplicates 1 > 0   twice",
            "*_ [[]doctest[]] test_it.by_fixture _*",
            "*CostError: jaxcost: duplicates 1 > 0   twice",
        ]
    )


def test_doctest_without_pytest_knows_no_fixture(pytester: pytest.Pytester) -> None:
    """The module above is a plain module to doctest itself."""
    run(pytester, DOCTEST).assert_outcomes()


AGAIN = """
    runs = []

    @pytest.mark.flaky(reruns=1)
    @pytest.mark.jaxcost(max_eqns=1)
    def test_it(jaxcost):
        runs.append(1)
        if len(runs) == 1:
            jaxcost(twice, X)
        jaxcost(once, X)

    @pytest.mark.flaky(reruns=1)
    @pytest.mark.jaxcost(max_eqns=1)
    def test_nothing_the_second_time(jaxcost):
        runs.append(1)
        if len(runs) == 3:
            jaxcost(twice, X)
"""


def test_run_again(pytester: pytest.Pytester) -> None:
    """Each run stands for itself, and the table has the last."""
    pytest.importorskip("pytest_rerunfailures")
    result = run(pytester, AGAIN, "-p", "pytest_rerunfailures", "--jaxcost-report")
    result.assert_outcomes(passed=1, failed=1)
    assert block(result, "- jaxcost -", "=====")[1:] == [
        "test_it.py::test_it",
        "  once               1  0 FLOP        8   64 B      0     0",
    ]


SUBTESTS = """
    @pytest.mark.jaxcost(max_eqns=1)
    def test_it(subtests, jaxcost):
        for f in (once, twice, once):
            with subtests.test(f=f):
                jaxcost(f, X)
"""


def test_subtests(pytester: pytest.Pytester) -> None:
    """They came with pytest 9; before, a plugin has them."""
    if pytest.version_tuple < (9,):
        pytest.importorskip("pytest_subtests")
    plugin = ("-p", "pytest_subtests.plugin") if pytest.version_tuple < (9,) else ()
    result = run(pytester, SUBTESTS, *plugin, "--jaxcost-report")
    assert "jaxcost: eqns 3 > 1   twice" in result.stdout.str()
    assert [line.split()[0] for line in block(result, "- jaxcost -", "=====")[1:]] == [
        "test_it.py::test_it",
        "once",
        "twice",
    ]


LATE = """
    import time

    @pytest.mark.timeout(1)
    @pytest.mark.jaxcost(max_duplicates=0)
    def test_late():
        jax.jit(once)(X)
        time.sleep(60)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_watched_after_it():
        jax.jit(once)(X)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_breach_after_it():
        jax.jit(twice)(X)
"""


def test_timeout(pytester: pytest.Pytester) -> None:
    """A test that is cut off fails for that, and the next one is watched from its start."""
    pytest.importorskip("pytest_timeout")
    result = run(pytester, LATE, "-p", "pytest_timeout")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*_ test_late _*",
            "E *Timeout*",
            "*_ test_breach_after_it _*",
            "jaxcost: duplicates 1 > 0   twice",
        ]
    )


SHUFFLED = """
    @pytest.mark.jaxcost(max_duplicates=0)
    @pytest.mark.parametrize("n", range(3))
    def test_within(jaxcost, n):
        jaxcost(once, X)

    @pytest.mark.jaxcost(max_duplicates=0)
    @pytest.mark.parametrize("n", range(3))
    def test_watched(n):
        jax.jit(once)(X)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_breach():
        jax.jit(twice)(X)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_nothing(): ...
"""


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    pytest.importorskip("pytest_randomly")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p pytest_jaxcost -p pytest_randomly")
    result = run(pytester, SHUFFLED, f"--randomly-seed={seed}")
    result.assert_outcomes(passed=6, failed=2)
    result.stdout.fnmatch_lines_random(
        ["*_ test_breach _*", "jaxcost: duplicates 1 > 0   twice", "*_ test_nothing _*"]
    )
