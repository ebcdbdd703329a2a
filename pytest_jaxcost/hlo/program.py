"""One HLO program: its text, read and priced when something asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from pytest_jaxcost.collection import without_collection
from pytest_jaxcost.hlo.costs import Pricing, price
from pytest_jaxcost.hlo.parse import parse
from pytest_jaxcost.hlo.totals import HloTotals, totals

WORK = frozenset({"flops", "transcendentals"})
WEIGHTED = WORK | {
    *("bytes_accessed", "executions", "collectives"),
    *("collective_executions", "collective_bytes"),
}
"""Counts that an unknown trip count makes lower bounds."""


class HloProgram:
    """An HLO program of any stage; `text` gives its text, or None where there is none to see."""

    def __init__(self, text: Callable[[], str | None], *, hidden: str) -> None:
        self._text = text
        self._hidden = hidden
        """Why there is no text, if there is none."""

    @cached_property
    def text(self) -> str | None:
        """The HLO text."""
        return self._text()

    @cached_property
    @without_collection
    def pricing(self) -> Pricing | None:
        """The program, read and priced; None without its text.

        Raises:
            HloSyntaxError: the text is not what any known compiler writes.
        """
        return None if self.text is None else price(parse(self.text))

    @cached_property
    def totals(self) -> HloTotals | None:
        """The figures of the whole program."""
        return None if self.pricing is None else totals(self.pricing)

    @property
    def exact(self) -> bool:
        """False where a loop of unknown length or an opaque call makes counts lower bounds."""
        return self.totals is not None and self.totals.exact

    @property
    def caveats(self) -> tuple[str, ...]:
        """Why counts are lower bounds."""
        return (self._hidden,) if self.totals is None else self.totals.caveats

    @cached_property
    def bounds(self) -> frozenset[str]:
        """The counts that are lower bounds: all weighted ones, or those of work alone."""
        if self.pricing is None or self.totals is None:
            return frozenset()
        if None in self.pricing.loops.counts.values():
            return WEIGHTED
        return WORK if self.totals.opaque else frozenset()
