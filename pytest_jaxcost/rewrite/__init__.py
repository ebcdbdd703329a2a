"""The inlined program with edits, as a function that JAX traces."""

from __future__ import annotations
