"""The record of one limit: what is held against which bound, and in which part of the program."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from .metrics import Family, Metric
from .units import Bound

FORBID = "forbid"
"""The keyword for what may stand in no program at all."""


class Relation(Enum):
    """How a value must stand to its bound; each member holds its prefix and its test."""

    MAX = ("max_", operator.le)
    MIN = ("min_", operator.ge)
    EXACTLY = ("", operator.eq)

    @property
    def prefix(self) -> str:
        return str(self.value[0])

    @property
    def holds(self) -> Callable[[Fraction, Fraction], bool]:
        test: Callable[[Fraction, Fraction], bool] = self.value[1]
        return test


class Step(NamedTuple):
    """From a program to one part of it: a phase by name, a scope by name or function."""

    keyword: Literal["phases", "scopes"]
    part: Any

    @property
    def label(self) -> str:
        """What it is called in messages: ``phases.backward``."""
        return f"{self.keyword}.{getattr(self.part, '__name__', self.part)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One thing to hold: a metric, or the ``item`` of a family, against a bound.

    ``scope`` leads to the part of the program that it is about. ``key`` is the keyword it came
    from and ``origin`` where that was written, both for messages.
    """

    key: str
    subject: Metric | Family
    item: str | None = None
    relation: Relation
    bound: Bound
    scope: tuple[Step, ...] = ()
    origin: str = ""

    @property
    def label(self) -> str:
        """The name in messages: ``flops``, ``primitives["tanh"]``, ``phases.backward.flops``."""
        item = "" if self.item is None else f'["{self.item}"]'
        return ".".join([*(step.label for step in self.scope), f"{self.subject.name}{item}"])

    @property
    def forbids(self) -> bool:
        return self.key == FORBID


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Limits read and checked: what to judge, what to ignore, and what ``"5x"`` refers to."""

    limits: tuple[Limit, ...] = ()
    ignore: frozenset[str] = frozenset()
    relative_to: Any = None
