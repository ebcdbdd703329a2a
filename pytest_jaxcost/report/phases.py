"""The phases of a program that is differentiated, as users name them and as JAX does."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .records import PHASES as JAX_PHASES

PHASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "forward": ("primal", "jvp"),
        "backward": ("transpose",),
        "remat": ("recompute",),
        "unattributed": ("unattributed",),
    }
)
"""The phases, which add up to the program, and the ones of JAX's that each is made of."""

NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {**PHASES, **{phase: (phase,) for phase in JAX_PHASES}}
)
"""Every name that a phase can be asked for by."""
