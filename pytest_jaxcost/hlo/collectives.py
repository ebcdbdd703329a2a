"""Communication between devices, by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pytest_jaxcost.hlo.query import Run
from pytest_jaxcost.hlo.rules.collectives import KINDS
from pytest_jaxcost.hlo.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Collective:
    """All collectives of one kind.

    `count` instructions run `executions` times, and pass `bytes` through one device: for each run
    the operands or the results, whichever are larger.
    """

    count: int
    executions: int
    bytes: int


def collectives(program: Iterable[Run]) -> Mapping[str, Collective]:
    """Return the collectives among a program's runs by kind, asynchronous and fused ones once."""
    found: dict[str, Collective] = {}
    for run in program:
        if run.opcode in KINDS:
            kind, size = _kind(run), passed_bytes(run)
            known = found.get(kind, Collective(count=0, executions=0, bytes=0))
            found[kind] = replace(
                known,
                count=known.count + 1,
                executions=known.executions + run.executions,
                bytes=known.bytes + run.executions * size,
            )
    return found


def passed_bytes(run: Run) -> int:
    """Return what one run of a collective passes: operands or results, whichever are larger."""
    site = Site(run.computation, run.instruction, {})
    return max(site.shape.nbytes, sum(shape.nbytes for shape in site.operands))


def _kind(run: Run) -> str:
    """Return a collective's kind.

    TPU compilers fuse an all-reduce with the slice that follows: a reduce-scatter in all but name.
    """
    if run.opcode == "all-reduce" and run.computation.name.startswith("all-reduce-scatter"):
        return "reduce-scatter"
    return run.opcode
