"""The edits of findings: written down, or the reason why they cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pytest_jaxcost.rewrite.edits import Replace, RewriteError


class Written(NamedTuple):
    """What takes a finding out of the program, or why nothing does."""

    edits: tuple[Replace, ...] = ()
    no_edit: str = ""


def written(make: Callable[[], Iterable[Replace]]) -> Written:
    """What `make` returns, or the reason of the `RewriteError` that it raises."""
    try:
        return Written(tuple(make()))
    except RewriteError as reason:
        return Written(no_edit=str(reason))
