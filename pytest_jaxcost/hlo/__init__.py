"""Optimized HLO text: reading it, asking it questions, costing it."""

from __future__ import annotations

from pytest_jaxcost.hlo.collectives import Collective, passed_bytes
from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.costs import Pricing, price
from pytest_jaxcost.hlo.errors import HloSyntaxError
from pytest_jaxcost.hlo.parse import parse as read
from pytest_jaxcost.hlo.query import Run, runs
from pytest_jaxcost.hlo.records import (
    Computation,
    Instruction,
    Metadata,
    Module,
    Shape,
    SourceFrame,
)
from pytest_jaxcost.hlo.totals import HloTotals, analyze, totals

__all__ = [
    "Collective",
    "Computation",
    "Cost",
    "HloSyntaxError",
    "HloTotals",
    "Instruction",
    "Metadata",
    "Module",
    "Pricing",
    "Run",
    "Shape",
    "SourceFrame",
    "analyze",
    "passed_bytes",
    "price",
    "read",
    "runs",
    "totals",
]
