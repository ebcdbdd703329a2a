"""Each stage in numbers, and the steps between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.stages.changes import (
    StagePart,
    changes,
    equations,
    instructions,
    primitive,
)
from pytest_jaxcost.compiled import Compiled
from pytest_jaxcost.cost.sizes import nbytes
from pytest_jaxcost.lowered import NOT_ALLOCATED, Lowered
from pytest_jaxcost.report.records import Totals
from pytest_jaxcost.report.stages import (
    CHANGING,
    MEMORY,
    ROWS,
    Stage,
    StageName,
    Stages,
    Step,
)

NOT_DIVIDED = "only the traced program is divided into phases and scopes"


def stages(
    name: str, environment: Mapping[str, str], facts: Facts, lowered: Lowered, compiled: Compiled
) -> Stages:
    """The three columns of one program, and what changes from each to the next."""
    columns = _traced(facts), _hlo("lowered", lowered), _hlo("compiled", compiled)
    return Stages(
        name=name,
        environment=environment,
        traced=columns[0],
        lowered=columns[1],
        compiled=columns[2],
        steps=tuple(_steps(facts, lowered, compiled, columns)),
    )


def stages_of_part(name: str, environment: Mapping[str, str], totals: Totals) -> Stages:
    """The traced column of a part of a program; the other stages have no parts."""
    reasons = dict.fromkeys(ROWS, NOT_DIVIDED)
    return Stages(
        name=name,
        environment=environment,
        traced=_counted(totals, dict.fromkeys(MEMORY, NOT_DIVIDED)),
        lowered=Stage(name="lowered", reasons=reasons),
        compiled=Stage(name="compiled", reasons=reasons),
    )


def _traced(facts: Facts) -> Stage:
    program = facts.program
    return _counted(
        facts.totals,
        dict.fromkeys(("temp_bytes", "peak_bytes"), NOT_ALLOCATED),
        argument_bytes=sum(nbytes(program.avals[value]) for value in program.inputs),
        output_bytes=sum(nbytes(program.avals[value]) for value in program.main.results),
    )


def _counted(totals: Totals, reasons: Mapping[str, str], **sizes: int) -> Stage:
    return Stage(
        name="traced",
        instructions=totals.eqns,
        flops=totals.flops,
        transcendentals=totals.transcendentals,
        bytes_accessed=totals.bytes_accessed,
        **sizes,
        bounds=frozenset(() if totals.exact else CHANGING[1:]),
        reasons=reasons,
        caveats=totals.caveats,
    )


def _hlo(name: StageName, stage: Lowered | Compiled) -> Stage:
    program, totals = stage.program, stage.program.totals
    amounts = {row: getattr(stage, row) for row in MEMORY}
    reasons = dict(stage.reasons)
    if totals is None:
        reasons |= dict.fromkeys(CHANGING, program.caveats[0])
    else:
        amounts |= {row: getattr(totals, row) for row in CHANGING[1:]}
        amounts["instructions"] = sum(totals.opcodes.values())
    return Stage(
        name=name,
        **amounts,
        bounds=frozenset(stage.bounds) & frozenset((*CHANGING, *MEMORY)),
        reasons=reasons,
        caveats=stage.caveats,
    )


def _steps(
    facts: Facts, lowered: Lowered, compiled: Compiled, columns: tuple[Stage, ...]
) -> Iterator[Step]:
    traced, before, after = columns
    given, made = lowered.program.pricing, compiled.program.pricing
    if given is None:
        return
    asked = tuple(equations(facts))
    names = {each.operation for each in asked}
    done = instructions(given, lambda each, _: primitive(each, names))
    yield _step(traced, before, asked, done)
    if made is not None:
        opcodes = (instructions(each, lambda _, opcode: opcode) for each in (given, made))
        yield _step(before, after, *opcodes)


def _step(before: Stage, after: Stage, old: Iterable[StagePart], new: Iterable[StagePart]) -> Step:
    whole = {each: max(getattr(before, each), getattr(after, each)) for each in CHANGING}
    return Step(before=before.name, after=after.name, changes=changes(old, new, whole))
