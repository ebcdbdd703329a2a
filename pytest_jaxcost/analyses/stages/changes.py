"""What changes from one stage of a program to the next, operation by operation.

The traced and the lowered program are added up by primitive: each instruction names the primitive
that it was lowered from. The lowered and the compiled program are added up by opcode. The sums say
how much changed, and not why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.cost.record import NOTHING
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.ir.equation import Block
from pytest_jaxcost.report.stages import CHANGING, OTHER, Change

SMALLEST = 0.01
"""The least part of a stage's flops, transcendentals or bytes that has a row of its own."""

MOST = 8
"""The rows of one step, ``other`` not counted."""

OPCODES = 3
"""The opcodes that a row names."""


class StagePart(NamedTuple):
    """Equations or instructions that are alike: the operation that they belong to, and amounts."""

    operation: str
    opcode: str
    amounts: tuple[int, int, int, int]


@dataclass(slots=True)
class Row:
    """One operation in both stages: how often it is there, and by how much its amounts differ.

    ``after`` counts its instructions by opcode, ``moved`` the bytes that they access.
    """

    before: int = 0
    after: Counter[str] = field(default_factory=Counter)
    moved: Counter[str] = field(default_factory=Counter)
    amounts: Counter[str] = field(default_factory=Counter)


def equations(facts: Facts) -> Iterator[StagePart]:
    """The equations of the traced program; their amounts add up to its totals."""
    for region, equation in facts.program.walk():
        control, name = equation.control, equation.primitive
        if isinstance(control, Block) and control.shared:
            continue
        runs = control is None and is_live(equation, facts.live)
        cost = (facts.price(equation.eqn) if runs else None) or NOTHING
        spent = cost.times(facts.runs[id(region)].times)
        amounts = (region.sites, spent.flops, spent.transcendentals, spent.bytes_accessed)
        yield StagePart(name, name, amounts)


def instructions(
    pricing: hlo.Pricing, operation: Callable[[hlo.Instruction, str], str]
) -> Iterator[StagePart]:
    """The instructions of an HLO program; their amounts add up to its totals.

    `operation` takes an instruction and its opcode and names the operation that it belongs to.
    """
    for run in hlo.runs(pricing):
        opcode = run.instruction.target or run.opcode
        amounts = (1, *run.cost.times(run.executions))
        yield StagePart(operation(run.instruction, opcode), opcode, amounts)


def primitive(instruction: hlo.Instruction, traced: Container[str]) -> str:
    """The primitive that an instruction was lowered from, ``other`` where it names none.

    Of several names it is the first that is among the `traced` ones, if there is one.
    """
    metadata = instruction.metadata
    names = [name.rpartition("/")[2] for name in metadata.op_names] if metadata else []
    return next((name for name in names if name in traced), names[0] if names else "") or OTHER


def changes(
    before: Iterable[StagePart], after: Iterable[StagePart], whole: Mapping[str, int]
) -> tuple[Change, ...]:
    """The operations that changed, the largest part of `whole` first; then ``other``, the rest."""
    rows = _rows(before, after)
    rest = rows.pop(OTHER, Row()).amounts
    parts = {name: _part(row, whole) for name, row in rows.items()}
    ordered = sorted(rows, key=lambda name: (-parts[name], name))
    shown = [name for name in ordered[:MOST] if parts[name] >= SMALLEST]
    for name in rows.keys() - set(shown):
        rest.update(rows[name].amounts)
    found = [
        Change(operation=name, what=_what(name, rows[name]), **rows[name].amounts) for name in shown
    ]
    return (*found, *([Change(operation=OTHER, what=OTHER, **rest)] if any(rest.values()) else []))


def _rows(before: Iterable[StagePart], after: Iterable[StagePart]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for part in before:
        row = rows.setdefault(part.operation, Row())
        row.before += part.amounts[0]
        row.amounts.subtract(_named(part))
    for part in after:
        row = rows.setdefault(part.operation, Row())
        row.after[part.opcode] += part.amounts[0]
        row.moved[part.opcode] += part.amounts[-1]
        row.amounts.update(_named(part))
    return rows


def _named(part: StagePart) -> Mapping[str, int]:
    return dict(zip(CHANGING, part.amounts, strict=True))


def _part(row: Row, whole: Mapping[str, int]) -> float:
    """The largest part of the flops, transcendentals or bytes."""
    return max(abs(row.amounts[each]) / max(whole[each], 1) for each in CHANGING[1:])


def _what(operation: str, row: Row) -> str:
    """``dot_general 4 -> dot 3``; the opcode is not said where it is the operation's name.

    Of many opcodes it has those that access most bytes.
    """
    total = row.after.total()
    if row.after.keys() <= {operation}:
        return f"{operation} {row.before:,} -> {total:,}"
    most = sorted(row.after, key=lambda opcode: (-row.moved[opcode], opcode))
    named = [f"{opcode} {row.after[opcode]:,}" for opcode in most[:OPCODES]]
    more = [f"... of {total:,}"] if len(most) > OPCODES else []
    return f"{operation} {row.before:,} -> {', '.join(named + more)}"
