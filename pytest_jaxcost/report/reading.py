"""The value of a metric, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A metric's value; ``None`` is unknown and ``reason`` says why; a bound unless ``exact``."""

    value: int | float | None
    exact: bool = True
    reason: str = ""
