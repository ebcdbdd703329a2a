"""What an optimized program computes more often than the program it was made of asks for.

Two sources have to agree. Within the optimized program, equal values in fusions of one region are
copies of one computation (see `regions`), and so is what the compiler names `.remat`. Between the
programs, instructions of one opcode that were lowered from one primitive at one place are counted
on both sides. What has copies, and is computed more often than asked for, is cloned: neither
equations that the compiler merged nor those that it rewrote as others pass for clones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.costs import Pricing
from pytest_jaxcost.hlo.records import Metadata
from pytest_jaxcost.hlo.regions import REMATERIALIZED, Evaluation, Region, regions

Line = tuple[str, int]
"""File and line."""


class Key(NamedTuple):
    """What instructions are counted together by: the opcode, and where they come from."""

    opcode: str
    primitive: str
    line: Line | None


class Amount(NamedTuple):
    """Instructions, and what they are in one run of the program."""

    instructions: int = 0
    executions: int = 0
    flops: int = 0
    transcendentals: int = 0

    def plus(self, other: Amount) -> Amount:
        """Both together."""
        return Amount(*map(sum, zip(self, other, strict=True)))

    def beyond(self, other: Amount) -> Amount:
        """By how much it is more than the other, 0 where it is less."""
        return Amount(*(max(0, a - b) for a, b in zip(self, other, strict=True)))

    def at_most(self, other: Amount) -> Amount:
        """The smaller of the two in each field."""
        return Amount(*map(min, self, other))


class Times(NamedTuple):
    """How often a region is entered from one place: in how many instructions, in how many runs.

    Loops of unknown length run once; `known` if there is none around.
    """

    sites: int
    runs: int
    known: bool

    def amount(self, cost: Cost) -> Amount:
        """What an instruction of this cost is in one run of the program."""
        runs = self.runs
        return Amount(self.sites, runs, cost.flops * runs, cost.transcendentals * runs)


Entries = Mapping[Line | None, Times]
"""How often a region is entered, by the innermost line of the calls around it."""


class Copy(NamedTuple):
    """An instruction that computes what another one of its region computes."""

    evaluation: Evaluation
    amount: Amount
    known: bool


class Clone(NamedTuple):
    """What one opcode of one place is computed too often, the copies costliest last.

    `asked` and `done` are the amounts of both programs, `surplus` what the copies are of their
    difference. It is a lower bound unless `exact`.
    """

    key: Key
    copies: tuple[Evaluation, ...]
    asked: Amount
    done: Amount
    surplus: Amount
    exact: bool

    @property
    def rematerialized(self) -> bool:
        """Whether the compiler made the copies to save memory, not to fuse."""
        return all(REMATERIALIZED in each.instruction.name for each in self.copies)


class _Tally(NamedTuple):
    """A program's amounts by key; `unknown` has the keys in loops of unknown length."""

    amounts: Mapping[Key, Amount]
    unknown: frozenset[Key]
    copies: Mapping[Key, list[Copy]]


def clones(lowered: Pricing, optimized: Pricing) -> tuple[Clone, ...]:
    """Return what the optimized program computes more often than the lowered one asks for.

    Only work counts: an instruction without flops and transcendentals may be repeated.
    """
    asked, done = _tally(lowered), _tally(optimized)
    is_divided = optimized.module.attributes.get("num_partitions", "1") != "1"
    found = (_clone(key, asked, done, is_divided=is_divided) for key in done.copies)
    return tuple(each for each in found if each is not None)


def _clone(key: Key, asked: _Tally, done: _Tally, *, is_divided: bool) -> Clone | None:
    """What is cloned of one key; None if nothing is, or nothing was asked for."""
    if key not in asked.amounts:
        return None
    most = done.amounts[key].beyond(asked.amounts[key])
    copies = sorted(done.copies[key], key=lambda copy: copy.amount)[: most.instructions]
    surplus = _total(copy.amount for copy in copies)
    if (key in asked.unknown) == (key in done.unknown):
        surplus = surplus.at_most(_comparable(most, surplus, is_divided=is_divided))
    if not surplus.executions or not (surplus.flops or surplus.transcendentals):
        return None
    evaluations = tuple(copy.evaluation for copy in copies)
    exact = all(copy.known for copy in copies)
    return Clone(key, evaluations, asked.amounts[key], done.amounts[key], surplus, exact)


def _comparable(most: Amount, surplus: Amount, *, is_divided: bool) -> Amount:
    """What bounds the surplus; of one device's part, its work cannot be held against the whole."""
    if not is_divided:
        return most
    return most._replace(flops=surplus.flops, transcendentals=surplus.transcendentals)


def _tally(pricing: Pricing) -> _Tally:
    found = regions(pricing)
    amounts: dict[Key, Amount] = {}
    copies: dict[Key, list[Copy]] = defaultdict(list)
    unknown: set[Key] = set()
    for name, entries in _entries(found, pricing.module.entry).items():
        for each, key, times in _entered(found[name].evaluations, entries):
            amounts[key] = amounts.get(key, Amount()).plus(times.amount(each.cost))
            if not times.known:
                unknown.add(key)
        for each, key, times in _entered(_copies(found[name].evaluations), entries):
            copies[key].append(Copy(each, times.amount(each.cost), times.known))
    return _Tally(amounts, frozenset(unknown), copies)


def _entered(
    evaluations: Iterable[Evaluation], entries: Entries
) -> Iterator[tuple[Evaluation, Key, Times]]:
    for each in evaluations:
        names = each.source.op_names
        primitive = names[0].rpartition("/")[2] if names else ""
        for line, times in entries.items():
            yield each, Key(each.opcode, primitive, _line(each.source) or line), times


def _line(source: Metadata) -> Line | None:
    return source.frames[0][:2] if source.frames else None


def _entries(found: Mapping[str, Region], entry: str) -> Mapping[str, Entries]:
    """How often each region is entered; of a conditional's branches each one."""
    entries: dict[str, dict[Line | None, Times]] = {name: {} for name in found}
    entries[entry] = {None: Times(1, 1, known=True)}
    for name in reversed(tuple(found)):
        for inner in found[name].inner:
            for line, (sites, runs, known) in entries[name].items():
                more = Times(sites, runs * (inner.times or 1), known and inner.times is not None)
                for each in inner.names:
                    _add(entries[each], _line(inner.source) or line, more)
    return entries


def _add(entries: dict[Line | None, Times], line: Line | None, more: Times) -> None:
    sites, runs, known = entries.get(line, Times(0, 0, known=True))
    entries[line] = Times(sites + more.sites, runs + more.runs, known and more.known)


def _copies(evaluations: Iterable[Evaluation]) -> Iterator[Evaluation]:
    """The instructions of a region that repeat a value and are the compiler's own."""
    values: dict[int, list[Evaluation]] = defaultdict(list)
    for each in evaluations:
        values[each.value].append(each)
    for alike in values.values():
        made = [each for each in alike if each.may_be_a_copy]
        yield from made[1 if len(made) == len(alike) else 0 :]


def _total(amounts: Iterable[Amount]) -> Amount:
    total = Amount()
    for each in amounts:
        total = total.plus(each)
    return total
