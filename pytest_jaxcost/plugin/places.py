"""Where a mark stands in the source; pytest does not keep it."""

from __future__ import annotations

import ast
import inspect
import os
from collections import deque
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
    decorates: bool


def line_of(placed: Placed, item: pytest.Item) -> Line:
    """The line on which the mark is written.

    The line of the function, class or test where it is not written in their source: a mark kept
    in a variable, or added by a conftest file.
    """
    file, first = _source(placed.owner) or (str(item.path), (item.location[1] or 0) + 1)
    if file.endswith(".py"):
        near = (each for each in _written(file) if each.owner == first)
        first = next((each.line for each in near if _agrees(each, placed.mark)), first)
    return _seen(file, first, item)


def decorator_line(function: Any, item: pytest.Item) -> Line | None:
    """The line of a jaxcost marker among the decorators of ``function``."""
    source = _source(function)
    if source is None:
        return None
    file, first = source
    own = (each.line for each in _written(file) if each.owner == first and each.decorates)
    line = next(own, None)
    return None if line is None else _seen(file, line, item)


def _seen(file: str, line: int, item: pytest.Item) -> Line:
    return Line(os.path.relpath(file, item.config.invocation_params.dir), line)


def _source(owner: Any) -> tuple[str, int] | None:
    """The file of a module, class or function, and its first line, decorators included."""
    owner = inspect.unwrap(owner) if callable(owner) else owner
    if inspect.ismodule(owner):
        return None if owner.__file__ is None else (owner.__file__, 1)
    try:
        file, first = inspect.getsourcefile(owner), inspect.getsourcelines(owner)[1]
    except (OSError, TypeError):  # made by exec, or no function at all
        return None
    return (file, first) if file is not None and os.path.isfile(file) else None


@lru_cache(maxsize=64)
def _written(file: str) -> tuple[_Written, ...]:
    """Every ``pytest.mark.jaxcost`` of a file, with the definition it decorates or stands in."""
    try:
        with open(file, "rb") as source:
            text = source.read()
        tree = ast.parse(text if b"jaxcost" in text else b"", file)
    except (OSError, SyntaxError):
        return ()
    return tuple(_search(tree))


def _search(tree: ast.Module) -> Iterator[_Written]:
    queue: deque[tuple[ast.AST, int, bool]] = deque([(tree, 1, False)])
    while queue:
        node, owner, decorates = queue.popleft()
        called = node.func if isinstance(node, ast.Call) else node
        if _is_marker(called):
            keywords = node.keywords if isinstance(node, ast.Call) else ()
            yield _Written(called.end_lineno or called.lineno, tuple(keywords), owner, decorates)
            continue
        decorators: list[ast.expr] = []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            decorators = node.decorator_list
            owner = min([node.lineno, *(each.lineno for each in decorators)])
        queue += [(each, owner, each in decorators) for each in ast.iter_child_nodes(node)]


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
