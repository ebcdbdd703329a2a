"""A verdict, and the reasons of those that are unknown whatever a finding is about."""

from __future__ import annotations

from typing import NamedTuple

from pytest_jaxcost.report.records import Survival

DECOMPOSED = "it is lowered to a function of other primitives, of which something is left"
IN_KERNEL = "it stands in a kernel, which the optimized program does not show"
UNNAMED = "instructions of its kind and size do not say where they come from"


class Verdict(NamedTuple):
    """What became of the work of a finding, and why where that is unknown."""

    survival: Survival
    reason: str = ""
