"""How messages are written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Columns, color, and the folder that paths are shown relative to."""

    width: int = 80
    color: bool = False
    root: str = ""
