"""Measuring from a shell: a function by name, its arguments by shape."""

from __future__ import annotations
