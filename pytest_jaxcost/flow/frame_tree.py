"""Calls as a tree: what holds of everything that a frame called at one instruction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from pytest_jaxcost import _compat

T = TypeVar("T")


class FrameTree(Generic[T]):
    """What ways of frames lead to; `both` says what two such things have in common."""

    def __init__(self, both: Callable[[T, T], T]) -> None:
        self._both = both
        self._inside: dict[tuple[int, _compat.Frame], int] = {}
        self._calls: list[T] = []

    def add(self, way: tuple[_compat.Frame, ...], new: T) -> None:
        """Note what a way, outermost frame first, leads to."""
        at = -1
        for frame in way:
            at = self._inside.setdefault((at, frame), len(self._calls))
            if at == len(self._calls):
                self._calls.append(new)
            else:
                self._calls[at] = self._both(self._calls[at], new)

    def along(self, way: tuple[_compat.Frame, ...]) -> list[T]:
        """What holds of the calls along a way, outermost first, as far as it is known."""
        found: list[T] = []
        at: int | None = -1
        for frame in way:
            at = self._inside.get((at, frame)) if at is not None else None
            if at is None:
                break
            found.append(self._calls[at])
        return found
