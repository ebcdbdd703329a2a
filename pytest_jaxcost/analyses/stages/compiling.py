"""From lowered to compiled: what accounts for the difference.

Instructions of one kind cost the same, so that the two programs are held against each other kind
by kind: what the compiler computes again, what it merged with an equal instruction, what it folded,
and what it wrote in other instructions, whose op names still say what they are for. Nothing is
counted twice or left out, so that the changes add up to the difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.stages.amounts import Amounts, change, listed
from pytest_jaxcost.analyses.stages.kinds import compare
from pytest_jaxcost.analyses.stages.moves import moves
from pytest_jaxcost.analyses.stages.names import is_work
from pytest_jaxcost.analyses.stages.rewritten import rewritten
from pytest_jaxcost.analyses.stages.work import work
from pytest_jaxcost.hlo.sites import sites
from pytest_jaxcost.report.stages import UNEXPLAINED, Change

MOST = 300_000
"""Instructions, every call written out, up to which the two programs are compared."""

TOO_LARGE = "too large to compare, with every call written out"
CALLED = "functions written out where they are called"

WHAT: Mapping[str, str] = {
    "copied": "computed again in fusions: {opcodes}",
    "merged": "merged with an equal one: {opcodes}",
    "folded": "constants folded: {opcodes}",
    "unrolled": "loops unrolled or copied: {opcodes}",
    "less": "moved out of loops, run less often: {opcodes}",
    "more": "moved into loops, run more often: {opcodes}",
}
"""What happened to instructions of kinds that both programs have."""


def compiling(lowered: hlo.Pricing, compiled: hlo.Pricing) -> tuple[Change, ...]:
    """The changes from the lowered program to the compiled one; they add up to the difference."""
    if max(_size(lowered), _size(compiled)) > MOST:
        before, after = _amounts(lowered), _amounts(compiled)
        return (change(UNEXPLAINED, TOO_LARGE, after.minus(before)),)
    return tuple(_changes(lowered, compiled))


def _size(pricing: hlo.Pricing) -> int:
    computations = pricing.module.computations
    return sum(n * len(computations[name].instructions) for name, n in sites(pricing).items())


def _amounts(pricing: hlo.Pricing) -> Amounts:
    return Amounts(sum(1 for _ in hlo.runs(pricing)), *pricing.total)


def _changes(lowered: hlo.Pricing, compiled: hlo.Pricing) -> Iterator[Change]:
    before, after = tuple(work(lowered)), tuple(work(compiled))
    copies = len(before) - _working(lowered) - (len(after) - _working(compiled))
    if copies:
        yield change("called", CALLED, Amounts(copies))
    sorts, rewriting = compare(before, after)
    for sort, found in sorts.items():
        yield change(sort, WHAT[sort].format(opcodes=listed(found.opcodes)), found.amounts)
    yield from rewritten(rewriting, int(compiled.module.attributes.get("num_partitions", 1)))
    yield from moves(lowered, compiled, rewriting.other_bytes)


def _working(pricing: hlo.Pricing) -> int:
    """The instructions that do work, each function's once."""
    return sum(is_work(run.cost, priced=run.priced) for run in hlo.runs(pricing))
