"""Limits: as they are written and merged, and from there to records that can be judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from .errors import LimitError
from .keywords import Where, check_primitives, read_limits
from .limit import FORBID, Limit, Relation, Settings, Step
from .measurement import Primitives
from .metrics import COMPILED, SUBJECTS
from .phases import NAMES, PHASES
from .suggest import did_you_mean

OPTIONS = ("ignore", "relative_to")
"""What stands beside limits and is none."""

Parts = Literal["phases", "scopes"]

PARTS: Mapping[Parts, str] = MappingProxyType(
    {
        "phases": 'phases={"backward": {"max_flops": "1 MFLOP"}}',
        "scopes": 'scopes={"attention": {"max_flops": "1 MFLOP"}}',
    }
)
"""Keywords whose value has limits by part of the program."""

SCOPES: Mapping[str, str] = MappingProxyType(
    {COMPILED: 'compiled={"max_flops": "1 MFLOP"}'} | dict(PARTS.items())
)
"""Keywords whose value has limits, with an example of each."""

UNDIVIDED = "the compiled program is not divided into phases and scopes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits as written, each key with where it was written; ``over`` merges key by key.

    The value of a scope is ``Limits`` in turn, and so are those of its phases or named scopes.
    """

    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, values: Mapping[str, Any], *, origin: str = "") -> Limits:
        """The limits written at one place, such as ``"--jaxcost-max"``."""
        nested = {key: _nested(key, value, origin) for key, value in values.items()}
        return cls(values=nested, origins=dict.fromkeys(values, origin))

    def over(self, base: Limits) -> Limits:
        """Both, where a key of this one replaces the same key of ``base``; scopes are merged."""
        return self._merged(base, lambda above, _: above)

    def along(self, base: Limits) -> Limits:
        """Both, written in one place: counts by name and lists of names add up."""
        return self._merged(base, _together)

    def _merged(self, base: Limits, both: Callable[[Any, Any], Any]) -> Limits:
        values, origins = {**base.values, **self.values}, {**base.origins, **self.origins}
        for key in base.values.keys() & self.values.keys():
            above, below = self.values[key], base.values[key]
            if isinstance(above, Limits) and isinstance(below, Limits):
                values[key] = above._merged(below, both)
            elif (value := both(above, below)) is not above:
                values[key] = value
                origins[key] = ", ".join((base.origins[key], self.origins[key]))
        return Limits(values=values, origins=origins)

    def parse(self, primitives: Primitives | None = None) -> Settings:
        """The limits to judge; ``None`` values are cleared.

        Without ``primitives``, primitive names are left unchecked. Raises ``LimitError``.
        """
        relative_to = self.values.get("relative_to")
        where = Where(primitives=primitives, relative=relative_to is not None)
        return Settings(
            limits=tuple(self.read(where)),
            ignore=frozenset(_listed(self.values.get("ignore") or ())),
            relative_to=relative_to,
        )

    def read(self, where: Where) -> list[Limit]:
        """The limits that are not cleared, as parts of a scope; raises ``LimitError``."""
        found: list[Limit] = []
        for key, value in self.values.items():
            at = replace(where, origin=self.origins.get(key, ""))
            if isinstance(value, Limits):
                found += _in_scope(key, value, at)
            elif value is not None:
                with _telling("", _by(at.origin)):
                    found += _read(key, value, at)
        return found

    def leaves(self) -> Iterator[tuple[str, Any]]:
        """Every key with its value, those inside scopes too."""
        for key, value in self.values.items():
            if isinstance(value, Limits):
                yield from value.leaves()
            else:
                yield key, value


def _together(above: Any, below: Any) -> Any:
    if isinstance(above, Mapping) and isinstance(below, Mapping):
        return {**below, **above}
    return (*below, *above) if isinstance(above, tuple) and isinstance(below, tuple) else above


def limit_names() -> tuple[str, ...]:
    """Every keyword that limits accept."""
    names = (name for name, subject in SUBJECTS.items() if subject.traced)
    prefixed = (f"{relation.prefix}{name}" for name in names for relation in Relation)
    return (*prefixed, FORBID, *SCOPES, *OPTIONS)


def _nested(key: str, value: Any, origin: str) -> Any:
    if not isinstance(value, Mapping) or not value:
        return value
    if key == COMPILED:
        return Limits.of(value, origin=origin)
    if key not in PARTS:
        return value
    inner = {
        part: Limits.of(limits, origin=origin) if isinstance(limits, Mapping) else limits
        for part, limits in value.items()
    }
    return Limits(values=inner, origins=dict.fromkeys(inner, origin))


@contextmanager
def _telling(before: str, after: str = "") -> Iterator[None]:
    """Adds the scope that a limit stands in, and where it was written, to the error about it."""
    try:
        yield
    except LimitError as error:
        raise LimitError(f"{before}{error}{after}") from None


def _by(origin: str) -> str:
    return f" ({origin})" if origin else ""


def _read(key: str, value: Any, where: Where) -> list[Limit]:
    """The limits under one key that is no scope; none under an option, whose value is checked."""
    if key in SCOPES:
        raise LimitError(f"{key}={value!r}: not limits; write {SCOPES[key]}")
    if key not in OPTIONS:
        return list(read_limits(key, value, where))
    if where.scope or where.stage == "compiled":
        raise LimitError(f"{key} stands beside {', '.join(SCOPES)}, not inside")
    if key == "ignore":
        check_primitives(key, _listed(value), where.primitives)
    return []


def _in_scope(key: str, limits: Limits, where: Where) -> list[Limit]:
    if where.stage == "compiled" or (key == COMPILED and where.scope):
        raise LimitError(f"{key}: {UNDIVIDED}{_by(where.origin)}")
    if key != COMPILED:
        return [each for part in limits.values for each in _in_part(key, part, limits, where)]
    with _telling(f"{COMPILED}: "):
        return limits.read(replace(where, stage="compiled"))


def _in_part(key: Any, part: Any, parts: Limits, where: Where) -> list[Limit]:
    """The limits on one phase or scope; a share of what has no whole is of the whole program's."""
    limits, origin = parts.values[part], parts.origins.get(part, "")
    with _telling("", _by(origin)):
        _CHECKS[key](part)
        if not isinstance(limits, Limits | None):
            raise LimitError(f"{key}[{part!r}]={limits!r}: not limits; write {PARTS[key]}")
    if limits is None:
        return []
    with _telling(f"{key}[{part!r}]: "):
        return limits.read(replace(where, scope=(*where.scope, Step(key, part))))


def _check_phase(part: Any) -> None:
    if part not in NAMES:
        near = did_you_mean(str(part), NAMES)
        raise LimitError(
            f"phases: no phase is named {part!r}{near or '.'} There are {', '.join(PHASES)}"
        )


def _check_scope(part: Any) -> None:
    if not isinstance(part, str) and not callable(part):
        raise LimitError(f"scopes: {part!r} is no name of a scope and no function")


_CHECKS: Mapping[Parts, Callable[[Any], None]] = {"phases": _check_phase, "scopes": _check_scope}


def _listed(value: Any) -> Collection[Any]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, Collection):
        raise LimitError(f'ignore={value!r}: not primitive names; write ignore=("mul",)')
    return names
