"""A pytest run that has nothing to do with JAX does not notice that the plugin is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Loaded before any other plugin, in xdist's workers too; leaves one file for each process.
WATCH = """
    import json, os, pathlib, pytest, sys

    STARTS = {"subprocess.Popen", "os.exec", "os.fork", "os.posix_spawn", "os.system"}
    HEAVY = {"jax", "jaxlib", "numpy", "scipy"}
    started = []

    def listen(event, arguments):
        if event in STARTS:
            started.append(event)

    sys.addaudithook(listen)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure():
        seen = {"imported": sorted(HEAVY & set(sys.modules)), "started": started}
        seen["plugin"] = "pytest_jaxcost.plugin" in sys.modules
        path = pathlib.Path(os.environ["WATCH_FOLDER"], f"{os.getpid()}.json")
        path.write_text(json.dumps(seen))
"""

NOISY = {
    "imported": "import numpy",
    "started": "import subprocess, sys; subprocess.run([sys.executable, '-c', ''])",
    "files": "import pathlib; pathlib.Path('left_behind').touch()",
    "properties": """
        def pytest_runtest_setup(item):
            item.user_properties.append(("cost", 1))
    """,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What one run left behind, its worker processes' part included."""

    plugin: tuple[bool, ...] = field(compare=False)
    processes: int
    imported: tuple[str, ...]
    started: tuple[str, ...]
    files: tuple[str, ...]
    properties: int


def trace(folder: Path, *arguments: str) -> Trace:
    """Return what a run of one plain test with these arguments leaves behind."""
    watch, home = folder / "watch", folder / "home"
    watch.mkdir(parents=True)
    home.mkdir()
    (watch / "watch.py").write_text(textwrap.dedent(WATCH), encoding="utf-8")
    (home / "test_plain.py").write_text("def test_plain(): pass\n", encoding="utf-8")
    environment = {
        **{name: os.environ[name] for name in os.environ if not name.startswith("PYTEST_")},
        "HOME": str(home),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(map(str, (watch, folder, ROOT))),
        "TMPDIR": str(home),
        "WATCH_FOLDER": str(watch),
    }
    command = [sys.executable, "-m", "pytest", "-p", "watch", *arguments, "--junitxml=junit.xml"]
    run = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return _read(watch, home)


def _read(watch: Path, home: Path) -> Trace:
    seen = [json.loads(path.read_text()) for path in sorted(watch.glob("*.json"))]
    junit = home / "junit.xml"
    return Trace(
        plugin=tuple(each["plugin"] for each in seen),
        processes=len(seen),
        imported=tuple(name for each in seen for name in each["imported"]),
        started=tuple(name for each in seen for name in each["started"]),
        files=tuple(sorted(str(path.relative_to(home)) for path in home.rglob("*"))),
        properties=junit.read_text().count("<property") if junit.exists() else 0,
    )


ARGUMENTS = [(), ("--collect-only",), ("--help",), ("--markers",), ("-p", "xdist", "-n", "2")]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
def test_an_unrelated_run_is_left_alone(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    bare = trace(tmp_path / "bare", *arguments)
    with_plugin = trace(tmp_path / "plugin", "-p", "pytest_jaxcost", *arguments)
    assert with_plugin == bare
    assert with_plugin.imported == ()
    assert with_plugin.processes == (3 if "-n" in arguments else 1)
    assert (set(bare.plugin), set(with_plugin.plugin)) == ({False}, {True})


@pytest.mark.parametrize("noise", NOISY)
def test_a_noisy_plugin_is_noticed(tmp_path: Path, noise: str) -> None:
    """The test above can fail: each thing it looks for is found in a plugin that does it."""
    folder = tmp_path / "noisy"
    folder.mkdir()
    (folder / "noisy.py").write_text(textwrap.dedent(NOISY[noise]), encoding="utf-8")
    quiet = trace(tmp_path / "bare")
    noisy = trace(folder, "-p", "noisy")
    assert {name for name in NOISY if getattr(noisy, name) != getattr(quiet, name)} == {noise}
