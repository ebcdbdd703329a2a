"""One question per file: facts in, findings out."""

from __future__ import annotations

from pytest_jaxcost.analyses import (  # noqa: F401  # each registers its analysis
    batch_invariants,
    constant_work,
    constants,
    dead,
    duplicates,
    intermediates,
    recomputed,
    loop_invariants,
    repeated_draws,
    repeated_callbacks,
    zeros,
    selected_branches,
    widened_dots,
)
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import ANALYSES, analysis

__all__ = ["ANALYSES", "Facts", "analysis"]
