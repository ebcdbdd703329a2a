"""Failed asserts on numbers of a report: what is known of the numbers stands below the assert."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "jaxcost-explained"


class Note(str):
    """A note of ours, which the one line of the summary leaves out."""

    __slots__ = ()


class Explained:
    """Remembers the comparisons that failed, and adds a note to the error if one is raised.

    Lines that ``pytest_assertrepr_compare`` returns would take the place of pytest's own, which
    say how the number was read.
    """

    def __init__(self) -> None:
        self._told: dict[str, list[str]] = {}

    def compared(self, op: str, left: object, right: object) -> None:
        """Forget what another comparison with the same text was about, and remember this one."""
        from ..report import number_lines

        if not (isinstance(left, int) or isinstance(right, int)):
            return
        text = f"{left!r} {op} {right!r}"
        self._told.pop(text, None)
        if lines := number_lines(left, right):
            self._told[text] = lines

    def pytest_runtest_setup(self) -> None:
        self._told.clear()

    def pytest_runtest_makereport(self, call: pytest.CallInfo[Any]) -> None:
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, AssertionError) and not getattr(error, "__notes__", ()):
            for lines in self._about(str(error)):
                error.add_note(Note("\n".join(f"  {line}" for line in lines)))

    def _about(self, message: str) -> Iterator[list[str]]:
        """The explanations of the comparisons that stand in a message of pytest's."""
        for text, lines in self._told.items():
            compared = rf"\bassert\b.*(?<![\w.]){re.escape(text)}(?![\w.])"
            if re.search(compared, message):
                yield lines
