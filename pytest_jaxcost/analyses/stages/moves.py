"""What costs neither flops nor transcendentals in two programs: moves, calls and fusions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.stages.amounts import NONE, Amounts, change, listed
from pytest_jaxcost.analyses.stages.names import is_work
from pytest_jaxcost.report.stages import UNEXPLAINED, Change

FUSION = "fusion"
FUSED = "fused: {inside:,} instructions in {n:,} fusions"
MOVES = "data movement, calls, constants: {opcodes}"
OTHER_BYTES = "other layouts"


class Move(NamedTuple):
    """An opcode and the number of elements of its result."""

    opcode: str
    elements: int


class Moved(NamedTuple):
    """How many instructions, and the bytes of all their runs."""

    instructions: int = 0
    nbytes: int = 0


def moves(lowered: hlo.Pricing, compiled: hlo.Pricing, other_bytes: int) -> Iterator[Change]:
    """The changes in what computes nothing.

    Instructions that both programs have access fewer bytes in a fusion, whose values touch no
    memory: that is put down to the fusions, along with the bytes of the work that both have.
    """
    before, after = _moves(lowered), _moves(compiled)
    total, opcodes = NONE, Counter[str]()
    for move in {**before, **after}:
        old, new = before.get(move, Moved()), after.get(move, Moved())
        if move.opcode == FUSION:
            other_bytes += new.nbytes - old.nbytes
            continue
        difference = _difference(old, new)
        other_bytes += new.nbytes - old.nbytes - difference.bytes_accessed
        total = total.plus(difference)
        opcodes[move.opcode] += difference.instructions
    yield from _fused(before, after, compiled, other_bytes)
    if total != NONE:
        yield change("moves", MOVES.format(opcodes=listed(opcodes)), total)


def _difference(old: Moved, new: Moved) -> Amounts:
    """The instructions that one program has more, at the average bytes of all of its own."""
    more = new.instructions - old.instructions
    side = new if more > 0 else old
    return Amounts(more, bytes_accessed=side.nbytes * more // side.instructions)


def _fused(
    before: dict[Move, Moved], after: dict[Move, Moved], compiled: hlo.Pricing, nbytes: int
) -> Iterator[Change]:
    old, new = (each.get(Move(FUSION, 0), Moved()).instructions for each in (before, after))
    if new:
        what = FUSED.format(inside=_inside(compiled), n=new)
        yield change("fused", what, Amounts(new - old, bytes_accessed=nbytes))
    elif nbytes:
        yield change(UNEXPLAINED, OTHER_BYTES, Amounts(bytes_accessed=nbytes))


def _inside(pricing: hlo.Pricing) -> int:
    """The instructions inside fusions, their parameters left out."""
    fusions = (run.instruction for run in hlo.runs(pricing) if run.opcode == FUSION)
    names = {name for each in fusions for name in each.called["calls"]}
    inside = (each for name in names for each in pricing.module.computations[name].instructions)
    return sum(each.opcode != "parameter" for each in inside)


def _moves(pricing: hlo.Pricing) -> dict[Move, Moved]:
    found: dict[Move, Moved] = {}
    for run in hlo.runs(pricing):
        if not is_work(run.cost, priced=run.priced):
            move = Move(run.instruction.target or run.opcode, run.instruction.shape.size)
            move = Move(FUSION, 0) if move.opcode == FUSION else move
            known = found.get(move, Moved())
            nbytes = run.cost.bytes_accessed * run.executions
            found[move] = Moved(known.instructions + 1, known.nbytes + nbytes)
    return found
