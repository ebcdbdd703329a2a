"""One question per file: facts in, findings out."""

from __future__ import annotations

from pytest_jaxcost.analyses import (  # noqa: F401  # each registers its analysis
    batch_invariants,
    constant_work,
    constants,
    dead,
    duplicates,
    full_jacobians,
    intermediates,
    key_reuse,
    loop_invariants,
    recomputed,
    repeated_callbacks,
    repeated_factorizations,
    residuals,
    upcast_dots,
    vmapped_conds,
    wrong_modes,
    zeros,
)
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import ANALYSES, analysis

__all__ = ["ANALYSES", "Facts", "analysis"]
