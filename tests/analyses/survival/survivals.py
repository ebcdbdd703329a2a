"""The verdicts on a program's findings."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_jaxcost.report import Finding, Report


def survivals(report: Report, kind: str, primitive: str) -> set[str | None]:
    """The verdicts on the findings of a kind about one primitive, after compiling."""
    _ = report.compiled
    found = report.findings(kind)
    return {each.survival for each in about(found, primitive)}


def about(found: Iterable[Finding], primitive: str) -> list[Finding]:
    """The findings among whose equations a primitive is."""
    return [each for each in found if primitive in {one.primitive for one in each.equations}]


def is_left(verdicts: set[str | None]) -> set[str | None]:
    """The verdicts, a part that survives like all of it: how much is another question."""
    return {"survives" if each == "partly" else each for each in verdicts}
