"""Tables of functions by name, each filled by a decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Into(Protocol[T]):
    """A decorator that takes the names under which a function goes into a table."""

    def __call__(self, *names: str) -> Callable[[T], T]: ...


def into(table: dict[str, T], what: str) -> Into[T]:
    """A decorator that fills `table`; `what` says what its functions are called, for the error.

    Raises:
        ValueError: when a name is registered a second time.
    """

    def named(*names: str) -> Callable[[T], T]:
        def add(function: T) -> T:
            for name in names:
                if name in table:
                    raise ValueError(f"{name} has two {what}: {table[name]} and {function}")
                table[name] = function
            return function

        return add

    return named
