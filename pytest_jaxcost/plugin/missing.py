"""Tests that are skipped where their target's compiler is not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ..targets import MissingCompilerError

if TYPE_CHECKING:
    from .session import Session

NAME = "jaxcost-missing"


class SkipsWhereMissing:
    """Tells pytest of a skip where a test failed for want of a compiler and asked to be skipped.

    Called after pytest has put what a ``unittest`` case raised in its place and before the report
    is made, so that every kind of test is served.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def pytest_runtest_makereport(self, call: pytest.CallInfo[Any]) -> None:
        error = call.excinfo.value if call.excinfo else None
        if not isinstance(error, MissingCompilerError):
            return
        running = self._session.running
        if running is not None and running.rules.missing_target == "skip":
            skip = pytest.skip.Exception(str(error), _use_item_location=True)
            skip = skip.with_traceback(error.__traceback__)
            call.excinfo = pytest.ExceptionInfo.from_exception(skip)
