"""Explaining plain asserts: ``assert report.primitives["tanh"] == 2``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from .counts import Counts
from .culprits import chosen
from .layout import text
from .message import BESIDE_MARGIN, shown_lines
from .records import Findings
from .report import LastRead, Report
from .style import Style

SHOWN = 10


def explain(
    op: str, left: object, right: object, reports: Iterable[Report] = ()
) -> list[str] | None:
    """Lines for ``pytest_assertrepr_compare``; ``None`` where this is not about a report.

    Of two plain numbers, the explanation is of what was read last from one of ``reports``,
    provided that it is one of the two numbers.
    """
    if op == "==" and isinstance(left, Counts) and isinstance(right, Mapping):
        return _differences(left, right)
    if op == "==" and isinstance(right, Counts) and isinstance(left, Mapping):
        return _differences(right, left)
    for side in (left, right):
        if isinstance(side, Findings):
            return [f"{left!r} {op} {right!r}", *_where(side)]
    return _numbers(op, left, right, reports)


def _differences(counts: Counts, expected: Mapping[str, int]) -> list[str]:
    differing = sorted(counts.differences(expected).items())
    width = max((len(name) for name, _ in differing), default=0)
    lines = [
        f"{name:{width}}   {counted:,} counted, {wanted:,} expected"
        for name, (counted, wanted) in differing
    ]
    agreeing = len({*counts, *expected}) - len(differing)
    others = [f"{agreeing} other{'s agree' if agreeing != 1 else ' agrees'}"] if agreeing else []
    return ["counts by primitive differ", *lines, *others]


def _numbers(op: str, left: object, right: object, reports: Iterable[Report]) -> list[str] | None:
    if not (_plain(left) and _plain(right)):
        return None
    reads = ((report.last_read, report) for report in reports)
    last = max(((read, report) for read, report in reads if read), default=None, key=_when)
    if last is None:
        return None
    read, report = last
    for label, value in read.numbers.items():
        if value in (left, right):
            where = _where(read.where())
            colon = ":" if where else ""
            told = f"{label} of {report.name} is {value:,}{colon}"
            return [f"{left} {op} {right}", told, *where]
    return None


def _when(pair: tuple[LastRead, Report]) -> int:
    return pair[0].when


def _plain(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _where(findings: Findings) -> list[str]:
    """The costliest findings with their places."""
    style = Style(root=os.getcwd(), width=BESIDE_MARGIN)
    shown, left_out = chosen(findings.all, SHOWN)
    lines = shown_lines(shown, "count", "", style)
    more = [f"    ... and {left_out:,} more"] if left_out else []
    return [*text(lines).splitlines(), *more]
