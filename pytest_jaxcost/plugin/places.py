"""Where a mark stands in the source; pytest does not keep it."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeGuard

import pytest

from .marks import Placed


class Line(NamedTuple):
    """A line of a file, the file as it is seen from where pytest was started."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class _Written(NamedTuple):
    line: int
    keywords: tuple[ast.keyword, ...]
    owner: int  # first line of the definition it decorates or stands in; 1 is the module


def line_of(placed: Placed, item: pytest.Item) -> Line:
    """The line on which the mark is written.

    The line of the function, class or test where it is not written in their source: a mark kept
    in a variable, or added by a conftest file.
    """
    file, first = _start(placed, item)
    if placed.owner is not None and file.endswith(".py"):
        near = (each for each in _written(file) if each.owner == first)
        first = next((each.line for each in near if _agrees(each, placed.mark)), first)
    return Line(os.path.relpath(file, item.config.invocation_params.dir), first)


def _start(placed: Placed, item: pytest.Item) -> tuple[str, int]:
    owner = inspect.unwrap(placed.owner) if callable(placed.owner) else placed.owner
    if inspect.ismodule(owner) and owner.__file__:
        return owner.__file__, 1
    if owner is not None:
        try:
            file, first = inspect.getsourcefile(owner), inspect.getsourcelines(owner)[1]
        except (OSError, TypeError):  # made by exec, or no function at all
            file, first = None, 0
        if file is not None and os.path.isfile(file):
            return file, first
    return str(item.path), (item.location[1] or 0) + 1


@lru_cache(maxsize=64)
def _written(file: str) -> tuple[_Written, ...]:
    """Every ``pytest.mark.jaxcost`` of a file, with the definition it decorates or stands in."""
    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read(), file)
    except (OSError, SyntaxError):
        return ()
    return tuple(_search(tree))


def _search(tree: ast.Module) -> Iterator[_Written]:
    queue: list[tuple[ast.AST, int]] = [(tree, 1)]
    while queue:
        node, owner = queue.pop(0)
        called = node.func if isinstance(node, ast.Call) else node
        if _is_marker(called):
            keywords = node.keywords if isinstance(node, ast.Call) else ()
            yield _Written(called.end_lineno or called.lineno, tuple(keywords), owner)
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            owner = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        queue += [(child, owner) for child in ast.iter_child_nodes(node)]


def _is_marker(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """``pytest.mark.jaxcost``, or ``mark.jaxcost``."""
    if not isinstance(node, ast.Attribute) or node.attr != "jaxcost":
        return False
    return "mark" in (getattr(node.value, "attr", ""), getattr(node.value, "id", ""))


def _agrees(written: _Written, mark: pytest.Mark) -> bool:
    """Whether this could be where ``mark`` was made: same names, same values where plain."""
    if {keyword.arg for keyword in written.keywords} != set(mark.kwargs):
        return False
    values = {keyword.arg: keyword.value for keyword in written.keywords}
    return all(_may_equal(value, mark.kwargs[name]) for name, value in values.items() if name)


def _may_equal(written: ast.expr, value: Any) -> bool:
    try:
        return bool(ast.literal_eval(written) == value)
    except ValueError:  # an expression: cannot be told from its text
        return True
