"""`-p no:jaxcost` and `-p no:pytest_jaxcost` leave pytest as it is without the plugin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_jaxcost.plugin.options import OPTIONS


def output(folder: Path, *arguments: str) -> str:
    """What pytest prints in a process of its own, with every installed plugin."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", ["jaxcost", "pytest_jaxcost"])
def test_either_name_switches_it_off(tmp_path: Path, name: str) -> None:
    assert OPTIONS["max"].flag in output(tmp_path, "--help")
    assert "jaxcost" not in output(tmp_path, "--help", "-p", f"no:{name}")


@pytest.fixture
def switched_off(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Found by its entry point, and switched off."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:jaxcost -p no:asyncio")
    return pytester


def test_neither_option_nor_fixture_is_left(switched_off: pytest.Pytester) -> None:
    switched_off.makepyfile("def test_it(jaxcost): ...")
    result = switched_off.runpytest()
    result.stdout.fnmatch_lines(["E *fixture 'jaxcost' not found"])
    flag = switched_off.runpytest("--jaxcost-report")
    flag.stderr.fnmatch_lines(["*unrecognized arguments: --jaxcost-report*"])


def test_conftest_hooks_of_ours_may_be_optional(switched_off: pytest.Pytester) -> None:
    switched_off.makeconftest(
        """
        import pytest

        @pytest.hookimpl(optionalhook=True)
        def pytest_jaxcost_report(report): ...
        """
    )
    switched_off.makepyfile("def test_it(): ...")
    switched_off.runpytest().assert_outcomes(passed=1)
