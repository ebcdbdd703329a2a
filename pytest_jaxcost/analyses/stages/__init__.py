"""The stages of one program side by side, and what accounts for their differences."""

from __future__ import annotations

from pytest_jaxcost.analyses.stages.columns import stages, stages_of_part

__all__ = ["stages", "stages_of_part"]
