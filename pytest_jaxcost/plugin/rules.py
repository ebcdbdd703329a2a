"""What holds for one test: limits, mode and target, merged from everywhere they can be written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Literal

from ..report import LimitError, Limits
from ..report.limits import OPTIONS as LIMIT_OPTIONS
from ..report.limits import limit_names
from ..report.suggest import did_you_mean

Mode = Literal["fail", "warn", "off"]
MODES: tuple[Mode, ...] = ("fail", "warn", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for a measurement.

    ``marked`` says whether the test has a marker of its own or of its class or module.
    """

    limits: Limits = field(default_factory=Limits)
    mode: Mode = "fail"
    target: str | None = None
    ignore: frozenset[str] = frozenset()
    marked: bool = False

    @property
    def judges(self) -> bool:
        """Whether there is any limit to hold."""
        return any(self._bounds.values())

    @property
    def _bounds(self) -> dict[str, bool]:
        """For each limit written anywhere, whether it holds: not where ``None`` clears it."""
        written = self.limits.values
        return {key: written[key] is not None for key in written if key not in LIMIT_OPTIONS}

    @property
    def must_measure(self) -> bool:
        """Whether a test with these rules that measures nothing is a mistake.

        Not with mode "off", and not where a marker clears every limit: that is how to opt out.
        """
        cleared = bool(self._bounds) and not self.judges
        return self.marked and self.mode != "off" and not cleared


def merge(layers: Iterable[Limits], *, marked: bool) -> Rules:
    """The rules of ``layers``, the most specific first, merged key by key.

    Raises ``LimitError``, which names the layer, for what cannot be meant.
    """
    merged: Limits = reduce(lambda above, below: above.over(below), layers, Limits())
    values = dict(merged.values)
    mode = _mode(values.pop("mode", None), merged.origins.get("mode", ""))
    target = _target(values.pop("target", None), merged.origins.get("target", ""))
    for key in values:
        _check_keyword(key, merged.origins[key])
    limits = Limits(values=values, origins=merged.origins)
    ignore = limits.parse().ignore
    return Rules(limits=limits, mode=mode, target=target, ignore=ignore, marked=marked)


def _check_keyword(key: str, origin: str) -> None:
    """Refuse a misspelt keyword of the marker's own; the limits refuse all others."""
    near = "" if key in limit_names() else did_you_mean(key, ("mode", "target"))
    if near:
        raise LimitError(f"unknown limit {key!r}{near} ({origin})")


def _mode(value: Any, origin: str) -> Mode:
    if value is None:
        return "fail"
    for mode in MODES:
        if value == mode:
            return mode
    near = did_you_mean(str(value), MODES)
    raise LimitError(f"mode={value!r}: accepted are {', '.join(MODES)}{near} ({origin})")


def _target(value: Any, origin: str) -> str | None:
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    raise LimitError(f"target={value!r}: not the name of a target, such as 'cpu' ({origin})")
