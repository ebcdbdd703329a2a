"""Lines of cells within a width, in color or plain."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

GAP = "   "

ANSI: Mapping[str, str] = MappingProxyType(
    {"breach": "1;31", "strong": "1", "place": "36", "hint": "32", "faint": "2"}
)


class Cell(NamedTuple):
    """A piece of text that is never broken, its style, and the column width it is padded to."""

    text: str
    style: str = ""
    width: int = 0


Line = tuple[Cell, ...]


def row(cells: Iterable[Cell], *, indent: int, width: int) -> tuple[Line, ...]:
    """Cells side by side; those that do not fit go to lines below, indented deeper."""
    lines: list[list[Cell]] = [[Cell(" " * indent)]]
    used = indent
    for cell in cells:
        if not cell.text:
            continue
        first = len(lines[-1]) == 1
        needed = len(cell.text) + (0 if first else len(GAP))
        if used + needed > width and not first:
            lines.append([Cell(" " * (indent + 2))])
            first, used, needed = True, indent + 2, len(cell.text)
        lines[-1] += [cell] if first else [Cell(GAP), cell]
        used += needed + max(0, cell.width - len(cell.text))
    return tuple(tuple(line) for line in lines if len(line) > 1)


def paragraph(text: str, *, indent: int, width: int, style: str = "") -> tuple[Line, ...]:
    """Text wrapped at blanks; the lines after the first are indented deeper."""
    wrapped = textwrap.wrap(
        text,
        width=width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return tuple((Cell(line, style),) for line in wrapped)


def ends(left: Cell, right: Cell, *, width: int) -> tuple[Line, ...]:
    """One text at each end of the line, or one below the other where they do not fit."""
    between = width - len(left.text) - len(right.text)
    if between < len(GAP):
        return (
            *paragraph(left.text, indent=0, width=width, style=left.style),
            *paragraph(right.text, indent=2, width=width, style=right.style),
        )
    return ((left, Cell(" " * between), right),)


def text(lines: Iterable[Sequence[Cell]], *, color: bool = False) -> str:
    """The lines as text, without blanks at their ends."""
    return "\n".join(_line(line, color) for line in lines)


def _line(cells: Sequence[Cell], color: bool) -> str:
    painted = (_painted(cell, color) + " " * (cell.width - len(cell.text)) for cell in cells)
    return "".join(painted).rstrip()


def _painted(cell: Cell, color: bool) -> str:
    if not color or not cell.style or not cell.text.strip():
        return cell.text
    return f"\x1b[{ANSI[cell.style]}m{cell.text}\x1b[0m"
