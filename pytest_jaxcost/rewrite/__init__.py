"""The program with edits: the same results without the waste."""

from __future__ import annotations
