"""Survival: what of a finding's work is still there in the optimized program.

The program is compiled twice, as it is and without the findings of a kind; what the second one
saves is what the compiler had not removed. No instruction is looked for by name or place. The
opcodes say which findings the saved work is of. Findings that share opcodes are judged together,
and it may be that they survive while instructions of a finding's own opcodes are as many without
it: all such findings are judged again, by a program without them and nothing else. Where a part of
a finding survives, the program is compiled without this one alone, costliest first, within a
budget; then all that is saved is of this finding, whatever the compiler makes of its primitive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from pytest_jaxcost import hlo
from pytest_jaxcost.analyses.prices import EDITED, Prices, Without
from pytest_jaxcost.compiled import Compiled
from pytest_jaxcost.cost.opcodes import opcodes_of
from pytest_jaxcost.report.metrics import ABOUT_MEMORY
from pytest_jaxcost.report.records import Finding, Findings
from pytest_jaxcost.rewrite.edits import RewriteError

Opcodes = frozenset[str]

BUDGET = 4
"""Programs that are compiled without one finding, of one kind."""

NEARLY_NONE, NEARLY_ALL = Fraction(1, 50), Fraction(19, 20)
"""What is rounded off: fusing computes cheap values again in one program and not in the other."""

NOT_WASTE = "it is information: no program without it is written down"
NO_EDIT = "the program without it cannot be written down"

Compile = Callable[[Without], Compiled]
"""Compiles the program without some findings; raises RewriteError where there is none."""


class UnreadError(Exception):
    """A compiled program that cannot be read; the message is the reason."""


class Amounts(NamedTuple):
    """Operations and executions by opcode."""

    operations: Mapping[str, int]
    executions: Mapping[str, int]


class Work(NamedTuple):
    """What a program does where each loop of unknown length runs once, and where it runs twice."""

    once: Amounts
    twice: Amounts
    temp_bytes: int | None


class Saved(NamedTuple):
    """The operations and executions, by opcode, that a program has less than another."""

    operations: Mapping[str, int]
    executions: Mapping[str, int]
    before: Mapping[str, int]
    """The operations, by opcode, of the program that has more."""


class Asked(NamedTuple):
    """A finding and what it costs if nothing else is claimed."""

    finding: Finding
    operations: int
    opcodes: Opcodes


class Group(NamedTuple):
    """Findings that are found under the same opcodes."""

    opcodes: Opcodes
    asked: list[Asked]


class Verdict(NamedTuple):
    """A finding as its group is judged, and whether its own opcodes say otherwise."""

    finding: Finding
    is_disputed: bool


class Survival:
    """What of one program's findings survives compilation for one target."""

    def __init__(self, prices: Prices, compiled: Compiled, compile_without: Compile) -> None:
        self._prices, self._compiled, self._compile = prices, compiled, compile_without

    def judged(self, kind: str) -> Findings:
        """The findings of a kind with what the compiler makes of each."""
        found = self._prices.priced(kind)
        if not found or kind in ABOUT_MEMORY:
            return found
        if kind == "dead":
            return found.mapped(_removed)
        if kind not in EDITED:
            return found.mapped(lambda each: _unknown(each, NOT_WASTE))
        verdicts = self._verdicts(found)
        return found.mapped(lambda each: verdicts[id(each)])

    def _verdicts(self, found: Findings) -> dict[int, Finding]:
        without = self._prices.alone(tuple(found))
        reasons = {id(each): each.no_edit or NO_EDIT for each in found if not each.edits}
        reasons |= without.reasons
        written = [each for each in found if id(each) in without.written]
        verdicts = {
            id(each): _unknown(each, reasons[id(each)])
            for each in found
            if id(each) not in without.written
        }
        if written:
            try:
                judged = self._compared(without, written)
            except (RewriteError, UnreadError) as error:
                judged = [_unknown(each, str(error)) for each in written]
            verdicts |= {id(each): made for each, made in zip(written, judged, strict=True)}
        return verdicts

    def _compared(self, without: Without, found: Sequence[Finding]) -> list[Finding]:
        """The verdicts that all findings together give, and the rest one by one."""
        before = _work(self._compiled)
        after = _work(self._compile(without))
        verdicts = _shared_out(self._asked(tuple(found)), _saved(before, after))
        judged = [each.finding for each in verdicts]
        disputed = [k for k, each in enumerate(verdicts) if each.is_disputed]
        open_ones = [
            k for k, each in enumerate(judged) if each.survival == "partly" and k not in disputed
        ]
        open_ones.sort(key=lambda k: found[k].cost, reverse=True)
        alone = [[k] for k in (open_ones[:BUDGET] if len(found) > 1 else ())]
        for chosen in ([disputed] if 0 < len(disputed) < len(found) else []) + alone:
            apart = self._apart(before, [found[k] for k in chosen])
            for k, each in zip(chosen, apart, strict=True):
                judged[k] = each
        return [replace(each, more_temp_bytes=_more_memory(before, after)) for each in judged]

    def _apart(self, before: Work, found: Sequence[Finding]) -> list[Finding]:
        """The verdicts that a program without these findings and nothing else gives."""
        some = tuple(found)
        try:
            after = _work(self._compile(self._prices.alone(some)))
        except (RewriteError, UnreadError) as error:
            return [_unknown(each, str(error)) for each in some]
        return [each.finding for each in _shared_out(self._asked(some), _saved(before, after))]

    def _asked(self, found: tuple[Finding, ...]) -> list[Asked]:
        costs, primitives = self._prices.costs_alone(found), self._prices.primitives_alone(found)
        return [
            Asked(each, spent.cost.operations, _opcodes(each, names))
            for each, spent, names in zip(found, costs, primitives, strict=True)
        ]


def _opcodes(finding: Finding, primitives: Collection[str]) -> Opcodes:
    """What the work of a finding may be compiled to."""
    return frozenset[str]().union(*map(opcodes_of, primitives or _primitives(finding)))


def _primitives(finding: Finding) -> set[str]:
    return {each.primitive for each in finding.equations}


def _work(compiled: Compiled) -> Work:
    pricing = compiled.pricing
    if pricing is None:
        raise UnreadError(compiled.program.hidden)
    once = _amounts(pricing, 1)
    twice = _amounts(pricing, 2) if pricing.loops.has_unknown else once
    return Work(once, twice, compiled.temp_bytes)


def _more_memory(before: Work, after: Work) -> int | None:
    """The temporary memory that the second program needs beyond that of the first."""
    if before.temp_bytes is None or after.temp_bytes is None:
        return None
    return max(0, after.temp_bytes - before.temp_bytes)


def _amounts(pricing: hlo.Pricing, trips: int) -> Amounts:
    operations: Counter[str] = Counter()
    executions: Counter[str] = Counter()
    for run in hlo.runs(pricing, trips):
        operations[run.opcode] += (run.cost.flops + run.cost.transcendentals) * run.executions
        executions[run.opcode] += run.executions
    return Amounts(operations, executions)


def _saved(before: Work, after: Work) -> Saved:
    """What the first iteration of loops of unknown length saves, or the second if that is more.

    A finding in such a loop is priced by the iteration. What the better program computes before
    the loop is saved from the second iteration on.
    """
    operations, executions = (
        _of_an_iteration(_less(*once), _less(*twice))
        for once, twice in zip(
            zip(before.once, after.once, strict=True),
            zip(before.twice, after.twice, strict=True),
            strict=True,
        )
    )
    return Saved(operations, executions, before.once.operations)


def _of_an_iteration(once: Mapping[str, int], twice: Mapping[str, int]) -> Mapping[str, int]:
    return {name: max(first, twice[name] - first, key=abs) for name, first in once.items()}


def _less(before: Mapping[str, int], after: Mapping[str, int]) -> Mapping[str, int]:
    return {each: before.get(each, 0) - after.get(each, 0) for each in {**before, **after}}


def _shared_out(asked: Sequence[Asked], saved: Saved) -> list[Verdict]:
    """The findings with the part of each that survives: that of its opcodes.

    What no opcode of the program is known for shares what the others leave over.
    """
    groups = _groups(asked, frozenset(saved.before))
    named = frozenset[str]().union(*(group.opcodes for group in groups))
    verdicts: dict[int, Verdict] = {}
    for group in groups:
        rest = saved.operations.keys() - named
        part = _part(group.asked, saved, group.opcodes or rest)
        if part == 0 and not any(saved.before[each] for each in group.opcodes):
            part = _part(group.asked, saved, rest)
        if _is_open(part) and len(asked) == 1:
            part = _part(asked, saved, saved.operations)
        verdicts |= {id(each.finding): _verdict(each, group, saved, part) for each in group.asked}
    return [verdicts[id(each.finding)] for each in asked]


def _verdict(asked: Asked, group: Group, saved: Saved, part: Fraction) -> Verdict:
    """The part of a group is that of each finding, unless its own opcodes say otherwise."""
    is_left = part > NEARLY_NONE and len(group.asked) > 1
    return Verdict(_judged(asked.finding, part), is_left and _saves_none(asked, saved))


def _saves_none(asked: Asked, saved: Saved) -> bool:
    """Whether there are as many instructions like the finding's own without it."""
    names = _primitives(asked.finding)
    own = frozenset[str]().union(*map(opcodes_of, names)) & saved.before.keys()
    return bool(own) and not any(saved.executions[each] or saved.operations[each] for each in own)


def _groups(asked: Iterable[Asked], there: Opcodes) -> list[Group]:
    """The findings by the opcodes of the program that they may be found under."""
    groups: list[Group] = []
    for each in asked:
        own = each.opcodes & there
        shared = [group for group in groups if group.opcodes & own or group.opcodes == own]
        opcodes = own.union(*(group.opcodes for group in shared))
        joined = Group(opcodes, [*(one for group in shared for one in group.asked), each])
        groups = [group for group in groups if group not in shared] + [joined]
    return groups


def _is_open(part: Fraction) -> bool:
    return NEARLY_NONE < part < NEARLY_ALL


def _part(group: Sequence[Asked], saved: Saved, opcodes: Iterable[str]) -> Fraction:
    """Which part of a group survives: of its operations, or of its runs if none are known."""
    chosen = tuple(opcodes)
    price, amounts = sum(each.operations for each in group), saved.operations
    if price <= 0 or not any(saved.before.get(each) for each in chosen):
        price, amounts = sum(each.finding.executions or 0 for each in group), saved.executions
    found = Fraction(sum(amounts.get(each, 0) for each in chosen))
    if amounts is saved.operations:
        found += _unpriced(group, saved)
    return min(max(found / price, Fraction(0)), Fraction(1)) if price > 0 else Fraction(0)


def _unpriced(group: Iterable[Asked], saved: Saved) -> Fraction:
    """The operations that are saved in instructions of unknown cost, such as a TPU's ``eigh``.

    They are a part of what the equations cost: as large as that of the instructions which are gone.
    """
    operations, runs, opcodes = 0, 0, set[str]()
    for each in (each for asked in group for each in asked.finding.equations):
        own = opcodes_of(each.primitive) & saved.before.keys()
        if own and not any(saved.before[name] for name in own):
            operations += each.operations
            runs += each.executions or each.count
            opcodes |= own
    gone = sum(saved.executions[name] for name in opcodes)
    return operations * min(Fraction(gone, runs), Fraction(1)) if runs else Fraction(0)


def _judged(finding: Finding, part: Fraction) -> Finding:
    if part <= NEARLY_NONE:
        return _removed(finding)
    return replace(
        finding,
        survival="survives" if part >= NEARLY_ALL else "partly",
        surviving_flops=_of(finding.flops, part),
        surviving_transcendentals=_of(finding.transcendentals, part),
    )


def _of(amount: int, part: Fraction) -> int:
    return amount if part >= NEARLY_ALL else int(amount * part)


def _removed(finding: Finding) -> Finding:
    return replace(finding, survival="removed")


def _unknown(finding: Finding, reason: str) -> Finding:
    return replace(finding, survival="unknown", survival_reason=reason)
