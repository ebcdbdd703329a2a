"""Instructions of one kind in two programs: which of them are gone, and which came along.

Where both programs run a kind equally often nothing happened to it, wherever it stands now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_jaxcost.analyses.stages.amounts import NONE, Amounts, together
from pytest_jaxcost.analyses.stages.rewritten import Rewriting
from pytest_jaxcost.analyses.stages.work import Doing, Kind

GONE: Mapping[str, Callable[[Doing], bool]] = {
    "merged": lambda each: each.repeated,
    "folded": lambda each: each.constant,
}
"""Why an instruction of the lowered program can be missing in the compiled one."""


@dataclass(slots=True)
class Sort:
    """The changes of one sort, added up over all kinds."""

    amounts: Amounts = NONE
    opcodes: Counter[str] = field(default_factory=Counter)

    def add(self, kind: Kind, amounts: Amounts, count: int) -> None:
        """Add a change that `count` instructions of one kind are behind."""
        self.amounts = self.amounts.plus(amounts)
        self.opcodes[kind.opcode] += count


def compare(
    before: Iterable[Doing], after: Iterable[Doing]
) -> tuple[Mapping[str, Sort], Rewriting]:
    """What happened to the kinds of both programs, and what is written in other kinds."""
    sorts: dict[str, Sort] = {}
    rewriting = Rewriting()
    ours, theirs = _by_kind(before), _by_kind(after)
    for kind in {**ours, **theirs}:
        _compare(kind, ours.get(kind, []), theirs.get(kind, []), sorts, rewriting)
    return sorts, rewriting


def _by_kind(doing: Iterable[Doing]) -> dict[Kind, list[Doing]]:
    found: dict[Kind, list[Doing]] = {}
    for each in doing:
        found.setdefault(each.kind, []).append(each)
    return found


def _compare(
    kind: Kind,
    before: list[Doing],
    after: list[Doing],
    sorts: dict[str, Sort],
    rewriting: Rewriting,
) -> None:
    def note(sort: str, amounts: Amounts, count: int) -> None:
        if amounts != NONE:
            sorts.setdefault(sort, Sort()).add(kind, amounts, count)

    copies = [each for each in after if each.repeated and each.fused]
    after = _without(after, copies)
    note("copied", together(each.amounts for each in copies), len(copies))
    for sort, is_it in GONE.items():
        gone = _gone(filter(is_it, before), runs(before) - runs(after))
        before = _without(before, gone)
        note(sort, NONE.minus(together(each.amounts for each in gone)), len(gone))
    more, again = len(after) - len(before), runs(after) - runs(before)
    if _is_unrolled(before, after):
        note("unrolled", Amounts(more), len(after))
        rewriting.keep(before, after)
    elif not more and again:
        work = Amounts(0, kind.flops * again, kind.transcendentals * again)
        note("less" if again < 0 else "more", work, len(after))
        rewriting.keep(before, after)
    else:
        rewriting.add(kind, before, after)


def runs(doing: Iterable[Doing]) -> int:
    """How often all of them run."""
    return sum(each.executions for each in doing)


def _gone(candidates: Iterable[Doing], surplus: int) -> list[Doing]:
    """Of the instructions that may be gone, as many as run too often by `surplus`."""
    gone = []
    for each in candidates:
        if 0 < each.executions <= surplus:
            gone.append(each)
            surplus -= each.executions
    return gone


def _without(doing: Sequence[Doing], less: Collection[Doing]) -> list[Doing]:
    dropped = {id(each) for each in less}
    return [each for each in doing if id(each) not in dropped]


def _is_unrolled(before: Sequence[Doing], after: Sequence[Doing]) -> bool:
    """Whether more instructions run less often each, and equally often together."""
    if runs(before) != runs(after) or len(after) <= len(before):
        return False
    return max(each.executions for each in after) < max(each.executions for each in before)
