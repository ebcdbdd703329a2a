"""Amounts with units, shown: three significant digits, and more where fewer would hide a breach."""

from __future__ import annotations

from fractions import Fraction

from .metrics import Unit
from .units import BINARY, SECONDS, SI

Steps = tuple[tuple[str, Fraction], ...]

_FLOP: Steps = (
    ("FLOP", Fraction(1)),
    *((f"{prefix}FLOP", Fraction(factor)) for prefix, factor in SI.items()),
)
_OPERATIONS: Steps = (
    ("op", Fraction(1)),
    *((f"{prefix}op", Fraction(factor)) for prefix, factor in SI.items()),
)
_BYTES: Steps = (
    ("B", Fraction(1)),
    *((f"{prefix}B", Fraction(factor)) for prefix, factor in BINARY.items()),
)
_SECONDS: Steps = tuple((name, factor) for name, factor in SECONDS.items() if name != "µs")


def show(value: Fraction | float, unit: Unit, *, apart_from: Fraction | None = None) -> str:
    """The amount with its unit: ``2.10 MFLOP``, ``24.0 MiB``, ``5,002``.

    What is shown lies on the same side of ``apart_from`` as the value itself.
    """
    exact = Fraction(value)
    if unit == "flop":
        return _scaled(exact, _FLOP, 1000, apart_from) or f"{int(exact):,} FLOP"
    if unit == "op":
        return _scaled(exact, _OPERATIONS, 1000, apart_from) or f"{int(exact):,} op"
    if unit == "bytes":
        return _scaled(exact, _BYTES, 1024, apart_from) or f"{int(exact):,} B"
    if unit == "seconds":
        return _scaled(exact, _SECONDS, 1000, apart_from) or f"{float(exact)!r} s"
    if exact.denominator != 1:
        return _rounded(exact, 1, apart_from) or f"{float(exact)!r}"
    return f"{int(exact):,}"


def show_share(share: Fraction, *, apart_from: Fraction | None = None) -> str:
    """A part of the whole in percent: ``6.2%``."""
    if 0 < share < Fraction(1, 2000) and apart_from is None:
        return "<0.1%"
    bound = (Fraction(1) if apart_from is None else apart_from) * 100
    return f"{_rounded(share * 100, 0 if share in (0, 1) else 1, bound) or float(share * 100)}%"


def show_multiple(multiple: Fraction, *, apart_from: Fraction | None = None) -> str:
    """How many times as much: ``5.2x``."""
    decimals = 0 if multiple.denominator == 1 else 1
    return f"{_rounded(multiple, decimals, apart_from) or float(multiple)}x"


def _scaled(value: Fraction, steps: Steps, base: int, other: Fraction | None) -> str | None:
    """The value in the largest step that leaves at least one unit; ``None``: too close to call."""
    for suffix, factor in steps:
        scaled = value / factor
        decimals = 0 if scaled.denominator == 1 and factor == 1 else _decimals(scaled)
        text = _rounded(scaled, decimals, None if other is None else other / factor)
        if round(scaled, decimals) < base or suffix == steps[-1][0]:
            return text and f"{text} {suffix}"
    return None


def _decimals(scaled: Fraction) -> int:
    """Decimals that make three significant digits."""
    return max(0, 3 - len(str(int(scaled))))


def _rounded(value: Fraction, decimals: int, other: Fraction | None) -> str | None:
    """The value to ``decimals`` places, up to six more where ``other`` asks for them."""
    for places in range(decimals, decimals + 7):
        digits = round(value * 10**places)
        shown = Fraction(digits, 10**places)
        if other is None or _sign(shown - other) == _sign(value - other):
            whole, part = divmod(digits, 10**places)
            return f"{whole}.{part:0{places}}" if places else f"{whole}"
    return None


def _sign(number: Fraction) -> int:
    return (number > 0) - (number < 0)
