"""Which analysis answers which question."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_jaxcost.analyses.facts import Facts
    from pytest_jaxcost.report.records import Findings

Analysis = Callable[["Facts"], "Findings"]

ANALYSES: dict[str, Analysis] = {}

CODES: dict[str, str] = {}
"""The code of each kind, which names its page in messages."""


def analysis(kind: str, code: str) -> Callable[[Analysis], Analysis]:
    """A decorator that registers the analysis for one kind of finding, with the kind's code."""

    def add(function: Analysis) -> Analysis:
        if kind in ANALYSES:
            raise ValueError(f"{kind} has two analyses: {ANALYSES[kind]} and {function}")
        ANALYSES[kind] = function
        CODES[kind] = code
        return function

    return add
