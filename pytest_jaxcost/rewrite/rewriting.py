"""A program with edits, as a program and as a jaxpr."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_jaxcost.ir.equation import Inlined
from pytest_jaxcost.rewrite.apply import apply
from pytest_jaxcost.rewrite.draft import Draft
from pytest_jaxcost.rewrite.edits import Edit, RewriteError
from pytest_jaxcost.rewrite.emit import emit
from pytest_jaxcost.rewrite.finish import finish


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A program without what edits take out of it."""

    program: Inlined
    touched: frozenset[int]
    """The bodies in which something changed, by ``id``."""
    refused: Mapping[int, str]
    """The edits that could not be written down, by their position, and why."""
    made: Sequence[int]
    """The first of the values that each edit made; the next edit's are the end of them."""

    def jaxpr(self, like: Any) -> Any:
        """The program as a closed jaxpr; `like` is the one that the program was read from.

        Raises:
            RewriteError: an interface of JAX's has no place for a change.
        """
        return emit(self.program, like, self.touched)


def rewrite(program: Inlined, edits: Sequence[Edit]) -> Rewritten:
    """The program with edits, applied in this order.

    An edit that would have values computed from each other, with those before it, is refused.
    """
    circles: dict[int, str] = {}
    while True:
        try:
            return _rewritten(program, edits, circles)
        except RewriteError as circle:
            circles[_closing(program, edits, circles)] = str(circle)


def _closing(program: Inlined, edits: Sequence[Edit], left_out: Mapping[int, str]) -> int:
    """The first edit that closes a circle."""

    def is_circular(last: int) -> bool:
        try:
            _rewritten(program, edits[: last + 1], left_out)
        except RewriteError:
            return True
        return False

    return bisect_left(range(len(edits)), True, key=is_circular)


def _rewritten(program: Inlined, edits: Sequence[Edit], left_out: Mapping[int, str]) -> Rewritten:
    draft, refused = Draft(program), dict(left_out)
    made: list[int] = []
    for position, edit in enumerate(edits):
        made.append(len(draft.avals))
        try:
            if position not in left_out:
                apply(edit, draft)
        except RewriteError as error:
            refused[position] = str(error)
    finished = finish(draft)
    return Rewritten(
        program=finished.program,
        touched=finished.touched,
        refused={
            k: why for k, why in refused.items() if k < len(edits) and finished.needs(edits[k])
        },
        made=made,
    )
