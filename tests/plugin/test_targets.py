"""Targets in markers and options: what is refused, and what is skipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_jaxcost.targets import compilers
from pytest_jaxcost.targets.devices import devices_of

from .programs import block, run


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(compilers, "_is_there", lambda module: False)
    devices_of.cache_clear()
    yield
    devices_of.cache_clear()


BAD = {
    "target='tpu:v5:2x2'": "target='tpu:v5:2x2': no TPU is named 'v5'; did you mean 'v5p'? There *",
    "target='cuda:h10'": "target='cuda:h10': no GPU is named 'h10', and there is no such file; *",
    "missing_target='skp'": (
        "missing_target='skp': accepted are fail, skip; did you mean 'skip'? (*test_it.py:14)"
    ),
    "mising_target='skip'": "unknown limit 'mising_target'; did you mean 'missing_target'?*",
}


@pytest.mark.parametrize("written", BAD)
def test_a_wrong_marker_fails_at_set_up(pytester: pytest.Pytester, written: str) -> None:
    tests = f"""
        @pytest.mark.jaxcost({written})
        def test_bad(jaxcost):
            jaxcost(once, X)
    """
    result = run(pytester, tests)
    result.assert_outcomes(errors=1)
    (line,) = block(result, "_ ERROR at setup of test_bad _", "short test summary")
    pytest.LineMatcher([line]).fnmatch_lines([f"jaxcost: {BAD[written]}"])


@pytest.mark.parametrize("by", ["flag", "ini"])
def test_a_wrong_option_is_a_usage_error(pytester: pytest.Pytester, by: str) -> None:
    if by == "ini":
        pytester.makeini("[pytest]\njaxcost_target = cuda:h10\n")
        result = run(pytester, "def test(): ...")
    else:
        result = run(pytester, "def test(): ...", "--jaxcost-target=cuda:h10")
    origin = "jaxcost_target = cuda:h10 in tox.ini" if by == "ini" else "--jaxcost-target cuda:h10"
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: jaxcost: target='cuda:h10': no GPU *({origin})"])


KINDS = """
    import unittest
    import pytest_jaxcost

    @pytest.mark.jaxcost(compiled={{"max_temp_bytes": 0}}, target="tpu:v5e:2x2"{skip})
    def test_marked(jaxcost):
        jaxcost(once, X)

    @pytest.mark.jaxcost(compiled={{"max_temp_bytes": 0}}, target="cuda:h100"{skip})
    def test_watched():
        jax.jit(once)(X)

    @pytest.mark.jaxcost({skip})
    def test_measured(jaxcost):
        jaxcost.measure(once, (X,), target="tpu:v5e:2x2").check(compiled={{"max_temp_bytes": 0}})

    @pytest.mark.jaxcost({skip})
    def test_on(jaxcost):
        assert jaxcost(once, X).on("cuda:h100").compiled.flops

    @pytest.mark.jaxcost(compiled={{"max_temp_bytes": 0}}, target="tpu:v5e:2x2"{skip})
    class TestCase(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def _take(self, jaxcost):
            self.jaxcost = jaxcost

        def test_case(self):
            self.jaxcost(once, X)

    @pytest.mark.jaxcost(max_duplicates=0, target="tpu:v5e:2x2"{skip})
    def test_traced_alone(jaxcost):
        jaxcost(once, X)
"""


def test_a_missing_compiler_fails(pytester: pytest.Pytester) -> None:
    result = run(pytester, KINDS.format(skip="").replace("jaxcost()", "jaxcost(max_dead=0)"))
    result.assert_outcomes(failed=5, passed=1)
    assert result.stdout.str().count("E   *MissingCompilerError") == 0
    result.stdout.fnmatch_lines(
        [
            "*MissingCompilerError: jaxcost cannot compile for tpu:v5e:2x2: libtpu is not*",
            '*pip install "jax?tpu?==*"',
        ]
    )


def test_of_a_missing_compiler_the_users_own_line_alone_is_shown(pytester: pytest.Pytester) -> None:
    tests = """
        def test_compiled(jaxcost):
            jaxcost.measure(once, (X,), target="tpu:v5e:2x2").compiled
    """
    result = run(pytester, tests)
    result.assert_outcomes(failed=1)
    shown = "\n".join(block(result, "_ test_compiled _", "short test summary"))
    assert "MissingCompilerError" in shown
    assert "/pytest_jaxcost/" not in shown
    assert "functools" not in shown


def test_a_missing_compiler_skips_where_the_marker_says_so(pytester: pytest.Pytester) -> None:
    tests = KINDS.format(skip=', missing_target="skip"').replace("jaxcost(, ", "jaxcost(")
    result = run(pytester, tests, "-rs")
    result.assert_outcomes(skipped=5, passed=1)
    result.stdout.fnmatch_lines(["SKIPPED *test_it.py:*: jaxcost cannot compile for *"])


def test_only_a_missing_compiler_skips(pytester: pytest.Pytester) -> None:
    tests = """
        @pytest.mark.jaxcost(max_duplicates=0, target="tpu:v5e:2x2", missing_target="skip")
        def test_breach(jaxcost):
            jaxcost(twice, X)

        @pytest.mark.jaxcost(compiled={"max_temp_bytes": 0}, target="tpu:v5e:2x2")
        def test_missing(jaxcost):
            jaxcost(once, X)
    """
    run(pytester, tests).assert_outcomes(failed=2)
