"""Counts by primitive name, as reports show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping


class Counts(Mapping[str, int]):
    """Occurrences by primitive name.

    A name that does not occur reads 0, an old or new alias reads the same count, and a call-like
    name (``jit``, ``checkpoint``) reads its call sites, though iteration leaves it out.
    ``number`` makes what is read of a name and its count.
    """

    __slots__ = ("_calls", "_canonical", "_counts", "_number")

    def __init__(
        self,
        counts: Mapping[str, int],
        calls: Mapping[str, int],
        canonical: Callable[[str], str],
        number: Callable[[str, int], int] = lambda _name, count: count,
    ) -> None:
        self._counts = {name: counts[name] for name in sorted(counts) if counts[name]}
        self._calls = calls
        self._canonical = canonical
        self._number = number

    def __getitem__(self, name: str) -> int:
        return self._number(name, self._count(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._count(name) > 0

    def __eq__(self, other: object) -> bool:
        """Equal counts under any alias; names with a count of zero do not matter."""
        return not self.differences(other) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as for any mapping that compares by content

    def __repr__(self) -> str:
        return repr(self._counts)

    def plain(self) -> dict[str, int]:
        """The same as plain data."""
        return dict(self._counts)

    def differences(self, other: Mapping[str, int]) -> dict[str, tuple[int, int]]:
        """The names whose counts differ: here, and in ``other``."""
        theirs = {self._canonical(name): other[name] for name in other}
        pairs = {
            name: (self._count(name), theirs.get(name, 0)) for name in {**self._counts, **theirs}
        }
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def _count(self, name: str) -> int:
        canonical = self._canonical(name)
        return self._counts.get(canonical) or self._calls.get(canonical, 0)
