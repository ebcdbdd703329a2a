"""The words of messages: what each kind of finding is called, and what a reader should know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

from .amounts import show, show_share
from .culprits import COUNTED, LARGEST, Culprit
from .measurement import Reading
from .metrics import OPTIMIZED, Unit
from .records import Finding

# What happened, for a finding that stands for ``n`` equations beyond the first.
PHRASES: Mapping[str, Callable[[int], str]] = MappingProxyType(
    {
        "duplicates": lambda n: f"computed {times(n + 1)}",
        "dead": lambda n: "never used" if n == 1 else f"never used, {times(n)}",
        "recomputed": lambda n: f"recomputed {times(n)}",
        "key_reuse": lambda n: f"drawn {times(n + 1)} from one key",
        "loop_invariants": lambda _: "unchanged in its loop",
        "batch_invariants": lambda _: "the same along an axis",
        "constant_work": lambda _: "constant",
        "repeated_callbacks": lambda n: f"called again {times(n)}",
        "vmapped_conds": lambda _: "all branches run",
        "upcast_dots": lambda _: "of widened operands",
        "full_jacobians": lambda n: f"sums a whole Jacobian{more(n)}",
        "repeated_factorizations": lambda n: f"factored {times(n + 1)}",
        "wrong_modes": lambda n: f"in the costlier mode{more(n)}",
        "zeros": lambda n: f"on zeros{more(n)}",
        "intermediates": lambda _: "",
        "constants": lambda _: "",
    }
)

NOTES: Mapping[str, str] = MappingProxyType(
    {
        "dead": "JAX drops dead equations when it lowers: tracing time, not run time.",
        "recomputed": "jax.checkpoint was asked to do this again, to save memory.",
        "key_reuse": "key reuse? Draws from one key are the same numbers.",
        "loop_invariants": "XLA moves most of it out of the loop when it compiles.",
        "batch_invariants": "XLA may move the broadcast behind elementwise work, not a dot's.",
        "vmapped_conds": "information: vmap cannot branch for each element of a batch.",
        "upcast_dots": "information: dot products take narrow operands as they are.",
        "recomputed_by_xla": "the compiler's doing: the program itself asks for less.",
    }
)

FORETOLD = frozenset({"batch_invariants", "dead", "loop_invariants"})
"""Kinds whose notes say what compilers do as a rule: a verdict says what this one did."""

SURVIVAL: Mapping[str, str] = MappingProxyType(
    {
        "survives": "survives compilation",
        "removed": "removed by the compiler",
        "unknown": "may survive compilation",
    }
)

AND = ", "
LISTED = 4
"""Results of an equation that are shown all."""


def times(n: int) -> str:
    """``once``, ``twice``, ``3 times``."""
    return {1: "once", 2: "twice"}.get(n, f"{n:,} times")


def more(n: int) -> str:
    """Nothing for one, ``, 3 times`` for several."""
    return "" if n == 1 else f", {times(n)}"


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
    elif finding.kind not in PHRASES:
        parts = [times(total.count)]
    else:
        parts = [PHRASES[finding.kind](finding.count), f"{alike} such" if alike > 1 else ""]
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
    if culprit.finding.kind in (*PHRASES, *OPTIMIZED) or not part:
        return ""
    return f"{show_share(Fraction(part))} of the work"


def _weight(value: int, field: str) -> str:
    if field == "transcendentals":
        return f"{value:,} transcendental{'s' if value != 1 else ''}"
    return show(value, "flop" if field == "flops" else "bytes")


def survival(finding: Finding, target: str) -> str:
    """Whether the compiler leaves the work in, where that was looked for."""
    if finding.survival is None:
        return ""
    where = f" ({target})" if target else ""
    reason = f": {finding.survival_reason}" if finding.survival_reason else ""
    memory = f", {show(finding.more_temp_bytes, 'bytes')} more temporary memory without it"
    also = memory if finding.more_temp_bytes and finding.survival != "removed" else ""
    return f"{_survival(finding)}{where}{reason}{also}"


def _survival(finding: Finding) -> str:
    if finding.survival != "partly":
        return SURVIVAL[finding.survival or "unknown"]
    field = "flops" if finding.flops else "transcendentals"
    return f"{_weight(getattr(finding, f'surviving_{field}'), field)} of it survive compilation"


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
