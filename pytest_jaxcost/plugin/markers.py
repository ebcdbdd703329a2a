"""From the marks of a test to its rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from ..report import LimitError, Limits
from .marks import Placed, placed_marks
from .places import line_of
from .rules import Rules, merge, unjudged


def rules_for(item: pytest.Item, defaults: Sequence[Limits], *, judges: bool = True) -> Rules:
    """What holds for ``item``: its markers over command line over ini file, key by key.

    Fails the test, without a traceback, for a marker that cannot be meant; unless it ``judges``,
    markers have no limits.
    """
    marks = list(placed_marks(item))
    try:
        if not judges:
            written = (Limits.of(placed.mark.kwargs) for placed in marks)
            return merge(unjudged([*written, *defaults]), marked=bool(marks))
        return merge([*_layers(marks, item), *defaults], marked=bool(marks))
    except LimitError as error:
        reason = str(error)
    pytest.fail(f"jaxcost: {reason}", pytrace=False)


def _layers(marks: Sequence[Placed], item: pytest.Item) -> Iterator[Limits]:
    for placed in marks:
        origin = str(line_of(placed, item))
        if placed.mark.args:
            given = ", ".join(map(repr, placed.mark.args))
            raise LimitError(
                f"the jaxcost marker takes keyword arguments only, such as max_duplicates=0;"
                f" got {given} ({origin})"
            )
        yield Limits.of(placed.mark.kwargs, origin=origin)
