"""Analyses that failed: what is needed to report a failure, and who is told of it."""

from __future__ import annotations

import os
import platform
import traceback
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep

BOUNDARY = "api.py"
"""The file whose frames catch failures: it is where none of them comes from."""


class Failure(NamedTuple):
    """An analysis that raised. Plain text, because workers of pytest-xdist send it on."""

    program: str
    analysis: str
    error: str
    where: str
    """The innermost place in this package, as ``file:line in function``."""
    versions: str

    @property
    def reason(self) -> str:
        """Why what the analysis looks for is not known."""
        return f"{self.analysis} could not be analyzed: {self.error}"


Listener = Callable[[Failure], None]

LISTENERS: list[Listener] = []
"""Who is told of failures: the last one alone, because a run of pytest may run another."""


def failed(
    program: str, analysis: str, error: Exception, environment: Mapping[str, str]
) -> Failure:
    """The failure of an analysis of a program; it is told to whoever listens."""
    packages = {"pytest-jaxcost": version("pytest-jaxcost"), **environment}
    packages["Python"] = platform.python_version()
    failure = Failure(
        program=program,
        analysis=analysis,
        error=_said(error),
        where=_innermost(error),
        versions=", ".join(f"{name} {each}" for name, each in packages.items()),
    )
    for listener in LISTENERS[-1:]:
        listener(failure)
    return failure


def _said(error: Exception) -> str:
    text = str(error).strip()
    line = text.splitlines()[0] if text else ""
    return f"{type(error).__name__}: {line}" if line else type(error).__name__


def _innermost(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if each.filename.startswith(HERE)]
    inside = [each for each in own if each.filename != HERE + BOUNDARY]
    last = (inside or frames)[-1]
    return f"{last.filename.removeprefix(HERE)}:{last.lineno} in {last.name}"
