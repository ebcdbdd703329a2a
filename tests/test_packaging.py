"""What the distribution says of itself, and the rules that no other tool checks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import pytest_jaxcost

ROOT = Path(__file__).parents[1]
PACKAGE = Path(pytest_jaxcost.__file__).parent
DISTRIBUTION = "pytest-jaxcost"


def test_pytest_finds_the_plugin() -> None:
    found = metadata.distribution(DISTRIBUTION).entry_points.select(group="pytest11")
    assert [(each.name, each.value) for each in found] == [
        ("pytest_jaxcost", "pytest_jaxcost.plugin")
    ]


def test_metadata() -> None:
    about = metadata.metadata(DISTRIBUTION)
    assert "Framework :: Pytest" in about.get_all("Classifier", [])
    assert (about["License-Expression"], about["Requires-Python"]) == ("Apache-2.0", ">=3.11")
    assert set(about.get_all("Provides-Extra", [])) == {"cuda", "docs", "test", "tpu"}
    required = map(Requirement, metadata.requires(DISTRIBUTION) or ())
    assert {each.name: str(each.specifier) for each in required if each.marker is None} == {
        "jax": ">=0.8",
        "jaxlib": ">=0.8",
        "pluggy": ">=1.4",
        "pytest": ">=8",
    }


def test_types_are_published() -> None:
    assert (PACKAGE / "py.typed").read_bytes() == b""


@pytest.mark.parametrize("module", ["pytest_jaxcost", "pytest_jaxcost.plugin"])
def test_importing_it_does_not_import_jax(module: str) -> None:
    script = f"import sys, {module}; print(sorted({{'jax', 'jaxlib', 'numpy'}} & set(sys.modules)))"
    assert _python(script) == "[]\n"


def test_importing_the_package_does_not_import_pytest() -> None:
    assert _python("import sys, pytest_jaxcost; print('pytest' in sys.modules)") == "False\n"


@pytest.mark.parametrize("room", ["hlo", "report"])
def test_rooms_that_work_without_jax(room: str) -> None:
    without = "import sys; sys.modules['jax'] = sys.modules['numpy'] = None"
    _python(f"{without}; import pytest_jaxcost.{room}")


def _python(script: str) -> str:
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def jax_version_tests(source: str) -> list[int]:
    """Return the lines that ask JAX what it has or which release it is."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="hasattr" | "getattr" as name), args=[of, *rest]):
                asks = name == "hasattr" or len(rest) == 2
                if asks and _is_of_jax(of):
                    lines.append(node.lineno)
            case ast.Compare(left=left, comparators=right):
                if any(map(_is_version_of_jax, (left, *right))):
                    lines.append(node.lineno)
    return lines


def _is_of_jax(node: ast.expr) -> bool:
    return ast.unparse(node).split(".")[0] in ("jax", "jaxlib", "jnp", "lax")


def _is_version_of_jax(node: ast.expr) -> bool:
    return _is_of_jax(node) and "version" in ast.unparse(node)


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "_compat.py"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_only_compat_asks_jax_for_its_version(path: Path) -> None:
    assert jax_version_tests(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import jax\nprint(jax.__version__)", []),
        ("getattr(eqn, 'jaxpr', eqn)", []),
        ("getattr(lax, name)", []),
        ("name == '__version__'", []),
        ("\nhasattr(jax.lax, 'square')", [2]),
        ("getattr(jax, 'shard_map', None)", [1]),
        ("if jax.__version_info__ >= (0, 11): pass", [1]),
    ],
)
def test_version_tests_are_seen(source: str, lines: list[int]) -> None:
    assert jax_version_tests(source) == lines


def test_continuous_integration_runs_the_commands_of_the_readme() -> None:
    """`.ci/run` takes the lines that start with `pip install`: these two and no others."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("pip install")] == [
        "pip install . && pytest docs/examples --jaxcost-report",
        "pip install -e '.[test]' && pytest -n 2",
    ]


BY_NAME = {"benchmarks", "survival"}
"""Sessions that measure, and check nothing."""


def test_the_workflow_has_a_job_for_every_session_that_checks() -> None:
    sessions = re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), re.MULTILINE)
    workflow = (ROOT / ".github" / "workflows" / "checks.yml").read_text()
    jobs = re.findall(r"^ +- (\w+)(?:\(.*\))?$", workflow, re.MULTILINE)
    assert {*jobs} == {*sessions} - BY_NAME
