"""Survival: whether the optimized program still does what a finding is about."""

from __future__ import annotations

from .verdicts import JUDGED, Survivors

__all__ = ["JUDGED", "Survivors"]
