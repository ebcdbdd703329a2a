"""Optimized HLO text: reading it, asking it questions, costing it."""

from __future__ import annotations

from pytest_jaxcost.hlo.errors import HloSyntaxError
from pytest_jaxcost.hlo.parse import parse as read
from pytest_jaxcost.hlo.records import (
    Computation,
    Instruction,
    Metadata,
    Module,
    Shape,
    SourceFrame,
)

__all__ = [
    "Computation",
    "HloSyntaxError",
    "Instruction",
    "Metadata",
    "Module",
    "Shape",
    "SourceFrame",
    "read",
]
