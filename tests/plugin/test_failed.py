"""An analysis that fails is told at the end of the run, and fails no test that does not ask."""

from __future__ import annotations

import platform
from importlib.metadata import version

import jax
import pytest

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses import ANALYSES
from pytest_jaxcost.failures import LISTENERS

from .programs import block, run

CONFTEST = """
    import pytest
    from pytest_jaxcost.analyses import ANALYSES

    def broken(facts):
        raise OSError("broken on purpose\\nin two lines")

    @pytest.fixture(autouse=True)
    def broken_dead(monkeypatch):
        monkeypatch.setitem(ANALYSES, "dead", broken)
"""

TESTS = """
    def test_reads_nothing_of_it(jaxcost):
        assert jaxcost(once, X).transcendentals == 8

    def test_reads_it(jaxcost):
        assert jaxcost(once, X).dead.eqns == 0

    def test_reads_it_too(jaxcost):
        report = jaxcost(once, X)
        assert report.dead.eqns == 0
        assert not report.exact

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_limits_another(jaxcost):
        jaxcost(once, X)

    @pytest.mark.jaxcost(max_dead=0)
    def test_limits_it(jaxcost):
        jaxcost(once, X)

    @pytest.mark.jaxcost(max_dead=0)
    def test_watched():
        jax.jit(once)(X)
"""


@pytest.fixture(autouse=True)
def as_before() -> object:
    analyses, listeners = dict(ANALYSES), list(LISTENERS)
    yield
    assert analyses == ANALYSES
    assert listeners == LISTENERS


@pytest.mark.parametrize(
    "workers", [[], pytest.param(["-p", "xdist", "-n1"], marks=pytest.mark.slow)]
)
def test_it_is_told_at_the_end(pytester: pytest.Pytester, workers: list[str]) -> None:
    pytester.makeconftest(CONFTEST)
    result = run(pytester, TESTS, "-Werror", *workers)
    result.assert_outcomes(passed=4, failed=2)
    versions = ", ".join(
        (
            f"pytest-jaxcost {version('pytest-jaxcost')}",
            f"jax {jax.__version__}",
            f"jaxlib {_compat.versions()['jaxlib']}",
            f"Python {platform.python_version()}",
        )
    )
    where = f"  at {pytester.path / 'conftest.py'}:5 in broken; {versions}"
    assert block(result, "- jaxcost: could not be analyzed -", "short test summary") == [
        "test_it.py::test_reads_it and 3 more",
        "  dead of once: OSError: broken on purpose",
        where,
        "No test is at fault: jaxcost is. Please report these lines to its authors.",
    ]


def test_the_message_of_a_limit_says_why(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    result = run(pytester, TESTS)
    shown = block(result, "_ test_watched _", "- jaxcost: could not")
    assert shown == [
        "jaxcost: dead cannot be checked   once",
        f"  traced, jax {jax.__version__}",
        "  dead could not be analyzed: OSError: broken on purpose",
        "  set by test_it.py:33",
    ]


def test_rows_and_tables_go_on(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    result = run(pytester, TESTS, "--jaxcost-report", "--jaxcost-stages", "--junitxml=out.xml")
    result.assert_outcomes(passed=4, failed=2)


def test_nothing_is_told_where_nothing_failed(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(jaxcost):\n    jaxcost(once, X)")
    result.stdout.no_fnmatch_line("*could not be analyzed*")
