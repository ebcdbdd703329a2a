"""Numbers that know where they come from, so that a failed assert on one can be explained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self

from .records import Findings


class Origin(NamedTuple):
    """Where a number was read: ``duplicates.count`` of ``grad(loss)``.

    ``findings`` makes the evidence, which is ordered by ``field``. ``is_total`` is true of numbers
    about the whole program: all of it contributes, and nothing of it is to blame.
    """

    label: str
    of: str
    findings: Callable[[], Findings]
    field: str = "count"
    is_total: bool = False


class Number(int):
    """An int that remembers its origin; a copy of it, or what is computed of it, is a plain int.

    It keeps the measurement alive that its evidence comes from, but not the report.
    """

    origin: Origin

    def __new__(cls, value: int, origin: Origin) -> Self:
        number = super().__new__(cls, value)
        number.origin = origin
        return number

    def __reduce__(self) -> tuple[type[int], tuple[int]]:
        return int, (int(self),)


def plain(data: Any) -> Any:
    """The same lists, tuples and dictionaries, with a plain int for each number."""
    if isinstance(data, Number):
        return int(data)
    if type(data) is dict:
        return {key: plain(value) for key, value in data.items()}
    if type(data) in (list, tuple):
        return type(data)(map(plain, data))
    return data


class KindFindings(Findings):
    """The findings that are an attribute of a report: their sums remember where they come from."""

    __slots__ = ("_kind", "_of")
    _kind: str
    _of: str

    @classmethod
    def of(cls, findings: Findings, kind: str, of: str) -> KindFindings:
        """The findings of a kind in what was measured as ``of``."""
        same = cls.__new__(cls)
        for slot in Findings.__slots__:  # they are sorted already
            setattr(same, slot, getattr(findings, slot))
        same._kind, same._of = kind, of
        return same

    @property
    def count(self) -> int:  # type: ignore[override]  # as in the sequence of findings
        return self._number("count", super().count)

    @property
    def eqns(self) -> int:
        """How many equations the findings are about, beyond those that are needed."""
        return self._number("eqns", super().eqns)

    @property
    def flops(self) -> int:
        return self._number("flops", super().flops)

    @property
    def transcendentals(self) -> int:
        return self._number("transcendentals", super().transcendentals)

    @property
    def operations(self) -> int:
        """Flops and transcendentals together."""
        return self._number("operations", super().operations)

    @property
    def bytes_accessed(self) -> int:
        return self._number("bytes_accessed", super().bytes_accessed)

    @property
    def nbytes(self) -> int:
        return self._number("nbytes", super().nbytes)

    def _number(self, field: str, value: int) -> Number:
        return Number(value, Origin(f"{self._kind}.{field}", self._of, lambda: self, field))
