"""Amounts with units, read from what the user wrote.

All arithmetic is exact: an amount is a ``Fraction``, never a rounded float.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational, Real
from types import MappingProxyType
from typing import Literal

from .errors import LimitError
from .metrics import Unit
from .suggest import did_you_mean

SI: Mapping[str, int] = MappingProxyType(
    {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
)
BINARY: Mapping[str, int] = MappingProxyType(
    {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
)
SECONDS: Mapping[str, Fraction] = MappingProxyType(
    {
        "ns": Fraction(1, 10**9),
        "us": Fraction(1, 10**6),
        "µs": Fraction(1, 10**6),
        "ms": Fraction(1, 10**3),
        "s": Fraction(1),
    }
)
EXAMPLES: Mapping[Unit, str] = MappingProxyType(
    {
        "count": '12, "1.5k" or "2M"',
        "findings": '0, "2 kop" or "5%"',
        "op": '0, "2 kop" or "5%"',
        "flop": '2000000, "2 MFLOP" or "1.5 GFLOP"',
        "transcendentals": '5000, "5k" or "1.5M"',
        "bytes": '4096, "24 MiB" or "3 kB"',
        "seconds": '0.002, "2 ms" or "150 us"',
    }
)
ACCEPTED: Mapping[Unit, str] = MappingProxyType(
    {
        "count": "a plain number",
        "findings": "a number of findings, operations or a share",
        "op": "operations or a share",
        "flop": "flop",
        "transcendentals": "a plain number",
        "bytes": "bytes",
        "seconds": "seconds",
    }
)
_NUMBER = re.compile(
    r"\s*(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)?(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)"
    r"\s*(?P<unit>\D*?)\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A limit's number: an amount, a ``share`` of the whole, or a ``multiple`` of another report.

    ``text`` is what the user wrote. A share of ``"5%"`` has the value 1/20. ``unit`` is the one
    that was written, ``None`` for a plain number.
    """

    value: Fraction
    sort: Literal["amount", "share", "multiple"]
    text: str
    unit: Unit | None = None


def _suffixes() -> dict[str, tuple[Unit | None, Fraction]]:
    """Every suffix and its unit; a bare prefix (``k``) goes with any unit."""
    table: dict[str, tuple[Unit | None, Fraction]] = {"": (None, Fraction(1)), "K": _plain("k")}
    for prefix, factor in {"": 1, **SI}.items():
        exact = Fraction(factor)
        if prefix:
            table[prefix] = (None, exact)
        for word in ("FLOP", "FLOPs", "FLOPS", "flop", "flops"):
            table[prefix + word] = table[(prefix + word).lower()] = ("flop", exact)
        table[prefix + "op"] = table[prefix + "ops"] = ("op", exact)
        table[prefix + "B"] = ("bytes", exact)
    for prefix, factor in BINARY.items():
        table[prefix + "B"] = table[(prefix + "B").lower()] = ("bytes", Fraction(factor))
    table["KB"] = table["kB"]
    table |= {"byte": ("bytes", Fraction(1)), "bytes": ("bytes", Fraction(1))}
    return table | {suffix: ("seconds", factor) for suffix, factor in SECONDS.items()}


def _plain(prefix: str) -> tuple[Unit | None, Fraction]:
    return (None, Fraction(SI[prefix]))


_SUFFIXES = _suffixes()


def parse(written: object, unit: Unit) -> Bound:
    """What the user wrote as a limit on a metric of ``unit``.

    Raises ``LimitError`` for anything that is no amount, or an amount of another unit.
    """
    if isinstance(written, str):
        return _from_text(written, unit)
    if isinstance(written, bool) or not isinstance(written, (Real, Decimal)):
        raise LimitError(f"{written!r} is not an amount; write {EXAMPLES[unit]}")
    value = _whole(_from_number(written), unit, written)
    _require_unit(value, unit, written)
    text = str(value) if value.denominator == 1 else f"{written}"
    return Bound(value=value, sort="amount", text=text)


FLOOR = "0.1%"
"""The share of the program's operations from which a finding counts."""


def share(written: str) -> float:
    """The part of a whole that is written as ``"0.1%"``; raises ``LimitError`` if none is."""
    if not written.rstrip().endswith("%"):
        raise LimitError(f"{written!r} is no share of the program; write {FLOOR!r}")
    return float(parse(written, "op").value)


def _from_number(written: Real | Decimal) -> Fraction:
    if isinstance(written, (Integral, Rational)):
        exact = Fraction(int(written.numerator), int(written.denominator))
    else:
        if not math.isfinite(written):
            raise LimitError(f"{written} is not a finite amount; None clears a limit")
        exact = Fraction(written) if isinstance(written, Decimal) else Fraction(float(written))
    if exact < 0:
        raise LimitError(f"{written} is negative; nothing costs less than 0")
    return exact


def _from_text(written: str, unit: Unit) -> Bound:
    if not written.strip():
        raise LimitError(f"{written!r} has no amount; write {EXAMPLES[unit]}")
    if written.lstrip().startswith("-"):
        raise LimitError(f"{written!r} is negative; nothing costs less than 0")
    match = _NUMBER.fullmatch(written)
    if match is None or not any(char.isdigit() for char in match["number"]):
        raise LimitError(f"{written!r} is not an amount; write {EXAMPLES[unit]}")
    number = Fraction(Decimal(match["number"].replace(",", "")))
    text = written.strip()
    if match["unit"] == "%":
        return Bound(value=_share(number, written), sort="share", text=text)
    if match["unit"] in ("x", "×"):
        return Bound(value=number, sort="multiple", text=text)
    family, factor = _factor(match["unit"], unit, written)
    value = _whole(number * factor, unit, written)
    if family is None:
        _require_unit(value, unit, written)
    return Bound(value=value, sort="amount", text=text, unit=family)


def _require_unit(value: Fraction, unit: Unit, written: object) -> None:
    """Operations are no number of anything that can be seen in a program: only 0 is plain."""
    if unit == "op" and value:
        raise LimitError(f"{written!r} has no unit; write {EXAMPLES[unit]}")


def _share(percent: Fraction, written: str) -> Fraction:
    if percent > 100:
        raise LimitError(f"{written!r} is more than the whole; a share is at most 100%")
    return percent / 100


def _factor(suffix: str, unit: Unit, written: str) -> tuple[Unit | None, Fraction]:
    """The unit that a suffix is of, and what the number is multiplied by."""
    if suffix not in _SUFFIXES:
        near = did_you_mean(suffix, _SUFFIXES)
        raise LimitError(
            f"{written!r} has the unknown unit {suffix!r}; write {EXAMPLES[unit]}{near}"
        )
    family, factor = _SUFFIXES[suffix]
    if family not in (None, unit) and (unit, family) != ("findings", "op"):
        raise LimitError(
            f"{written!r} is in {family}, and this limit takes {ACCEPTED[unit]};"
            f" write {EXAMPLES[unit]}"
        )
    return family, factor


def _whole(value: Fraction, unit: Unit, written: object) -> Fraction:
    if unit != "seconds" and value.denominator != 1:
        raise LimitError(f"{written!r} is not a whole number; write {EXAMPLES[unit]}")
    return value
