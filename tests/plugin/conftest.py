"""Runs of pytest inside a test put `sys.modules` back: what they share is imported before them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import pytest_jaxcost.plugin

HOME = Path(pytest_jaxcost.plugin.__file__).parent

for path in HOME.glob("*.py"):
    import_module(f"pytest_jaxcost.plugin.{path.stem}".removesuffix(".__init__"))


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Runs inside tests have this plugin and those that a test names, and no other."""
    for name in ("PYTEST_PLUGINS", "COLUMNS", "FORCE_COLOR", "PY_COLORS", "CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p pytest_jaxcost -p no:cacheprovider")
    return pytester
