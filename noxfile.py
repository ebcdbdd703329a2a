"""Everything that is checked, by name: `nox -l` lists it, `nox -s lint` runs one."""

from __future__ import annotations

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["tests", "plugins", "lint", "types", "imports", "docs"]

PROJECT = nox.project.load_toml("pyproject.toml")
OLDEST = ("jax==0.8.0", "jaxlib==0.8.0", "pytest==8.0.*")
MIDDLE = ("jax==0.10.2", "jaxlib==0.10.2")
RELEASES = [
    nox.param("3.11", OLDEST, id="oldest"),
    nox.param("3.11", MIDDLE, id="0.10.2"),
    nox.param("3.13", (), id="newest"),
]


def group(name: str) -> tuple[str, ...]:
    """Return the requirements of a dependency group of `pyproject.toml`."""
    return nox.project.dependency_groups(PROJECT, name)


@nox.session
@nox.parametrize(["python", "pins"], RELEASES)
def tests(session: nox.Session, pins: tuple[str, ...]) -> None:
    """Run the suite on one JAX release, in two processes."""
    session.install("-e", ".[test]", *pins)
    session.run("pytest", "-n", "2", *session.posargs)


OTHERS = ("anyio", "pytest-randomly", "pytest-rerunfailures", "pytest-timeout")
BESIDE = [
    nox.param("3.11", (*OLDEST, *OTHERS, "pytest-subtests"), id="oldest"),
    nox.param("3.13", OTHERS, id="newest"),
]


@nox.session
@nox.parametrize(["python", "others"], BESIDE)
def plugins(session: nox.Session, others: tuple[str, ...]) -> None:
    """Run the plugin's tests in any order and beside other plugins, on two releases of pytest."""
    session.install("-e", ".[test]", *others)
    env = {"JAXCOST_BESIDE": "1"}
    session.run("pytest", "-n", "2", "tests/plugin", *session.posargs, env=env)


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    """Check rules and formatting."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python="3.11")
def types(session: nox.Session) -> None:
    """Check the package's types, strictly, against one JAX release: its annotations change."""
    session.install("-e", ".", *group("types"), *MIDDLE)
    session.run("mypy")


@nox.session(python="3.11")
def imports(session: nox.Session) -> None:
    """Check that imports between rooms point down."""
    session.install("-e", ".", *group("imports"))
    session.run("lint-imports", "--no-cache")


@nox.session(python="3.11")
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error."""
    session.install("-e", ".[docs]")
    session.run("mkdocs", "build", "--strict", "--site-dir", session.create_tmp() + "/site")


@nox.session(python="3.13")
@nox.parametrize("platform", ["tpu", "cuda"])
def targets(session: nox.Session, platform: str) -> None:
    """Compile for a device that is not there: large downloads, so by name only."""
    session.install("-e", f".[test,{platform}]")
    session.run("pytest", "-n", "2", "-m", platform, *session.posargs)
    session.run("pytest", "-k", "targets.md", "tests/docs/test_blocks.py")


@nox.session(python="3.13")
@nox.parametrize("platform", ["cpu", "tpu", "cuda"])
def survival(session: nox.Session, platform: str) -> None:
    """Measure anew what survives on a platform, for the table in the documentation."""
    session.install("-e", ".[test]" if platform == "cpu" else f".[test,{platform}]")
    env = {"JAX_PLATFORMS": "cpu"}
    session.run("python", "-m", "tests.analyses.survival.table", platform, env=env)


@nox.session(python="3.11")
def benchmarks(session: nox.Session) -> None:
    """Print the ratios of our time and memory to JAX's own, measured in one run."""
    session.install("-e", ".[test]", *MIDDLE)
    session.run("python", "-m", "tests.benchmarks", *session.posargs)
