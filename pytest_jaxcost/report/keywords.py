"""From one keyword and its value to limits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from .errors import LimitError
from .guesses import unknown_limit
from .limit import FORBID, Limit, Relation, Step
from .measurement import Primitives
from .metrics import COMPILED, FAMILIES, METRICS, Family, Metric, Names, Stage
from .opcodes import COLLECTIVES, OPCODES
from .suggest import did_you_mean
from .units import Bound, parse

FORBIDDEN: Mapping[Stage, Family] = {
    "traced": FAMILIES["primitives"],
    "compiled": FAMILIES[f"{COMPILED}.opcodes"],
}
"""The counts that say whether something stands in a program that may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What a keyword is read with: the scope it stands in, and where that was written.

    Without ``primitives``, primitive names are left unchecked. ``relative`` says whether there is
    another report for multiples.
    """

    stage: Stage = "traced"
    scope: tuple[Step, ...] = ()
    origin: str = ""
    primitives: Primitives | None = None
    relative: bool = False


def read_limits(key: str, value: Any, where: Where) -> Iterator[Limit]:
    """The limits of a keyword that is no option and no scope.

    Raises:
        LimitError: it cannot be meant.
    """
    found = _forbidden(value, where) if key == FORBID else _limits(key, value, where)
    for limit in found:
        if limit.bound.sort == "multiple" and not where.relative:
            raise LimitError(
                f"{key}={value!r} is a multiple of another report;"
                " pass that report, or a function, as relative_to="
            )
        yield replace(limit, scope=where.scope, origin=where.origin)


def _limits(key: str, value: Any, where: Where) -> Iterator[Limit]:
    subject, relation = _subject(key, where)
    if isinstance(subject, Metric):
        written = f"{key}={value!r}"
        bound = _bound(written, value, subject)
        measured = _measured(subject, bound, where)
        _require_whole(written, bound, measured)
        yield Limit(key=key, subject=measured, relation=relation, bound=bound)
        return
    for item, count in _items(key, value, subject, where).items():
        written = f"{key}[{item!r}]={count!r}"
        bound = _bound(written, count, subject)
        _require_whole(written, bound, subject)
        yield Limit(key=key, subject=subject, item=item, relation=relation, bound=bound)


def _subject(key: str, where: Where) -> tuple[Metric | Family, Relation]:
    for relation in Relation:
        name = key.removeprefix(relation.prefix)
        full = name if where.stage == "traced" else f"{COMPILED}.{name}"
        subject = METRICS.get(full) or FAMILIES.get(full)
        if key.startswith(relation.prefix) and subject is not None and subject.stage == where.stage:
            return subject, relation
    raise unknown_limit(key, where.stage, where.primitives)


def _bound(written: str, value: Any, subject: Metric | Family) -> Bound:
    try:
        return parse(value, subject.unit)
    except LimitError as error:
        raise LimitError(f"{written}: {error}") from None


def _measured(metric: Metric, bound: Bound, where: Where) -> Metric:
    """What the bound is on: how many findings, or their operations.

    Where a part of a program has an amount, a share is of the whole program's.
    """
    if bound.sort == "share" or bound.unit == "op":
        metric = metric.in_operations
    if bound.sort == "share" and where.scope and metric.whole is None:
        return replace(metric, whole=metric.name)
    return metric


def _require_whole(written: str, bound: Bound, subject: Metric | Family) -> None:
    if bound.sort == "share" and subject.whole is None:
        raise LimitError(
            f"{written}: {subject.name} is no part of another number; a share is for waste and"
            ' for findings, as in max_duplicates="5%"'
        )


def _items(key: str, value: Any, family: Family, where: Where) -> Mapping[str, Any]:
    example = f'{key}={{"{family.example}": 2}}'
    if not isinstance(value, Mapping) or not value:
        raise LimitError(f"{key}={value!r}: not counts by name; write {example}")
    _CHECKS[family.names](key, value, where.primitives)
    return {name: count for name, count in value.items() if count is not None}


def _forbidden(value: Any, where: Where) -> Iterator[Limit]:
    family = FORBIDDEN[where.stage]
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, Collection) or not names:
        raise LimitError(f'{FORBID}={value!r}: not names; write {FORBID}=("{family.example}",)')
    _CHECKS[family.names](FORBID, names, where.primitives)
    none = Bound(value=Fraction(0), sort="amount", text="0")
    for name in names:
        yield Limit(key=FORBID, subject=family, item=name, relation=Relation.MAX, bound=none)


def check_primitives(key: str, names: Iterable[Any], primitives: Primitives | None) -> None:
    """Raises ``LimitError`` for what is no name of a primitive."""
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
    "primitives": check_primitives,
    "opcodes": _check_opcodes(OPCODES, "an opcode of HLO"),
    "collectives": _check_opcodes(COLLECTIVES, "a kind of collective"),
}
