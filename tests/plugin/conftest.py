"""Runs of pytest inside a test put `sys.modules` back: what they share is imported before them."""

from __future__ import annotations

import os
from importlib import import_module, metadata
from pathlib import Path

import pytest

import pytest_jaxcost.plugin

HOME = Path(pytest_jaxcost.plugin.__file__).parent

for path in HOME.glob("*.py"):
    import_module(f"pytest_jaxcost.plugin.{path.stem}".removesuffix(".__init__"))

IS_BESIDE = "JAXCOST_BESIDE" in os.environ
"""Whether the runs inside tests have other plugins, too: `nox -s plugins` installs them."""

OTHERS = ("anyio", "asyncio", "randomly", "rerunfailures", "subtests", "timeout")
MODULES = [
    each.value
    for each in metadata.entry_points(group="pytest11")
    if IS_BESIDE and each.name in OTHERS
]
SETTINGS = (
    "--randomly-dont-reorganize",  # what is printed is looked for in the order of the tests
    "--timeout=300",
    "-o asyncio_default_fixture_loop_scope=function",
)


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Runs inside tests have this plugin and those that a test names."""
    for name in ("PYTEST_PLUGINS", "COLUMNS", "FORCE_COLOR", "PY_COLORS", "CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    loaded = [f"-p {module}" for module in ("pytest_jaxcost", "no:cacheprovider", *MODULES)]
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join([*loaded, *(SETTINGS if IS_BESIDE else ())]))
    return pytester
