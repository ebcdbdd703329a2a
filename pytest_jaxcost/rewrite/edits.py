"""What can be changed about an inlined program so that it computes the same with less work.

Edits name values and regions of the program that they were found in. No edit has to remove
anything: what nobody reads any more is dropped. Merged, hoisted and known values equal what they
replace bit by bit; a replacement says itself how close it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pytest_jaxcost.ir.equation import Region


class Merge(NamedTuple):
    """The values `again` are the values `first`, one to one."""

    first: tuple[int, ...]
    again: tuple[int, ...]


class Fuse(NamedTuple):
    """Two ``while`` loops that run equally often become one; the bodies say which."""

    first: Region
    again: Region


class Hoist(NamedTuple):
    """Values that do not change in some loops around them: they are computed before these loops."""

    values: tuple[int, ...]
    loops: tuple[Region, ...]
    """The bodies and tests of these loops."""


class Known(NamedTuple):
    """Values that depend on no argument: they become arguments."""

    values: tuple[int, ...]


class Replace(NamedTuple):
    """The values `outputs`, which `region` makes, become what a function of others returns."""

    region: Region
    outputs: tuple[int, ...]
    inputs: tuple[int, ...]
    """What the function reads; all of it is visible in the region."""
    function: Callable[..., Sequence[Any]]
    """Takes arrays in the order of `inputs` and is traced by JAX; its calls are inlined."""


Edit = Merge | Fuse | Hoist | Known | Replace


class RewriteError(Exception):
    """An edit that cannot be written down as a program; the message is the reason."""


def named_by(edit: Edit) -> tuple[int, ...]:
    """The values that an edit is about; none for loops that become one."""
    if isinstance(edit, Merge):
        return edit.again
    if isinstance(edit, Replace):
        return edit.outputs
    return () if isinstance(edit, Fuse) else edit.values
