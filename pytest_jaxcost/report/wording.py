"""The words of messages: what each kind of finding is called, and what a reader should know."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from .amounts import show, show_share
from .culprits import COUNTED, LARGEST, Culprit
from .metrics import OPTIMIZED, Unit
from .reading import Reading
from .records import Finding

MADE = frozenset({"intermediates", "constants"})
"""Kinds of findings about arrays: how often they are made says nothing."""

COSTS: Mapping[str, str] = MappingProxyType(
    {
        "dead": "as written",
        "recomputed": "costs",
        "key_reuse": "costs",
        "upcast_dots": "of",
        "vmapped_conds": "runs",
        "recomputed_by_xla": "costs",
    }
)
"""The word before an amount that mending a finding does not save."""

CALLS = frozenset({"repeated_callbacks"})
"""Kinds whose findings are priced in calls: what a callback costs is unknown."""

PHASE_WORDS: Mapping[str, str] = MappingProxyType(
    {"primal": "forward", "jvp": "forward", "transpose": "backward", "recompute": "remat"}
)
"""What users call the phases of a derivative."""

NOTES: Mapping[str, str] = MappingProxyType(
    {
        "dead": "JAX drops dead equations when it lowers: tracing time, not run time.",
        "recomputed": "jax.checkpoint was asked to do this again, to save memory.",
        "key_reuse": "Draws from one key are the same numbers.",
        "vmapped_conds": "information: vmap cannot branch for each element of a batch.",
        "upcast_dots": "information: dot products take narrow operands as they are.",
        "recomputed_by_xla": "the compiler's doing: the program itself asks for less.",
    }
)

AND = ", "
LISTED = 4
"""Results of an equation that are shown all."""


def times(n: int) -> str:
    """``once``, ``twice``, ``3 times``."""
    return {1: "once", 2: "twice"}.get(n, f"{n:,} times")


def what(finding: Finding) -> str:
    """Primitive and results, of many the first ones: ``while f32[8], i32[], ... of 15``."""
    avals = finding.aval.split(AND)
    listed = finding.aval if len(avals) <= LISTED else f"{AND.join(avals[:3])}, ... of {len(avals)}"
    return f"{finding.primitive} {listed}".strip()


def happened(culprit: Culprit) -> str:
    """What happened, in words: ``computed twice``; ``, 3 such`` where several are alike."""
    finding, alike = culprit
    total = culprit.total
    if finding.asked is not None:
        parts = [f"computed {times(total.computed or 0)}", f"asked for {times(total.asked or 0)}"]
    elif finding.kind in MADE:
        parts = [f"{alike} such" if alike > 1 else ""]
    else:
        parts = [times(total.count)]
    if total.executions not in (None, 0, total.count):
        more = "" if finding.asked is None else " more"
        parts.append(f"run {times(total.executions)}{more}")
    return ", ".join(part for part in parts if part)


def amounts(culprit: Culprit, field: str) -> tuple[str, ...]:
    """What it weighs, in words; its flops and transcendentals where it is only counted."""
    if field == LARGEST:
        each = " each" if culprit.alike > 1 else ""
        return (show(culprit.finding.nbytes, "bytes") + each,)
    total = culprit.total
    fields = ("flops", "transcendentals") if field in (*COUNTED, "operations") else (field,)
    least = "" if total.exact else "at least "
    weights = ((each, getattr(total, each)) for each in fields)
    return tuple(least + _weight(value, each) for each, value in weights if value)


def share(culprit: Culprit) -> str:
    """Of what adds to a total: its part of the program's work."""
    part = culprit.total.share
    if culprit.finding.kind in (*MADE, *OPTIMIZED) or not part:
        return ""
    return f"{show_share(Fraction(part))} of the work"


def _weight(value: int, field: str) -> str:
    if field == "transcendentals":
        return f"{value:,} transcendental{'s' if value != 1 else ''}"
    return show(value, "flop" if field == "flops" else "bytes")


def amount(reading: Reading, unit: Unit, *, apart_from: Fraction | None = None) -> str:
    """A metric's value as it stands in messages."""
    if reading.value is None:
        return "unknown"
    least = "" if reading.exact else "at least "
    return least + show(reading.value, unit, apart_from=apart_from)


def signed(difference: int, unit: Unit) -> str:
    """How much more or less: ``+2.10 MFLOP``, ``-24.0 MiB``, ``0``."""
    sign = "+" if difference > 0 else "-"
    return f"{sign}{show(abs(difference), unit)}" if difference else "0"
