"""Markers that never reach their test, and would be limits that nobody checks."""

from __future__ import annotations

import pytest

from .places import decorator_line


def check_nothing_lost(item: pytest.Item) -> None:
    """Fail a test whose source has a marker above absl's parameterized.

    That decorator makes new functions from the one below it, and drops the marks it is given.
    """
    function = getattr(item, "function", None)
    if function is None or any(mark.name == "jaxcost" for mark in item.own_markers):
        return
    line = decorator_line(function, item)
    if line is not None:
        pytest.fail(
            f"jaxcost: the marker in {line} was lost: absl's parameterized keeps no mark that"
            " stands above it; put the marker below, next to the function",
            pytrace=False,
        )
