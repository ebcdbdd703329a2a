"""One question per file: facts in, findings out."""

from __future__ import annotations

from pytest_jaxcost.analyses import (  # noqa: F401  # each registers its analysis
    batch_invariants,
    constant_work,
    constants,
    contracted_jacobians,
    dead,
    duplicates,
    intermediates,
    loop_invariants,
    recomputed,
    refactorisations,
    repeated_callbacks,
    repeated_draws,
    residuals,
    selected_branches,
    widened_dots,
    wrong_modes,
    zeros,
)
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import ANALYSES, analysis

__all__ = ["ANALYSES", "Facts", "analysis"]
