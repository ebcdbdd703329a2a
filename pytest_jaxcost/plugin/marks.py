"""The ``jaxcost`` marks of a test, the most specific first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

import pytest

Level = Literal["param", "function", "class", "module"]


class Placed(NamedTuple):
    """A mark, the kind of thing it stands on, and that thing (``None`` for an added mark)."""

    mark: pytest.Mark
    level: Level
    owner: Any


def placed_marks(item: pytest.Item) -> Iterator[Placed]:
    """The marks of ``item``: pytest.param, function, class, base class, outer class, module.

    pytest's own order puts a base class before its subclass and a function before pytest.param.
    Of several marks on one thing the innermost comes first, as with ``get_closest_marker``.
    """
    for node in reversed(item.listchain()):
        marks = _of_class(node) if isinstance(node, pytest.Class) else _of_node(node)
        yield from (placed for placed in marks if placed.mark.name == "jaxcost")


def _of_node(node: Any) -> Iterator[Placed]:
    owner = getattr(node, "obj", None)
    level: Level = "function" if isinstance(node, pytest.Item) else "module"
    params = getattr(getattr(node, "callspec", None), "marks", ())
    yield from (Placed(mark, "param", owner) for mark in params)
    yield from (Placed(mark, level, owner) for mark in _without(node.own_markers, params))


def _of_class(node: pytest.Class) -> Iterator[Placed]:
    inherited: list[pytest.Mark] = []
    for base in node.obj.__mro__:
        own = _normalized(vars(base).get("pytestmark", ()))
        yield from (Placed(mark, "class", base) for mark in own)
        inherited += own
    yield from (Placed(mark, "class", None) for mark in _without(node.own_markers, inherited))


def _normalized(pytestmark: Any) -> list[pytest.Mark]:
    marks = pytestmark if isinstance(pytestmark, (list, tuple)) else [pytestmark]
    return [mark.mark if isinstance(mark, pytest.MarkDecorator) else mark for mark in marks]


def _without(marks: Iterable[pytest.Mark], seen: Iterable[pytest.Mark]) -> list[pytest.Mark]:
    known = {id(mark) for mark in seen}
    return [mark for mark in marks if id(mark) not in known]
