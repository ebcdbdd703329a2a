"""Files of the package import each other in one direction, those for type checkers included."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import pytest_jaxcost

PACKAGE = Path(pytest_jaxcost.__file__).parent


def imports(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """For each file, by its dotted name, the files that it imports outside of its functions.

    A package is named ``package.__init__``, so that a name tells what relative imports start from.
    """
    return {name: set(_imported(name, source, sources)) for name, source in sources.items()}


def _imported(name: str, source: str, known: Mapping[str, str]) -> Iterator[str]:
    for node in _outside_functions(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            above = name.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (_file(f"{base}.{each.name}", known) or base for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from _outside_functions(child)


def _file(name: str, known: Mapping[str, str]) -> str | None:
    return next((each for each in (name, f"{name}.__init__") if each in known), None)


def circle(sources: Mapping[str, str]) -> list[str]:
    """Files that import each other, or none."""
    graph = {
        name: {_file(each, sources) for each in found} - {None, name}
        for name, found in imports(sources).items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return sorted(set(error.args[1]))
    return []


def test_no_circle_of_imports() -> None:
    paths = sorted(PACKAGE.rglob("*.py"))
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in paths]
    sources = {
        name: path.read_text(encoding="utf-8") for name, path in zip(names, paths, strict=True)
    }
    assert {"pytest_jaxcost.report.errors"} <= imports(sources)["pytest_jaxcost.report.limits"]
    assert circle(sources) == []


@pytest.mark.parametrize(
    ("back", "found"),
    [
        ("import jax", []),
        ("def late():\n    from p.a import run", []),
        ("from p.a import run", ["p.a", "p.b"]),
        ("from p import a", ["p.a", "p.b"]),
        ("import p.a", ["p.a", "p.b"]),
        ("from .a import run", ["p.a", "p.b"]),
        ("from . import a", ["p.a", "p.b"]),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import Run",
            ["p.a", "p.b"],
        ),
        ("from p import top", ["p.__init__", "p.a", "p.b"]),
    ],
)
def test_circles_are_seen(back: str, found: list[str]) -> None:
    sources = {"p.__init__": "from .a import run", "p.a": "from p.b import walk", "p.b": back}
    assert circle(sources) == found
