"""The one line of a failed test: what summaries, ``--tb=line``, JUnit and annotations show."""

from __future__ import annotations

from typing import Any

import pytest
from _pytest._code.code import ExceptionChainRepr, ReprFileLocation

from ..report.report import CostError
from .explained import Note
from .warning import JaxcostWarning


def summarize(item: pytest.Item, excinfo: pytest.ExceptionInfo[Any], report: Any) -> None:
    """Make the crash of a test's report one line of ours, if the test failed for limits.

    pytest shows the whole message elsewhere; long ones would be shown twice.
    """
    longrepr = report.longrepr
    if not hasattr(longrepr, "reprcrash"):
        return
    message = _message(excinfo.value, longrepr.reprcrash)
    if not message:
        return
    crash = _crash(item, excinfo, longrepr.reprcrash, message)
    longrepr.reprcrash = crash
    if isinstance(longrepr, ExceptionChainRepr):  # what workers of pytest-xdist send
        *before, (traceback, _, description) = longrepr.chain
        longrepr.chain = [*before, (traceback, crash, description)]


def _message(error: BaseException, crash: ReprFileLocation | None) -> str:
    """One line, or nothing where the error is not ours."""
    if isinstance(error, (CostError, JaxcostWarning)):
        return error.headline
    if isinstance(error, pytest.fail.Exception) and str(error.msg).startswith("jaxcost: "):
        return str(error.msg).partition("\n")[0]
    notes = [note for note in getattr(error, "__notes__", ()) if isinstance(note, Note)]
    message = crash.message if crash and notes else ""
    for note in notes:
        message = message.replace(f"\n{note}", "")
    return message


def _crash(
    item: pytest.Item,
    excinfo: pytest.ExceptionInfo[Any],
    crash: ReprFileLocation | None,
    message: str,
) -> ReprFileLocation:
    """In the test's file, where the failing line of the test is known; or else at the test."""
    own = [entry for entry in excinfo.traceback if entry.path == item.path]
    if own:
        return ReprFileLocation(str(item.path), own[-1].lineno + 1, message)
    if crash is not None and not isinstance(excinfo.value, pytest.fail.Exception):
        return ReprFileLocation(crash.path, crash.lineno, message)
    path, line, _ = item.reportinfo()
    return ReprFileLocation(str(path), (line or 0) + 1, message)
