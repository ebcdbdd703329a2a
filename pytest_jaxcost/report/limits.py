"""Limits: from what the user wrote to records that can be judged."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from .errors import LimitError
from .measurement import Primitives
from .metrics import FAMILIES, METRICS, SURVIVING, Family, Metric, Names
from .opcodes import COLLECTIVES, OPCODES
from .records import PHASES
from .suggest import did_you_mean
from .units import Bound, parse


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One thing to hold: a metric, or the ``item`` of a family, against a bound.

    ``key`` is the keyword it came from and ``origin`` where that was written, both for messages.
    """

    key: str
    subject: Metric | Family
    item: str | None = None
    relation: Relation
    bound: Bound
    origin: str = ""
    phase: str | None = None

    @property
    def label(self) -> str:
        """The name in messages: ``flops``, ``primitives["tanh"]``, ``phases["jvp"].flops``."""
        part = "" if self.phase is None else f'phases["{self.phase}"].'
        item = "" if self.item is None else f'["{self.item}"]'
        return f"{part}{self.subject.name}{item}"

    @property
    def forbids(self) -> bool:
        return self.key in FORBIDDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Limits read and checked: what to judge, what to ignore, and what ``"5x"`` refers to."""

    limits: tuple[Limit, ...] = ()
    ignore: frozenset[str] = frozenset()
    relative_to: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits as written, each key with where it was written; ``over`` merges key by key."""

    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, values: Mapping[str, Any], *, origin: str = "") -> Limits:
        """The limits written at one place, such as ``"--jaxcost-max"``."""
        return cls(values=dict(values), origins=dict.fromkeys(values, origin))

    def over(self, base: Limits) -> Limits:
        """Both, where a key of this one replaces the same key of ``base``."""
        return Limits(
            values={**base.values, **self.values}, origins={**base.origins, **self.origins}
        )

    def parse(self, primitives: Primitives | None = None) -> Settings:
        """The limits to judge; ``None`` values are cleared.

        Without ``primitives``, primitive names are left unchecked. Raises ``LimitError``.
        """
        written = {key: value for key, value in self.values.items() if value is not None}
        limits: list[Limit] = []
        for key in written:
            with _saying_where(self.origins.get(key, "")):
                limits += _read(key, written, self.origins.get(key, ""), primitives)
        return Settings(
            limits=tuple(limits),
            ignore=frozenset(_listed(written.get("ignore", ()))),
            relative_to=written.get("relative_to"),
        )


@contextmanager
def _saying_where(origin: str) -> Iterator[None]:
    """Adds where a limit was written to the error about it."""
    try:
        yield
    except LimitError as error:
        raise LimitError(f"{error} ({origin})" if origin else str(error)) from None


OPTIONS = ("ignore", "relative_to")

# Limits on each phase of differentiation apart.
PARTS = "phases"

# What may stand in no program at all, and the family whose counts say so.
FORBIDDING: Mapping[str, Family] = MappingProxyType(
    {"forbid": FAMILIES["primitives"], "forbid_ops": FAMILIES["ops"]}
)


def limit_names() -> tuple[str, ...]:
    """Every keyword that limits accept."""
    subjects = (*METRICS, *FAMILIES)
    prefixed = (f"{relation.prefix}{name}" for relation in Relation for name in subjects)
    return (*prefixed, *FORBIDDING, PARTS, *OPTIONS)


def _read(
    key: str,
    written: Mapping[str, Any],
    origin: str,
    primitives: Primitives | None,
    phase: str | None = None,
) -> Iterator[Limit]:
    """The limits under one key; none under an option, whose value is checked all the same."""
    value = written[key]
    if key == "ignore":
        _check_primitives(key, _listed(value), primitives)
    elif key in FORBIDDING:
        for limit in _forbidden(key, value, origin, primitives):
            yield replace(limit, phase=phase)
    elif key == PARTS:
        for phase, limits in _by_phase(value).items():
            yield from _in_phase(phase, limits, written, origin, primitives)
    elif key not in OPTIONS:
        for limit in _limits(key, value, origin, primitives, phase):
            _require_other(limit, value, written)
            yield limit


def _require_other(limit: Limit, value: Any, written: Mapping[str, Any]) -> None:
    if limit.bound.sort == "multiple" and "relative_to" not in written:
        raise LimitError(
            f"{limit.key}={value!r} is a multiple of another report;"
            " pass that report as relative_to="
        )


def _by_phase(value: Any) -> Mapping[str, Any]:
    example = 'phases={"transpose": {"max_flops": "1 MFLOP"}}'
    if not isinstance(value, Mapping) or not value:
        raise LimitError(f"phases={value!r}: not limits by phase; write {example}")
    for phase, limits in value.items():
        if phase not in PHASES:
            near = did_you_mean(str(phase), PHASES)
            raise LimitError(
                f"phases: no phase is named {phase!r}{near or '.'} There are {', '.join(PHASES)}"
            )
        if not isinstance(limits, Mapping | None):
            raise LimitError(f"phases[{phase!r}]={limits!r}: not limits; write {example}")
    return {phase: limits for phase, limits in value.items() if limits is not None}


def _in_phase(
    phase: str,
    limits: Mapping[str, Any],
    written: Mapping[str, Any],
    origin: str,
    primitives: Primitives | None,
) -> Iterator[Limit]:
    """The limits on one phase; a share of what has no whole is one of the whole program's."""
    options = {key: written[key] for key in OPTIONS if key in written}
    try:
        for key in (each for each in limits if limits[each] is not None):
            if key in OPTIONS or key == PARTS:
                raise LimitError(f"{key} stands beside phases, not inside")
            for limit in _read(key, {**limits, **options}, origin, primitives, phase):
                if limit.subject.stage == "compiled":
                    raise LimitError(f"{key}: the compiled program is not divided into phases")
                yield limit
    except LimitError as error:
        raise LimitError(f"phases[{phase!r}]: {error}") from None


def _limits(
    key: str, value: Any, origin: str, primitives: Primitives | None, phase: str | None
) -> Iterator[Limit]:
    subject, relation = _subject(key)
    items: Mapping[str | None, Any]
    if isinstance(subject, Metric):
        if phase is not None and subject.whole is None:
            subject = replace(subject, whole=subject.name)
        items = {None: value}
    else:
        items = _items(key, value, subject, primitives)
    for item, amount in items.items():
        written = f"{key}={amount!r}" if item is None else f"{key}[{item!r}]={amount!r}"
        yield Limit(
            key=key,
            subject=subject,
            item=item,
            relation=relation,
            bound=_bound(written, amount, subject),
            origin=origin,
            phase=phase,
        )


def _subject(key: str) -> tuple[Metric | Family, Relation]:
    subjects: Mapping[str, Metric | Family] = {**METRICS, **FAMILIES}
    for relation in Relation:
        name = key.removeprefix(relation.prefix)
        if key.startswith(relation.prefix) and name in subjects:
            return subjects[name], relation
    near = did_you_mean(key, limit_names())
    others = ", ".join((*FORBIDDING, PARTS, *OPTIONS))
    raise LimitError(
        f"unknown limit {key!r}{near or '.'} Accepted are max_<metric>, min_<metric> and <metric>"
        f" of {', '.join(subjects)}; and {others}"
    )


def _bound(written: str, value: Any, subject: Metric | Family) -> Bound:
    try:
        bound = parse(value, subject.unit)
    except LimitError as error:
        raise LimitError(f"{written}: {error}") from None
    if bound.sort == "share" and subject.whole is None:
        parts = [name for name, metric in METRICS.items() if metric.whole]
        listed = ", ".join(name for name in parts if not name.startswith(SURVIVING))
        raise LimitError(
            f"{written}: {subject.name} is not a part of another metric; shares are for {listed}, "
            f"{SURVIVING}{parts[0]} and the like"
        )
    return bound


def _items(
    key: str, value: Any, family: Family, primitives: Primitives | None
) -> Mapping[str | None, Any]:
    example = f'{key}={{"{family.example}": 2}}'
    if not isinstance(value, Mapping) or not value:
        raise LimitError(f"{key}={value!r}: not counts by name; write {example}")
    _CHECKS[family.names](key, value, primitives)
    return {name: count for name, count in value.items() if count is not None}


def _forbidden(key: str, value: Any, origin: str, primitives: Primitives | None) -> Iterator[Limit]:
    family = FORBIDDING[key]
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, Collection) or not names:
        raise LimitError(f'{key}={value!r}: not names; write {key}=("{family.example}",)')
    _CHECKS[family.names](key, names, primitives)
    bound = Bound(value=Fraction(0), sort="amount", text="0")
    relation = Relation.MAX
    for name in names:
        yield Limit(
            key=key, subject=family, item=name, relation=relation, bound=bound, origin=origin
        )


def _listed(value: Any) -> Collection[Any]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, Collection):
        raise LimitError(f'ignore={value!r}: not primitive names; write ignore=("mul",)')
    return names


def _check_primitives(key: str, names: Iterable[Any], primitives: Primitives | None) -> None:
    for name in names:
        if not isinstance(name, str):
            raise LimitError(f"{key}: {name!r} is not the name of a primitive")
        known = None if primitives is None else primitives.primitive_names(name)
        if known is not None and name not in known:
            near = did_you_mean(name, sorted(known), n=3)
            raise LimitError(f"{key}: no JAX primitive is named {name!r}{near}")


def _check_opcodes(known: frozenset[str], what: str) -> Check:
    def check(key: str, names: Iterable[Any], _: Primitives | None) -> None:
        for name in names:
            if not isinstance(name, str):
                raise LimitError(f"{key}: {name!r} is not {what}")
            if name not in known:
                near = did_you_mean(name, sorted(known), n=3)
                raise LimitError(f"{key}: {name!r} is not {what}{near}")

    return check


Check = Callable[[str, Iterable[Any], Primitives | None], None]

_CHECKS: Mapping[Names, Check] = {
    "primitives": _check_primitives,
    "opcodes": _check_opcodes(OPCODES, "an opcode of HLO"),
    "collectives": _check_opcodes(COLLECTIVES, "a kind of collective"),
}
