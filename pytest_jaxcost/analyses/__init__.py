"""One question per file: facts in, findings out."""

from __future__ import annotations

from pytest_jaxcost.analyses import (  # noqa: F401  # each registers its analysis
    constants,
    dead,
    duplicates,
    intermediates,
    recomputed,
    repeated_draws,
    zeros,
)
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import ANALYSES, analysis

__all__ = ["ANALYSES", "Facts", "analysis"]
