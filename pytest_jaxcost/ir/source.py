"""The text of the user's source: expressions as they are written, and the names of functions."""

from __future__ import annotations

import linecache

from pytest_jaxcost import _compat

LONGEST = 40
"""Characters of an expression that are shown."""

NAMELESS = frozenset({"<genexpr>", "<lambda>", "<listcomp>", "<dictcomp>", "<setcomp>", "<module>"})


def expression(frame: _compat.Frame) -> str:
    """The running expression as it is written, on one line; empty if the source is not there."""
    where = frame.expression
    if where is None:
        return ""
    start, stop, first, last = where
    lines = [linecache.getline(frame.file, line).encode() for line in range(start, stop + 1)]
    lines[-1] = lines[-1][:last]
    lines[0] = lines[0][first:]
    return _shortened(" ".join(b" ".join(lines).decode(errors="replace").split()))


def function_name(frame: _compat.Frame) -> str:
    """The name of a frame's function, of a method with its class; empty if it has none."""
    name = frame.function.rpartition("<locals>.")[2]
    return "" if name.rpartition(".")[2] in NAMELESS else name


def standing_in(frame: _compat.Frame) -> str:
    """The name of the function that a frame stands in: of a lambda, that of the function around."""
    parts = frame.function.split(".<locals>.")
    while parts and parts[-1] in NAMELESS:
        parts.pop()
    return parts[-1] if parts else ""


def _shortened(text: str) -> str:
    """The text on one line; of a long call what is called, of anything else the beginning."""
    text = text.replace("( ", "(").replace(", )", ")").replace(" )", ")")
    shown = ""
    while len(text + shown) > LONGEST and text.endswith(")"):
        text, shown = text[: _opening(text)], f"(...){shown}"
    text += shown
    return text if len(text) <= LONGEST else text[: LONGEST - 3].rstrip() + "..."


def _opening(text: str) -> int:
    """Where the bracket opens that the text ends with."""
    depth = 0
    for k in range(len(text) - 1, -1, -1):
        depth += (text[k] in ")]}") - (text[k] in "([{")
        if not depth:
            return k
    return len(text)
