"""One HLO program: its text, read and priced when something asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Protocol, TypeVar

from pytest_jaxcost.collection import without_collection
from pytest_jaxcost.hlo.costs import Pricing, price
from pytest_jaxcost.hlo.parse import parse
from pytest_jaxcost.hlo.totals import HloTotals, totals

WORK = frozenset({"flops", "transcendentals", "operations"})
WEIGHTED = WORK | {
    *("bytes_accessed", "executions", "collectives"),
    *("collective_executions", "collective_bytes"),
}
"""Counts that an unknown trip count makes lower bounds."""


Read = TypeVar("Read")


class Attempt(Protocol):
    """Calls the first; where that fails, the second with the reason."""

    def __call__(
        self, look: Callable[[], Read], otherwise: Callable[[str], Read | None], /
    ) -> Read | None: ...


def _plainly(look: Callable[[], Read], _: Callable[[str], Read | None], /) -> Read | None:
    return look()


class HloProgram:
    """An HLO program of any stage; `text` gives its text, or None where there is none to see."""

    def __init__(
        self, text: Callable[[], str | None], *, hidden: str, attempt: Attempt | None = None
    ) -> None:
        self._text = text
        self._attempt = attempt or _plainly
        self.hidden = hidden
        """Why nothing is known of the program, if nothing is."""

    @cached_property
    def text(self) -> str | None:
        """The HLO text."""
        return self._text()

    @cached_property
    @without_collection
    def pricing(self) -> Pricing | None:
        """The program, read and priced; None without its text, or where it cannot be read.

        Raises:
            HloSyntaxError: the text is not what any known compiler writes, and nobody attends.
        """
        text = self.text
        return None if text is None else self._attempt(lambda: price(parse(text)), self._unread)

    @cached_property
    def totals(self) -> HloTotals | None:
        """The figures of the whole program."""
        pricing = self.pricing
        return None if pricing is None else self._attempt(lambda: totals(pricing), self._unread)

    def _unread(self, reason: str) -> None:
        self.hidden = reason

    @property
    def exact(self) -> bool:
        """False where a loop of unknown length or an opaque call makes counts lower bounds."""
        return self.totals is not None and self.totals.exact

    @property
    def caveats(self) -> tuple[str, ...]:
        """Why counts are lower bounds."""
        return (self.hidden,) if self.totals is None else self.totals.caveats

    @cached_property
    def bounds(self) -> frozenset[str]:
        """The counts that are lower bounds: all weighted ones, or those of work alone."""
        if self.pricing is None or self.totals is None:
            return frozenset()
        if self.pricing.loops.has_unknown:
            return WEIGHTED
        return WORK if self.totals.opaque else frozenset()
