"""Structural zeros: which parts of which values are zero whatever the inputs are."""

from __future__ import annotations
