"""What holds for one test: limits, mode and target, merged from everywhere they can be written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Literal, TypeVar

from ..report import LimitError, Limits
from ..report.limits import OPTIONS as LIMIT_OPTIONS
from ..report.limits import limit_names
from ..report.suggest import did_you_mean
from ..targets import parse

Mode = Literal["fail", "warn", "off"]
MODES: tuple[Mode, ...] = ("fail", "warn", "off")
MissingTarget = Literal["fail", "skip"]
MISSING_TARGET: tuple[MissingTarget, ...] = ("fail", "skip")
Word = TypeVar("Word", bound=str)
OWN = ("mode", "target", "missing_target")
MEASURING = ("target", "missing_target", "ignore")
"""What does not judge: it says how the reports are made that a test may look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for a measurement.

    ``missing_target`` says what becomes of a test whose target's compiler is not installed, and
    ``marked`` whether the test has a marker of its own or of its class or module.
    """

    limits: Limits = field(default_factory=Limits)
    mode: Mode = "fail"
    target: str | None = None
    missing_target: MissingTarget = "fail"
    ignore: frozenset[str] = frozenset()
    marked: bool = False

    @property
    def judges(self) -> bool:
        """Whether there is any limit to hold."""
        return any(self._bounds)

    @property
    def _bounds(self) -> list[bool]:
        """For each limit written anywhere, whether it holds: not where ``None`` clears it."""
        leaves = self.limits.leaves()
        return [value is not None for key, value in leaves if key not in LIMIT_OPTIONS]

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
    own = {key: (values.pop(key, None), merged.origins.get(key, "")) for key in OWN}
    for key in values:
        _check_keyword(key, merged.origins[key])
    limits = Limits(values=values, origins=merged.origins)
    ignore = limits.parse().ignore
    return Rules(
        limits=limits,
        mode=_mode(*own["mode"]),
        target=_target(*own["target"]),
        missing_target=_missing_target(*own["missing_target"]),
        ignore=ignore,
        marked=marked,
    )


def unjudged(layers: Iterable[Limits]) -> list[Limits]:
    """The layers without their limits and with mode "off", for runs that judge nothing."""
    off = Limits.of({"mode": "off"})
    return [off, *(_of_measuring(each) for each in layers)]


def _of_measuring(layer: Limits) -> Limits:
    kept = [key for key in layer.values if key in MEASURING]
    return Limits(
        values={key: layer.values[key] for key in kept},
        origins={key: layer.origins[key] for key in kept},
    )


def _check_keyword(key: str, origin: str) -> None:
    """Refuse a misspelt keyword of the marker's own; the limits refuse all others."""
    near = "" if key in limit_names() else did_you_mean(key, OWN)
    if near:
        raise LimitError(f"unknown limit {key!r}{near} ({origin})")


def _mode(value: Any, origin: str) -> Mode:
    return _one_of("mode", MODES, "fail" if value is None else value, origin)


def _missing_target(value: Any, origin: str) -> MissingTarget:
    return _one_of("missing_target", MISSING_TARGET, "fail" if value is None else value, origin)


def _one_of(key: str, accepted: tuple[Word, ...], value: Any, origin: str) -> Word:
    for word in accepted:
        if value == word:
            return word
    near = did_you_mean(str(value), accepted)
    raise LimitError(f"{key}={value!r}: accepted are {', '.join(accepted)}{near} ({origin})")


def _target(value: Any, origin: str) -> str | None:
    if value is None:
        return None
    try:
        return str(parse(value))
    except LimitError as error:
        raise LimitError(f"{error} ({origin})") from None
