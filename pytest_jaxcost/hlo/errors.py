"""What a malformed text raises."""

from __future__ import annotations


class HloSyntaxError(ValueError):
    """A text is not HLO: says where, lines and columns from 1, and what was expected instead."""

    def __init__(self, line: int, column: int, expected: str, found: str) -> None:
        excerpt = found if len(found) <= 40 else f"{found[:40]}..."
        super().__init__(f"line {line}, column {column}: expected {expected}, found {excerpt!r}")
        self.line = line
        self.column = column
        self.expected = expected
