"""Facts about values: which are equal, which are needed. No judgement, no messages."""

from __future__ import annotations
