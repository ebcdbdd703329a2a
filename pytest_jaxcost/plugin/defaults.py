"""The rules that the command line and the ini file set for every measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial, reduce

import pytest

from ..report import LimitError, Limits
from ..report.dotted import Keywords, bounded, in_scopes, listed
from ..report.units import FLOOR, share
from . import options
from .options import Given
from .rules import merge


def read(config: pytest.Config) -> tuple[Limits, ...]:
    """What the command line says, and what the ini file says.

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
    """Of one option given several times, the last one wins; names and counts by name add up."""
    given = [(name, each) for name in _READERS for each in options.given(config, name)]
    for flagged in (True, False):
        chosen = [(name, each) for name, each in given if each.origin.startswith("--") == flagged]
        read = (Limits.of(_READERS[name](each), origin=each.origin) for name, each in chosen)
        yield reduce(Limits.along, read, Limits())


def _bound(prefix: str, given: Given) -> Keywords:
    subject, _, bound = (part.strip() for part in given.value.partition("="))
    if not subject or not bound:
        raise pytest.UsageError(
            f"jaxcost: {given.origin}: not SUBJECT=BOUND, as in 'flops=2 GFLOP'"
        )
    return in_scopes(subject, bounded(prefix, None if bound.lower() == "none" else bound))


_READERS: Mapping[str, Callable[[Given], Keywords]] = {
    "max": partial(_bound, "max_"),
    "min": partial(_bound, "min_"),
    "forbid": lambda given: in_scopes(given.value, listed("forbid")),
    "ignore": lambda given: {"ignore": (given.value,)},
    "mode": lambda given: {"mode": given.value},
    "target": lambda given: {"target": given.value},
}
"""The keywords of the marker that an option stands for."""
