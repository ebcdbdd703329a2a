"""The rules that the command line and the ini file set for every measurement."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..report import LimitError, Limits
from ..report.units import FLOOR, share
from . import options
from .rules import merge


def read(config: pytest.Config) -> tuple[Limits, ...]:
    """One layer for each option and ini line given, the most specific first.

    Raises ``pytest.UsageError``, which names the option or ini line, for what cannot be meant.
    """
    layers = tuple(_layers(config))
    try:
        merge(layers, marked=False)
    except LimitError as error:
        raise pytest.UsageError(f"jaxcost: {error}") from None
    return layers


def floor(config: pytest.Config) -> str:
    """The share from which a finding counts; raises ``pytest.UsageError`` for what is none."""
    given = next(options.given(config, "floor"), None)
    if given is None:
        return FLOOR
    try:
        share(given.value)
    except LimitError as error:
        raise pytest.UsageError(f"jaxcost: {given.origin}: {error}") from None
    return str(given.value)


def _layers(config: pytest.Config) -> Iterator[Limits]:
    for each in options.given(config, "max"):
        metric, equals, bound = each.value.partition("=")
        if not equals or not metric.strip() or not bound.strip():
            raise pytest.UsageError(
                f"jaxcost: {each.origin}: not METRIC=BOUND, as in 'flops=2 GFLOP'"
            )
        value = None if bound.strip().lower() == "none" else bound.strip()
        yield Limits.of({f"max_{metric.strip()}": value}, origin=each.origin)
    for name in ("mode", "target"):
        for each in options.given(config, name):
            yield Limits.of({name: each.value}, origin=each.origin)
    yield from _ignored(config)


def _ignored(config: pytest.Config) -> Iterator[Limits]:
    """The primitives to ignore are one value: the command line's replace the ini file's."""
    given = list(options.given(config, "ignore"))
    flagged = [each for each in given if each.origin.startswith("--")] or given
    if flagged:
        origin = ", ".join(each.origin for each in reversed(flagged))
        yield Limits.of({"ignore": tuple(each.value for each in reversed(flagged))}, origin=origin)
