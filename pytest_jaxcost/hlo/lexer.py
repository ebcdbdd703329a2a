"""The lexical grammar of HLO text: one compiled expression per kind of line.

Every repetition is possessive, so that a malformed line fails at once instead of backtracking.
"""

from __future__ import annotations

import re

_DEPTH = 8
_STRING = r'"(?:[^"\\]++|\\.)*+"'


def _balanced(opening: str, closing: str, *, strings: bool) -> str:
    """Return an expression for text between two brackets, nested at most `_DEPTH` deep."""
    start, stop = re.escape(opening), re.escape(closing)
    plain = rf"[^{start}{stop}\"]++|{_STRING}" if strings else rf"[^{start}{stop}]++"
    pattern = rf"{start}(?:{plain})*+{stop}"
    for _ in range(_DEPTH):
        pattern = rf"{start}(?:{plain}|{pattern})*+{stop}"
    return pattern


BRACES = _balanced("{", "}", strings=True)
PARENTHESES = _balanced("(", ")", strings=False)
BRACKETS = _balanced("[", "]", strings=False)

NAME = r"[\w.\-]++"
COMMENT = r"/\*[^*]*+\*/"
ARRAY = r"[a-z]\w*+\[[^\]]*+\](?:\{[^}]*+\})?+"
SHAPE = rf"(?:{ARRAY}|{PARENTHESES})"
VALUE = rf"(?:[^,\"(){{}}\[\]]++|{_STRING}|{BRACES}|{BRACKETS}|{PARENTHESES})++"

INSTRUCTION = re.compile(
    rf"\s*+(ROOT )?+%?+({NAME}) = ({SHAPE}) ({NAME})({PARENTHESES})((?:, .*+)?+)$", re.DOTALL
)
ATTRIBUTE = re.compile(rf", ([\w\-]++)=({VALUE})", re.DOTALL)
COMPUTATION = re.compile(rf"(ENTRY )?+%?+({NAME}) (?:{PARENTHESES} -> {SHAPE} )?+\{{$")
COMPUTATION_END = re.compile(r"\}((?:, .*+)?+)$")
MODULE = re.compile(rf"HloModule ({NAME})((?:, .*+)?+)$")
TABLE_ROW = re.compile(r"(\d++) (?:(\"(?:[^\"\\]++|\\.)*+\")|\{([^}]*+)\})$")
ARRAY_SHAPE = re.compile(r"([a-z]\w*+)\[([^\]]*+)\](?:\{([^}]*+)\})?+$")
OPERAND = re.compile(rf"\s*+(?:{COMMENT})?+\s*+(?:{SHAPE} )?+%?+({NAME})\s*+$")
METADATA_FIELD = re.compile(rf"([\w\-]++)=({_STRING}|{BRACES}|[^\s{{}}\"]++)")
LEADING_COMMENT = re.compile(rf"\s*+{COMMENT}\s*+")

_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}

INSTRUCTION_STEPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\s*+(?:ROOT )?+%?+{NAME} = "), "'%name = '"),
    (re.compile(rf"{SHAPE} "), "a shape and a space"),
    (re.compile(rf"{NAME}(?=\()"), "an opcode and '('"),
    (re.compile(PARENTHESES), "operands up to a matching ')'"),
    (re.compile(r"(?=, |$)"), "', attribute=value' or the end of the line"),
)
"""What an instruction consists of, in order: where `INSTRUCTION` fails, the first that does."""


def split_top(text: str) -> list[str]:
    """Return the parts of `text` between the commas that no bracket encloses."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(r"[,(){}\[\]]", text):
        mark = match[0]
        if mark in "({[":
            depth += 1
        elif mark in ")}]":
            depth -= 1
        elif depth == 0:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]] if text.strip() else []


def unquote(text: str) -> str:
    """Return what a quoted string says, C escapes undone; text without quotes as it is.

    Raises ValueError where the bytes that octal escapes write are not UTF-8.
    """
    if not text.startswith('"'):
        return text
    if "\\" not in text:
        return text[1:-1]
    return _ESCAPE.sub(_unescape, text[1:-1].encode()).decode()


def _unescape(match: re.Match[bytes]) -> bytes:
    mark = match[1]
    return bytes((int(mark, 8),)) if mark.isdigit() else _ESCAPES.get(mark, mark)
