"""The figures of a compiled program: `analyze`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_jaxcost.hlo.collectives import Collective, collectives
from pytest_jaxcost.hlo.costs import Pricing, price
from pytest_jaxcost.hlo.query import Run, runs
from pytest_jaxcost.hlo.records import Instruction, Module


@dataclass(frozen=True, slots=True, kw_only=True)
class HloTotals:
    """What one run of a compiled program costs, and what it is made of.

    `opcodes` counts each instruction of each computation once, `executions` as often as it runs.
    `opaque` counts, by target or opcode, the instructions whose work is not known; with them, or
    with a loop of unknown length, the totals are lower bounds, `exact` is False and `caveats` says
    why.
    """

    flops: int
    transcendentals: int
    bytes_accessed: int
    opcodes: Mapping[str, int]
    executions: Mapping[str, int]
    collectives: Mapping[str, Collective]
    opaque: Mapping[str, int]
    caveats: tuple[str, ...]
    exact: bool

    @property
    def operations(self) -> int:
        """Flops and transcendentals together."""
        return self.flops + self.transcendentals


def analyze(module: Module) -> HloTotals:
    """Return the figures of a module, trip counts applied, exact integers.

    Flops and transcendentals follow `HloCostAnalysis` for each instruction; a conditional counts
    its costliest branch.
    """
    return totals(price(module))


def totals(pricing: Pricing) -> HloTotals:
    """Return the figures of a module that is priced already."""
    program = tuple(runs(pricing))
    opaque = _opaque(program)
    caveats = (*_loop_caveats(pricing), *_opaque_caveats(opaque))
    return HloTotals(
        flops=pricing.total.flops,
        transcendentals=pricing.total.transcendentals,
        bytes_accessed=pricing.total.bytes_accessed,
        opcodes=_count(program, weighted=False),
        executions=_count(program, weighted=True),
        collectives=collectives(program),
        opaque=opaque,
        caveats=caveats,
        exact=not caveats,
    )


def _count(program: tuple[Run, ...], *, weighted: bool) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for run in program:
        counts[run.opcode] += run.executions if weighted else 1
    return dict(counts)


def _opaque(program: tuple[Run, ...]) -> Mapping[str, int]:
    unknown = (run for run in program if not run.priced)
    return dict(Counter(run.instruction.target or run.opcode for run in unknown))


def _loop_caveats(pricing: Pricing) -> Iterator[str]:
    for (computation, name), count in pricing.loops.counts.items():
        if count is None and computation in pricing.executions:
            place = _place(pricing.module.computations[computation].named[name])
            yield f"{name}{place} runs an unknown number of times; its body is counted once"


def _opaque_caveats(opaque: Mapping[str, int]) -> Iterator[str]:
    for name, count in opaque.items():
        times = "" if count == 1 else f", {count} times"
        yield f"the work of {name}{times} is not known and not counted"


def _place(instruction: Instruction) -> str:
    """Return where an instruction comes from, in brackets; nothing where it is not known."""
    frames = instruction.metadata.frames if instruction.metadata else ()
    return f" ({frames[0].file}:{frames[0].line})" if frames else ""
