"""A marker that cannot be meant fails its own test, in set-up, in one line with its place."""

from __future__ import annotations

import pytest

from .programs import block, run

BAD = {
    "max_flop=3": "unknown limit 'max_flop'; did you mean 'max_flops'*",
    "max_flops='2 GFLIP'": "max_flops='2 GFLIP': *",
    "max_flops=-1": "max_flops=-1: *",
    "max_flops='5x'": "max_flops='5x'*",
    "max_flops=object()": "max_flops=<object object at *>: *",
    "primitives=3": "primitives=3: *",
    "forbid=3": "forbid=3: *",
    "ignore=3": "ignore=3: *",
    "mod='warn'": "unknown limit 'mod'; did you mean 'mode'?*",
    "mode='wran'": "mode='wran': accepted are fail, warn, off; did you mean 'warn'?*",
    "target=3": "target=3: not the name of a target, such as 'cpu'*",
    "5": "the jaxcost marker takes keyword arguments only, such as max_duplicates=0; got 5*",
    "'flops', max_flops=3": "the jaxcost marker takes keyword arguments only, *; got 'flops'*",
}

TESTS = """
    @pytest.mark.jaxcost({written})
    def test_bad(jaxcost):
        jaxcost(once, X)

    def test_after(jaxcost):
        jaxcost(once, X)
"""


@pytest.mark.parametrize("written", BAD)
def test_bad_marker(pytester: pytest.Pytester, written: str) -> None:
    result = run(pytester, TESTS.format(written=written))
    result.assert_outcomes(passed=1, errors=1)
    (line,) = block(result, "_ ERROR at setup of test_bad _", "short test summary")
    pytest.LineMatcher([line]).fnmatch_lines([f"jaxcost: {BAD[written]}"])
    assert "test_it.py:14" in line


LEVELS = """
    bad = pytest.mark.jaxcost(max_flop=3)

    @pytest.mark.parametrize("n", [1, pytest.param(2, marks=bad)])
    def test_param(n, jaxcost):
        jaxcost(once, X)

    @bad
    class TestBad:
        def test_method(self): ...

    class TestGood:
        def test_method(self, jaxcost):
            jaxcost(once, X)
"""


@pytest.mark.parametrize(
    "workers", [[], pytest.param(["-p", "xdist", "-n1"], marks=pytest.mark.slow)]
)
def test_only_the_tests_that_have_it_fail(pytester: pytest.Pytester, workers: list[str]) -> None:
    result = run(pytester, LEVELS, *workers)
    result.assert_outcomes(passed=2, errors=2)
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
