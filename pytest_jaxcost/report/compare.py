"""Explaining plain asserts: ``assert report.primitives["tanh"] == 2``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from .counts import Counts
from .culprits import SHOWN_OF_FINDINGS, SHOWN_OF_TOTALS, Culprit, chosen
from .layout import text
from .message import BESIDE_MARGIN, shown_lines
from .numbers import Number
from .records import Finding, Findings
from .style import Style


def explain(op: str, left: object, right: object) -> list[str] | None:
    """Lines for ``pytest_assertrepr_compare`` about counts and findings; ``None`` of all else."""
    if op == "==" and isinstance(left, Counts) and isinstance(right, Mapping):
        return _differences(left, right)
    if op == "==" and isinstance(right, Counts) and isinstance(left, Mapping):
        return _differences(right, left)
    for side in (left, right):
        if isinstance(side, Findings):
            return [f"{left!r} {op} {right!r}", *_where(side.all, SHOWN_OF_FINDINGS)]
    return None


def number_lines(*numbers: object) -> list[str]:
    """What is known of those among ``numbers`` that were read of a report."""
    return [line for each in numbers if isinstance(each, Number) for line in _told(each)]


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


def _told(number: Number) -> list[str]:
    label, of, findings, field, is_total = number.origin
    shown = SHOWN_OF_TOTALS if is_total else SHOWN_OF_FINDINGS
    where = _where(findings().all, shown, field)
    return [f"{label} of {of} is {number:,}{':' if where else ''}", *where]


def _where(findings: Iterable[Finding], n: int, field: str = "count") -> list[str]:
    """The ``n`` findings that weigh most, with their places."""
    style = Style(root=os.getcwd(), width=BESIDE_MARGIN)
    weighing = [each for each in findings if Culprit(each, 1).weight(field) > (0,)]
    shown, left_out = chosen(weighing, n, field=field)
    lines = shown_lines(shown, field, "", style)
    more = [f"    ... and {left_out:,} more"] if left_out else []
    return [*text(lines).lstrip("\n").splitlines(), *more]
