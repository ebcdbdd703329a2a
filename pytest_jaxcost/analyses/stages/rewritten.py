"""What the compiler writes in other instructions: gone and made under the name of one primitive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_jaxcost.analyses.stages.amounts import NONE, Amounts, change, listed, together
from pytest_jaxcost.analyses.stages.work import Doing, Kind
from pytest_jaxcost.report.stages import UNEXPLAINED, Change

WHAT: Mapping[str, str] = {
    "removed": "simplified away: {opcodes}",
    "added": "added by the compiler: {opcodes}",
    "smaller": "on smaller arrays: {opcodes}",
    "larger": "on larger arrays: {opcodes}",
    "devices": "one of {n} devices' part: {opcodes}",
    UNEXPLAINED: "{opcodes}",
}


@dataclass(slots=True)
class Line:
    """What is gone and what was made under one name, by opcode."""

    gone: dict[str, Amounts] = field(default_factory=dict)
    made: dict[str, Amounts] = field(default_factory=dict)


@dataclass(slots=True)
class Rewriting:
    """What two programs write in instructions of different kinds, by name."""

    lines: dict[str, Line] = field(default_factory=dict)
    other_bytes: int = 0
    """How many bytes more the instructions access that both programs have."""

    def keep(self, before: Iterable[Doing], after: Iterable[Doing]) -> None:
        """Note that both programs have these: they may access other bytes."""
        self.other_bytes += _bytes(after) - _bytes(before)

    def add(self, kind: Kind, before: Sequence[Doing], after: Sequence[Doing]) -> None:
        """Divide the difference in one kind among the names that have too few or too many."""
        counts = _shared_out(before, after, lambda _: 1)
        executions = _shared_out(before, after, lambda each: each.executions)
        self.keep(before, after)
        for name in {**counts, **executions}:
            times = executions.get(name, 0)
            nbytes = _part(after if times > 0 else before, times)
            self.other_bytes -= nbytes
            work = (kind.flops * times, kind.transcendentals * times)
            self._note(name, kind.opcode, Amounts(counts.get(name, 0), *work, nbytes))

    def _note(self, name: str, opcode: str, amounts: Amounts) -> None:
        line = self.lines.setdefault(name, Line())
        side = line.made if next(filter(None, amounts), 0) > 0 else line.gone
        side[opcode] = side.get(opcode, NONE).plus(amounts)


def _shared_out(
    before: Iterable[Doing], after: Iterable[Doing], number: Callable[[Doing], int]
) -> dict[str, int]:
    """The difference of the sums, among the names that it comes from, the largest first."""
    sums: Counter[str] = Counter()
    for each in after:
        sums[each.name] += number(each)
    for each in before:
        sums[each.name] -= number(each)
    left = abs(total := sum(sums.values()))
    sign = 1 if total > 0 else -1
    parts: dict[str, int] = {}
    for name, difference in sorted(sums.items(), key=lambda pair: (-sign * pair[1], pair[0])):
        if part := min(left, max(0, sign * difference)):
            parts[name] = sign * part
            left -= part
    return parts


def _bytes(doing: Iterable[Doing]) -> int:
    return sum(each.nbytes * each.executions for each in doing)


def _part(doing: Sequence[Doing], times: int) -> int:
    """The bytes of so many runs, each of them as many as they have on average."""
    total = sum(each.executions for each in doing)
    return _bytes(doing) * times // total if times else 0


def rewritten(rewriting: Rewriting, devices: int) -> Iterator[Change]:
    """What is written in other instructions, a change a name, and what became of the rest."""
    rest: dict[str, dict[str, list[Amounts]]] = {sort: {} for sort in WHAT}
    for name, line in rewriting.lines.items():
        _resize(line, rest["devices" if devices > 1 else "smaller"], sign=-1)
        _resize(line, rest["larger"], sign=1)
        if line.gone and line.made:
            yield _rewritten(name, line)
            continue
        sort = "removed" if line.gone else ("added" if name else UNEXPLAINED)
        for opcode, amounts in {**line.gone, **line.made}.items():
            rest[sort].setdefault(opcode, []).append(amounts)
    for sort, found in rest.items():
        if found:
            yield _collected(sort, found, devices)


def _resize(line: Line, resized: dict[str, list[Amounts]], *, sign: int) -> None:
    """Take out as many instructions of one opcode as before that all in all do less, or more."""
    for opcode in line.gone.keys() & line.made.keys():
        both = line.gone[opcode].plus(line.made[opcode])
        work = sign * (both.flops + both.transcendentals)
        if not both.instructions and work > 0:
            resized.setdefault(opcode, []).append(both)
            del line.gone[opcode], line.made[opcode]


def _rewritten(name: str, line: Line) -> Change:
    amounts = together([*line.gone.values(), *line.made.values()])
    gone, made = (listed(_counts(side)) for side in (line.gone, line.made))
    return change("rewritten", f"{name or 'no name'}: {gone} -> {made}", amounts)


def _counts(side: Mapping[str, Amounts]) -> dict[str, int]:
    return {opcode: abs(each.instructions) or 1 for opcode, each in side.items()}


def _collected(sort: str, found: Mapping[str, list[Amounts]], devices: int) -> Change:
    opcodes = {name: _count(each) for name, each in found.items()}
    amounts = together(each for amounts in found.values() for each in amounts)
    return change(sort, WHAT[sort].format(n=devices, opcodes=listed(opcodes)), amounts)


def _count(amounts: Iterable[Amounts]) -> int:
    """How many instructions; of those that only do more or less now, in how many places."""
    return sum(abs(each.instructions) or 1 for each in amounts)
