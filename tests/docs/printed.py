"""Whether a page's `text` block is what a run printed."""

from __future__ import annotations

import re

# The one thing in a message that differs between releases by intention.
JAX_VERSION = re.compile(r"\bjax \d+(?:\.\d+)+")
ANY_LINES = r"(?:.*\n)*?"
# pytest sets an exception's message off by this margin.
MARGIN = r"(?:E(?: +|(?=\n)))?"
EXCEPTION = r"(?:[\w.]+: )?"


def is_printed(expected: str, output: str) -> bool:
    """Return whether the lines of `expected` stand in `output` one after another.

    The first may be indented, and may follow the name of an exception. A line `...` stands for any
    lines, and pytest's margin, blanks at line ends and the JAX release do not count.
    """
    first, *rest = _plain(expected).strip("\n").split("\n")
    pattern = f"(?m)^{MARGIN} *{EXCEPTION}{re.escape(first)}\n" + "".join(map(_line_pattern, rest))
    return re.search(pattern, _plain(output) + "\n") is not None


def _line_pattern(line: str) -> str:
    if line.strip() == "...":
        return ANY_LINES
    return f"{MARGIN}{re.escape(line)}\n"


def _plain(text: str) -> str:
    text = JAX_VERSION.sub("jax X", text)
    return "\n".join(line.rstrip() for line in text.splitlines())
