"""Bodies that serve many calls: what each call makes of what is known of its operands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pytest_jaxcost.flow.zeros.pattern import Known, Pattern
from pytest_jaxcost.ir.equation import Block

MOST = 4
"""Calls that are told apart, of one body; the others are read as if nothing were known."""

Claims = tuple[object, ...]


class Call(NamedTuple):
    """What is known of the operands of a call, and of its results."""

    operands: tuple[Known, ...]
    results: tuple[Known, ...]


class Contexts:
    """The calls of one program's shared bodies that were read, by what is known of the operands."""

    def __init__(self) -> None:
        self._blocks: dict[int, Block] = {}
        self._calls: dict[int, dict[Claims, Call]] = {}

    def operands(self, block: Block, operands: Sequence[Known]) -> tuple[Known, ...]:
        """What a call is read with: what is known, or nothing if there are too many others."""
        calls = self._calls.get(id(block.regions[0]), {})
        is_new = _claims(operands) not in calls
        return (None,) * len(operands) if is_new and len(calls) >= MOST else tuple(operands)

    def find(self, block: Block, operands: Sequence[Known]) -> Call | None:
        """The call with the same knowledge of its operands that was read before."""
        return self._calls.get(id(block.regions[0]), {}).get(_claims(operands))

    def keep(self, block: Block, call: Call) -> None:
        """Note what a call makes."""
        body = id(block.regions[0])
        self._blocks[body] = block
        self._calls.setdefault(body, {})[_claims(call.operands)] = call

    def bodies(self) -> Iterator[tuple[Block, list[Call]]]:
        """Each body with all of its calls."""
        for body, block in self._blocks.items():
            yield block, list(self._calls[body].values())


def _claims(operands: Sequence[Known]) -> Claims:
    """What is claimed, wherever the zeros come from."""
    return tuple(
        [each._replace(origin=None) if isinstance(each, Pattern) else each for each in operands]  # type: ignore[arg-type]
    )
