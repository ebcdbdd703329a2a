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
from .metrics import Unit
from .reading import Reading
from .stages import CHANGING, ROWS
from .wording import amount, signed

GAP = "  "
NAMES = ("traced", "lowered", "compiled")
HEADINGS = ("instr.", "flops", "transc.", "bytes")
NARROWEST = 24
"""Columns that a label has at least."""

NOTHING = {"what": "nothing", **dict.fromkeys(CHANGING, 0)}

Data = Mapping[str, Any]
Row = tuple[str, Sequence[str]]
"""A label, and the cells after it."""


def stage_table(stages: Data, *, width: int = 80, color: bool = False) -> str:
    """The stages side by side, the changes of each step, and why amounts are bounds."""
    lines = [*_head(stages, width), *_grid(list(_columns(stages)), width)]
    for step in stages["steps"]:
        lines += [(), *_grid(list(_changes(step)), width)]
    return text([*lines, *_notes(stages, width)], color=color)


def _head(stages: Data, width: int) -> Iterator[Line]:
    environment = stages["environment"]
    target = f" for {environment['target']}" if "target" in environment else ""
    release = f", jax {environment['jax']}" if "jax" in environment else ""
    head = f"{stages['name']}: traced, lowered and compiled{target}{release}"
    yield from paragraph(head, indent=0, width=width, style="strong")


def _columns(stages: Data) -> Iterator[Row]:
    yield "", NAMES
    for row, (heading, unit) in ROWS.items():
        yield f"  {heading}", [_amount(stages[name], row, unit) for name in NAMES]
    yield "  exactness", [_exactness(stages[name]) for name in NAMES]


def _amount(stage: Data, row: str, unit: Unit) -> str:
    if stage[row] is None:
        return "-"
    return amount(Reading(value=stage[row], exact=row not in stage["bounds"]), unit)


def _exactness(stage: Data) -> str:
    if stage["flops"] is None:
        return "-"
    return "exact" if stage["exact"] else "lower bound"


def _changes(step: Data) -> Iterator[Row]:
    yield f"  {step['before']} -> {step['after']}", HEADINGS
    for each in step["changes"] or [NOTHING]:
        yield f"    {each['what']}", [signed(each[name], ROWS[name][1]) for name in CHANGING]


def _grid(rows: Sequence[Row], width: int) -> Iterator[Line]:
    """Cells under each other, and labels wrapped in what room is left; the first row is strong."""
    widths = [max(map(len, column)) for column in zip(*(cells for _, cells in rows), strict=True)]
    left = max(NARROWEST, width - sum(widths) - len(GAP) * len(widths))
    room = min(left, max(len(label) for label, _ in rows))
    style = "strong"
    for label, cells in rows:
        *above, last = _wrapped(label, room)
        yield from ((Cell(line),) for line in above)
        aligned = (f"{GAP}{cell:>{size}}" for cell, size in zip(cells, widths, strict=True))
        yield (Cell(last, style, room), *(Cell(cell, style) for cell in aligned))
        style = ""


def _wrapped(label: str, room: int) -> list[str]:
    """Lines that never end between a name and its number."""
    joined = re.sub(r" (?=\d)", "\N{NO-BREAK SPACE}", label)
    lines = textwrap.wrap(joined, room, subsequent_indent=" " * 6, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines] or [""]


def _notes(stages: Data, width: int) -> Iterator[Line]:
    """Why amounts are bounds, and why a stage has none."""
    for name in NAMES:
        stage = stages[name]
        hidden = stage["flops"] is None
        reasons = stage["caveats"] if not hidden else [stage["reasons"].get("flops", "")]
        for reason in dict.fromkeys(reasons):
            yield from paragraph(f"{name}: {reason}", indent=2, width=width, style="faint")
