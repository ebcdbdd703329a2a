"""Instructions: what stands in the optimized program, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_jaxcost import _compat, hlo
from pytest_jaxcost.compiled import Compiled
from pytest_jaxcost.ir import where
from pytest_jaxcost.report.opcodes import COLLECTIVES
from pytest_jaxcost.report.records import Evidence, Finding, Findings, Place

_PHASES = {
    "rematted_computation": where.RECOMPUTE,
    "transpose(": where.TRANSPOSE,
    "jvp(": where.JVP,
}
"""What stands in the op name of an instruction of each phase, the most telling first."""


def instructions(
    compiled: Compiled, opcode: str | None = None, libraries: tuple[str, ...] = ()
) -> Findings:
    """The instructions of an opcode, or all of them, as findings by what their runs cost together.

    Of collectives `bytes_accessed` is what they pass through one device. Empty where the compiler
    does not show the program.
    """
    if compiled.pricing is None or compiled.totals is None:
        return Findings()
    work = compiled.totals.flops + compiled.totals.transcendentals
    return Findings(
        _finding(run, work, libraries)
        for run in hlo.runs(compiled.pricing)
        if opcode in (None, run.opcode)
    )


def _finding(run: hlo.Run, work: int, libraries: tuple[str, ...]) -> Finding:
    cost = run.cost.times(run.executions)
    metadata = run.instruction.metadata or hlo.Metadata()
    passed = hlo.passed_bytes(run) if run.opcode in COLLECTIVES else None
    evidence = Evidence(
        primitive=run.instruction.target or run.opcode,
        aval=shape_text(run.instruction.shape),
        executions=run.executions,
        flops=cost.flops,
        transcendentals=cost.transcendentals,
        bytes_accessed=cost.bytes_accessed if passed is None else passed * run.executions,
    )
    return Finding(
        kind="instructions",
        equations=(evidence,),
        flops=evidence.flops,
        transcendentals=evidence.transcendentals,
        bytes_accessed=evidence.bytes_accessed,
        share=(cost.flops + cost.transcendentals) / work if work else None,
        exact=run.priced,
        places=places(metadata.frames, libraries)[:1],
        phase=phase_of(metadata.op_names),
    )


def places(frames: Iterable[hlo.SourceFrame], libraries: tuple[str, ...] = ()) -> tuple[Place, ...]:
    """The places of the user's own code among the frames, innermost first."""
    return tuple(
        Place(file=frame.file, line=frame.line, function=frame.function or "")
        for frame in frames
        if not _compat.in_jax(frame.file) and not (libraries and frame.file.startswith(libraries))
    )


def phase_of(op_names: tuple[str, ...]) -> str:
    """The phase of differentiation that the names of an instruction tell; empty for none."""
    found = (phase for mark, phase in _PHASES.items() for name in op_names if mark in name)
    return next(found, "")


def shape_text(shape: hlo.Shape) -> str:
    """A shape without its layout; those of a tuple's arrays, joined."""
    leaves = (f"{leaf.dtype}[{','.join(map(str, leaf.dimensions))}]" for leaf in shape.leaves)
    return ", ".join(leaves)
