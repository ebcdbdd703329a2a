"""One finding in a few lines: what, what it saves, where, what survives, and the fix."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from .amounts import show, show_share
from .layout import GAP, Cell, Line, paragraph, row
from .records import Finding, Place
from .style import Style
from .wording import CALLS, COSTS, PHASE_WORDS, what

INDENT = 2
MOST_PLACES = 4
MOST_PRIMITIVES = 3
PACKAGES = "site-packages" + os.sep


def finding_lines(finding: Finding, target: str, style: Style) -> Iterator[Line]:
    """The lines about one finding; `target` is what the program was compiled for."""
    yield from _title(finding, style)
    yield from _places(finding, style)
    yield from paragraph(_equations(finding), indent=4, width=style.width, style="faint")
    yield from paragraph(survival(finding, target), indent=4, width=style.width)
    yield from _fix(finding, style)


def _title(finding: Finding, style: Style) -> Iterator[Line]:
    """The sentence, and at the right margin the price; that stands below where it does not fit."""
    cost = price(finding)
    gap = style.width - INDENT - len(finding.title) - len(cost)
    if cost and gap >= len(GAP):
        title = Cell(" " * INDENT + finding.title, "strong")
        yield (title, Cell(" " * gap), Cell(cost, "breach"))
        return
    yield from paragraph(finding.title, indent=INDENT, width=style.width, style="strong")
    yield from paragraph(cost, indent=4, width=style.width, style="breach")


def price(finding: Finding) -> str:
    """What mending it saves: ``saves 14.2 Mop, 25.2%``."""
    if finding.kind in CALLS and not finding.operations:
        return f"saves {finding.count:,} call{'s' if finding.count != 1 else ''}"
    if not finding.operations:
        return ""
    least = "" if finding.exact else "at least "
    share = f", {show_share(Fraction(finding.share))}" if finding.share else ""
    amount = f"{least}{show(finding.operations, 'op')}{share}"
    return COSTS.get(finding.kind, "saves {}").format(amount)


def survival(finding: Finding, target: str) -> str:
    """What the compiler makes of the work, where that was looked for."""
    if finding.survival is None:
        return ""
    where = f" ({target})" if target else ""
    words = {
        "survives": "all of it survives compilation",
        "removed": "the compiler removes it",
        "partly": _part(finding),
        "unknown": "it may survive compilation",
    }
    reason = f": {finding.survival_reason}" if finding.survival_reason else ""
    more = finding.more_temp_bytes or 0
    memory = f", {show(more, 'bytes')} more temporary memory without it"
    also = memory if more and finding.survival != "removed" else ""
    return f"{words[finding.survival]}{where}{reason}{also}"


def shown_place(place: Place, root: str) -> str:
    """A place with its file relative to the root, or to where packages are installed."""
    functions = place.function.split(".<locals>.")
    while functions and functions[-1].startswith("<"):  # a lambda or a comprehension
        functions.pop()
    inside = f" in {functions[-1]}" if functions and functions[-1] else ""
    return f"{shown_file(place.file, root)}:{place.line}{inside}"


def shown_file(file: str, root: str) -> str:
    """A file relative to the root, or to where packages are installed."""
    if root and file.startswith(root + os.sep):
        file = file[len(root) + 1 :]
    return file.rpartition(PACKAGES)[2] if PACKAGES in file else file


def _part(finding: Finding) -> str:
    left = show(finding.surviving_operations, "op")
    return f"{left} of {show(finding.operations, 'op')} survive compilation"


def _places(finding: Finding, style: Style) -> Iterator[Line]:
    """The places; a phase that all of them share stands beside the first."""
    listed = finding.places[:MOST_PLACES]
    written = [shown_place(place, style.root) for place in listed]
    phases = [PHASE_WORDS.get(place.phase or finding.phase, "") for place in listed]
    column = min(max(map(len, written), default=0), 50)
    is_same = len(set(phases)) == 1
    for k, (where, phase) in enumerate(zip(written, phases, strict=True)):
        beside = f"({phase})" if phase and not (is_same and k) else ""
        yield from row(
            (Cell(where, "place", column), Cell(beside, "faint")), indent=4, width=style.width
        )
    if len(finding.places) > len(listed):
        yield (Cell(f"    and {len(finding.places) - len(listed)} more places", "faint"),)


def _equations(finding: Finding) -> str:
    """The evidence: ``202 equations: dot_general 24x, tanh 4x, exp 4x, ...``."""
    if len(finding.equations) == 1 and finding.count == 1:
        return what(finding)
    counts: Counter[str] = Counter()
    work: Counter[str] = Counter()
    for each in finding.equations:
        counts[each.primitive] += each.count
        work[each.primitive] += each.operations
    names = sorted(counts, key=lambda name: (-work[name], -counts[name], name))
    shown = [f"{name} {counts[name]:,}x" for name in names[:MOST_PRIMITIVES]]
    more = ["..."] if len(names) > MOST_PRIMITIVES else []
    return f"{finding.count:,} equations: {', '.join([*shown, *more])}"


def _fix(finding: Finding, style: Style) -> Iterator[Line]:
    """The fix, and at the right margin the code that names its page."""
    if not finding.hint:
        yield (Cell(f"    {finding.code}", "faint"),)
        return
    *lines, last = paragraph(f"fix: {finding.hint}", indent=4, width=style.width, style="hint")
    yield from lines
    gap = style.width - sum(len(cell.text) for cell in last) - len(finding.code)
    if gap < 1:
        yield last
        gap, last = style.width - len(finding.code), ()
    yield (*last, Cell(" " * gap), Cell(finding.code, "faint"))
