"""Which analysis answers which question."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_jaxcost.tables import into

if TYPE_CHECKING:
    from pytest_jaxcost.analyses.facts import Facts
    from pytest_jaxcost.report.records import Findings

Analysis = Callable[["Facts"], "Findings"]

ANALYSES: dict[str, Analysis] = {}

CODES: dict[str, str] = {}
"""The code of each kind, which names its page in messages."""


def analysis(kind: str, code: str) -> Callable[[Analysis], Analysis]:
    """A decorator that registers the analysis for one kind of finding, with the kind's code."""
    CODES[kind] = code
    return into(ANALYSES, "analyses")(kind)
