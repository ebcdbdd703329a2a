"""One line of a failed test, and where: in the summary, with --tb=line, in JUnit, from workers."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from .programs import run, source

TESTS = """
    import unittest

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_call(jaxcost):
        value = 1
        jaxcost(twice, X)

    def test_check(jaxcost):
        jaxcost(twice, X).check(max_duplicates=0, forbid="sin")

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_body():
        jax.jit(twice)(X)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_nothing(): ...

    @pytest.mark.jaxcost(max_flops="many")
    def test_marker(jaxcost): ...

    class TestCase(unittest.TestCase):
        @pytest.mark.jaxcost(max_duplicates=0)
        def test_method(self):
            jax.jit(twice)(X)

    def helper(jaxcost):
        jaxcost(twice, X)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_helper(jaxcost):
        helper(jaxcost)

    @pytest.fixture
    def report(jaxcost):
        return jaxcost(twice, X)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_fixture(report): ...
"""
FOUND = "lax.sin(x) in twice is computed twice (test_it.py:12)"
DUPLICATES = f"jaxcost: duplicates 1 > 0: {FOUND}"
TOO = f"jaxcost: duplicates 1 > 0, and 1 more limit: {FOUND}"
NOTHING = "jaxcost: nothing was measured, so that no limit can fail"
MARKER = "jaxcost: max_flops='many': 'many' is not an amount; write "
EXPECTED = {
    "test_call": (DUPLICATES, "        jaxcost(twice, X)"),
    "test_check": (TOO, '    jaxcost(twice, X).check(max_duplicates=0, forbid="sin")'),
    "test_body": (DUPLICATES, "@pytest.mark.jaxcost(max_duplicates=0)"),
    "test_nothing": (NOTHING, "@pytest.mark.jaxcost(max_duplicates=0)"),
    "test_marker": (MARKER, '@pytest.mark.jaxcost(max_flops="many")'),
    "test_method": (DUPLICATES, "    @pytest.mark.jaxcost(max_duplicates=0)"),
    "test_helper": (DUPLICATES, "    jaxcost(twice, X)"),
    "test_fixture": (DUPLICATES, "    return jaxcost(twice, X)"),
}

CONFTEST = """
    import pytest

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(report):
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash:
            name = report.nodeid.rpartition("::")[2]
            print(f"\\nCRASH|{name}|{crash.path}|{crash.lineno}|{crash.message}|")
"""


@pytest.mark.parametrize("style", ["auto", "long", "short", "line", "native"])
def test_message_and_line_of_the_crash(pytester: pytest.Pytester, style: str) -> None:
    check_crashes(pytester, f"--tb={style}")


def test_workers_send_them(pytester: pytest.Pytester) -> None:
    check_crashes(pytester, "-p", "xdist", "-n1")


def check_crashes(pytester: pytest.Pytester, *arguments: str) -> None:
    pytester.makeconftest(CONFTEST)
    result = run(pytester, TESTS, "-s", *arguments)
    written = source(TESTS).splitlines()
    crashes = [line.split("|")[1:] for line in result.outlines if line.startswith("CRASH|")]
    assert {name for name, *_ in crashes} == set(EXPECTED)
    for name, path, line, message, end in crashes:
        expected, at = EXPECTED[name]
        assert path == str(pytester.path / "test_it.py")
        assert message.startswith(expected)
        assert written[int(line) - 1].strip() == at.strip(), name
        assert end == ""


@pytest.mark.parametrize("style", ["long", "short", "line", "native"])
def test_ci_shows_the_message_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    monkeypatch.setenv("CI", "1")
    result = run(pytester, TESTS, f"--tb={style}")
    summary = result.outlines[next(n for n, e in enumerate(result.outlines) if "short test" in e) :]
    assert f"FAILED test_it.py::test_call - {DUPLICATES}" in summary
    assert f"FAILED test_it.py::test_check - {TOO}" in summary
    assert f"FAILED test_it.py::test_nothing - {NOTHING}" in summary
    assert len(summary) == len(EXPECTED) + 2
    fixes = sum("fix: compute it once" in line for line in result.outlines)
    assert fixes == 6 or (style == "line" and fixes < 6)  # older pytest has no more than the line


def test_line_style_has_one_line_for_each_test(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS, "--tb=line", "-k", "test_call or test_body")
    file = pytester.path / "test_it.py"
    assert f"{file}:19: {DUPLICATES}" in result.outlines
    assert f"{file}:24: {DUPLICATES}" in result.outlines


def test_junit(pytester: pytest.Pytester) -> None:
    run(pytester, TESTS, "--junitxml=junit.xml")
    cases = ET.parse(pytester.path / "junit.xml").iter("testcase")
    told = {case.attrib["name"]: case[-1].attrib["message"] for case in cases}
    for name, message in told.items():
        assert EXPECTED[name][0] in message
        assert "\n" not in message


def test_warnings_that_are_errors(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS, "--jaxcost-mode=warn", "-Werror", "-k", "test_call or test_body")
    result.stdout.fnmatch_lines(
        [
            "FAILED test_it.py::test_call - jaxcost: duplicates 1 > 0: lax.sin(x)*",
            "FAILED test_it.py::test_body - jaxcost: duplicates 1 > 0: lax.sin(x)*",
        ]
    )


def test_an_explanation_is_not_repeated(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "1")
    tests = """
        def test_it(jaxcost):
            assert jaxcost(twice, X).primitives["sin"] == 1

        def test_of_ones_own():
            error = AssertionError("mine")
            error.add_note("and a note")
            raise error
    """
    result = run(pytester, tests)
    assert "FAILED test_it.py::test_it - assert 2 == 1" in result.outlines
    assert sum("primitives[" in line and " is 2" in line for line in result.outlines) == 1
    assert result.outlines.count("and a note") == 1


def test_other_failures_are_as_they_were(pytester: pytest.Pytester) -> None:
    tests = """
        def test_it():
            pytest.fail("mine")

        def test_error():
            raise ValueError("two\\nlines")
    """
    result = run(pytester, tests)
    result.stdout.fnmatch_lines(
        ["FAILED test_it.py::test_it - Failed: mine", "FAILED *::test_error - ValueError: two"]
    )
