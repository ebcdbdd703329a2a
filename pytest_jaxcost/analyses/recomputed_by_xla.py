"""Cloned instructions: what the compiler computes more often than the program asks for.

Nobody wrote it: the findings are about the compiler, for the target it compiled for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.instructions import phase_of, places, shape_text
from pytest_jaxcost.hlo.clones import Amount, Clone, clones
from pytest_jaxcost.report.records import Evidence, Finding, Findings, Place

FUSED = (
    "the compiler computes it again in each fusion that reads it rather than keep it in memory,"
    " which is mostly faster; jax.lax.optimization_barrier asks it to keep the value"
)
REMATERIALIZED = "the compiler computes it again rather than keep it, to fit into memory"

INDEX_SIZE = 32
"""The elements that integers have at most where they are for indexing."""


class Together(NamedTuple):
    """What makes clones one finding."""

    opcode: str
    shape: str
    places: tuple[Place, ...]
    phase: str
    bookkeeping: bool
    rematerialized: bool


def recomputed_by_xla(
    lowered: hlo.Pricing, optimized: hlo.Pricing, libraries: tuple[str, ...] = ()
) -> Findings:
    """What an optimized program computes more often than the program it was made of asks for.

    One finding for each opcode, shape and place: ``asked`` is how many instructions the lowered
    program has there, ``count`` how many more the optimized one has, and the costs are those of
    the surplus in one run.
    """
    groups: dict[Together, list[Clone]] = defaultdict(list)
    for clone in clones(lowered, optimized):
        groups[_together(clone, libraries)].append(clone)
    work = optimized.total.flops + optimized.total.transcendentals
    return Findings(_finding(together, group, work) for together, group in groups.items())


def _together(clone: Clone, libraries: tuple[str, ...]) -> Together:
    names = {name for each in clone.copies for name in each.source.op_names}
    shapes = {shape_text(each.instruction.shape): None for each in clone.copies}
    return Together(
        opcode=clone.key.opcode,
        shape=", ".join(shapes) if len(shapes) == 1 else "",
        places=places(clone.copies[0].source.frames, libraries)[:1],
        phase=phase_of(tuple(names)),
        bookkeeping=all(_is_bookkeeping(each.instruction) for each in clone.copies),
        rematerialized=clone.rematerialized,
    )


def _is_bookkeeping(instruction: hlo.Instruction) -> bool:
    discrete = all(leaf.dtype[0] in "sup" for leaf in instruction.shape.leaves)
    return discrete and instruction.shape.size <= INDEX_SIZE


def _finding(together: Together, group: Sequence[Clone], work: int) -> Finding:
    surplus, asked = Amount(), Amount()
    for clone in group:
        surplus, asked = surplus.plus(clone.surplus), asked.plus(clone.asked)
    evidence = Evidence(
        primitive=together.opcode,
        aval=together.shape,
        count=surplus.instructions,
        executions=surplus.executions,
        flops=surplus.flops,
        transcendentals=surplus.transcendentals,
        asked=asked.instructions,
    )
    return Finding(
        kind="recomputed_by_xla",
        equations=(evidence,),
        flops=surplus.flops,
        transcendentals=surplus.transcendentals,
        share=(surplus.flops + surplus.transcendentals) / work if work else None,
        exact=all(clone.exact for clone in group),
        bookkeeping=together.bookkeeping,
        places=together.places,
        phase=together.phase,
        hint=REMATERIALIZED if together.rematerialized else FUSED,
    )
