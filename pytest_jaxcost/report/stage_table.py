"""The stages of a program as text: three columns, and below them what changes between them.

It is made from plain data, as ``Stages.to_dict`` gives it, so that it can be shown in another
process than the one that measured.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .layout import Cell, Line, paragraph, text
from .measurement import Reading
from .metrics import Unit
from .stages import CHANGING, ROWS, UNEXPLAINED
from .wording import amount, signed

GAP = "  "
MOST = 5
"""Changes of a step that are shown; smaller ones are added up."""

NAMES = ("traced", "lowered", "compiled")
HEADINGS = ("instr.", "flops", "transc.", "bytes")
SHORTEST_REASON = 24

_ITEM = re.compile(r" (?=-?[\d.])")
_KEPT = "\N{NO-BREAK SPACE}"

Data = Mapping[str, Any]


def stage_table(stages: Data, *, width: int = 80, color: bool = False) -> str:
    """The stages side by side, the biggest changes of each step, and why amounts are bounds."""
    lines = [*_head(stages, width), *_columns(stages)]
    for step in stages["steps"]:
        lines += [(), *_step(step, width)]
    return text([*lines, *_notes(stages, width)], color=color)


def _head(stages: Data, width: int) -> Iterator[Line]:
    environment = stages["environment"]
    target = f" for {environment['target']}" if "target" in environment else ""
    release = f", jax {environment['jax']}" if "jax" in environment else ""
    head = f"{stages['name']}: traced, lowered and compiled{target}{release}"
    yield from paragraph(head, indent=0, width=width, style="strong")


def _columns(stages: Data) -> Iterator[Line]:
    rows = [("", list(NAMES)), *(_row(stages, row) for row in ROWS)]
    rows.append(("exactness", [_exactness(stages[name]) for name in NAMES]))
    first = max(len(heading) for heading, _ in rows)
    widths = [max(len(cells[i]) for _, cells in rows) for i in range(len(NAMES))]
    for number, (heading, cells) in enumerate(rows):
        style = "" if number else "strong"
        padded = (f"{GAP} {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        yield (Cell("  "), Cell(heading, "", first), *(Cell(each, style) for each in padded))


def _row(stages: Data, row: str) -> tuple[str, list[str]]:
    heading, unit = ROWS[row]
    return heading, [_amount(stages[name], row, unit) for name in NAMES]


def _amount(stage: Data, row: str, unit: Unit) -> str:
    if stage[row] is None:
        return "-"
    return amount(Reading(value=stage[row], exact=row not in stage["bounds"]), unit)


def _exactness(stage: Data) -> str:
    if stage["flops"] is None:
        return "-"
    return "exact" if stage["exact"] else "lower bound"


def _step(step: Data, width: int) -> Iterator[Line]:
    """A step's changes, amounts under their headings, and reasons wrapped in what room is left."""
    rows = [(each["what"], _amounts(each)) for each in _shown(step["changes"])]
    heading = f"{step['before']} -> {step['after']}"
    table = [HEADINGS, *(amounts for _, amounts in rows)]
    widths = [max(len(amounts[i]) for amounts in table) for i in range(len(HEADINGS))]
    room = max(SHORTEST_REASON, width - 4 - sum(widths) - len(GAP) * len(widths))
    yield _change(heading, HEADINGS, widths, indent=2, room=room + 2, style="strong")
    for what, amounts in rows or [("nothing", ("", "", "", ""))]:
        *before, last = _wrapped(what, room)
        yield from ((Cell(f"    {line}"),) for line in before)
        yield _change(last, amounts, widths, indent=4, room=room)


def _wrapped(what: str, width: int) -> list[str]:
    """Lines that end between items, never between a name and its number."""
    together = _ITEM.sub(_KEPT, what)
    lines = textwrap.wrap(
        together,
        width,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_KEPT, " ") for line in lines]


def _change(
    what: str,
    amounts: Sequence[str],
    widths: Sequence[int],
    *,
    indent: int,
    room: int,
    style: str = "",
) -> Line:
    cells = (f"{GAP}{each:>{width}}" for each, width in zip(amounts, widths, strict=True))
    return (Cell(" " * indent), Cell(what, style, room), *(Cell(each, style) for each in cells))


def _shown(changes: Sequence[Data]) -> Iterator[Data]:
    """The biggest changes, the sum of the others, and what is not explained."""
    known = [each for each in changes if each["kind"] != UNEXPLAINED]
    yield from known[: MOST if len(known) != MOST + 1 else None]
    if len(known) > MOST + 1:
        others = known[MOST:]
        sums = {amount: sum(each[amount] for each in others) for amount in CHANGING}
        yield {"what": f"{len(others)} smaller changes", **sums}
    for each in changes:
        if each["kind"] == UNEXPLAINED:
            yield {**each, "what": f"not explained: {each['what']}"}


def _amounts(change: Data) -> tuple[str, ...]:
    return tuple(signed(change[amount], ROWS[amount][1]) for amount in CHANGING)


def _notes(stages: Data, width: int) -> Iterator[Line]:
    """Why amounts are bounds, and why a stage has none."""
    for name in NAMES:
        stage = stages[name]
        hidden = stage["flops"] is None
        reasons = stage["caveats"] if not hidden else [stage["reasons"].get("flops", "")]
        for reason in dict.fromkeys(reasons):
            yield from paragraph(f"{name}: {reason}", indent=2, width=width, style="faint")
