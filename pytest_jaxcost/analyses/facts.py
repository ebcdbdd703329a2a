"""What analyses build on: the program, its values and costs, each worked out once when asked."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from pytest_jaxcost import _compat
from pytest_jaxcost.cost import sizes as cost_sizes
from pytest_jaxcost.cost.caveats import caveat, is_doubtful
from pytest_jaxcost.cost.parts import RegionRuns, counted_runs
from pytest_jaxcost.cost.price import price
from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.cost.registry import RULES
from pytest_jaxcost.cost.tally import Tally, block_tally, tallies
from pytest_jaxcost.flow.constant_axes import constant_axes
from pytest_jaxcost.flow.dependence import arguments, dependents, makers
from pytest_jaxcost.flow.evaluations import Evaluations
from pytest_jaxcost.flow.indices import index_values
from pytest_jaxcost.flow.invariance import Invariance, invariance
from pytest_jaxcost.flow.live import is_live, live_values
from pytest_jaxcost.flow.numbers import value_numbers
from pytest_jaxcost.flow.repeats import Occurrence, Repetition, occurrences, repetitions
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Region
from pytest_jaxcost.ir.inline import inline
from pytest_jaxcost.ir.phases import Phases
from pytest_jaxcost.report.records import Evidence, Finding, Place, Totals
from pytest_jaxcost.report.units import FLOOR
from pytest_jaxcost.rewrite.edits import Edit

INDEX_ELEMENTS = 32
"""Integer and boolean results of at most so many elements are index arithmetic, not work. What is
made of literals alone is none either where it is as small, or a mask that ``jnp.tril`` makes of an
iota: XLA folds it."""

DEAD = "dead"

UNKNOWN = "its cost is unknown and counted as nothing: "
BOUND = "its cost is a lower bound: "


class Facts:
    """Facts about one jaxpr.

    `libraries` are folders whose frames are never shown; `own` are installed packages, as folders,
    that are the user's own code like what is not installed. `floor` is the share of the program's
    operations from which a finding counts.
    """

    def __init__(
        self,
        jaxpr: Any,
        libraries: tuple[str, ...] = (),
        own: tuple[str, ...] = (),
        floor: str = FLOOR,
    ) -> None:
        self.jaxpr = jaxpr
        self.floor = floor
        self.libraries = libraries
        measured = _compat.measured_package(jaxpr)
        self.own = (*own, measured) if measured else own
        self.members: frozenset[int] | None = None
        self.doubts: dict[str, str] = {}
        """Why the cost of a primitive is unknown or a lower bound, of those priced so far."""
        self._costs: dict[int, Cost | None] = {}

    @cached_property
    def program(self) -> Inlined:
        return inline(self.jaxpr, RULES)

    @cached_property
    def is_wide(self) -> bool:
        """Whether the program has numbers of 64 bits."""
        return _compat.needs_x64(self.program.avals)

    @cached_property
    def numbers(self) -> Sequence[int]:
        return value_numbers(self.program)

    @cached_property
    def live(self) -> bytearray:
        return live_values(self.program)

    @cached_property
    def given(self) -> bytearray:
        """One byte per value: 1 if it is computed from an argument or a captured array."""
        captured = (
            value
            for value, content in self.program.constants.items()
            if not isinstance(content, _compat.Literal)
        )
        return dependents(self.program, (*arguments(self.program), *captured))

    @cached_property
    def indices(self) -> bytearray:
        """One byte per value: 1 if it leads to places in an array and to nothing else."""
        return index_values(self.program)

    @cached_property
    def invariance(self) -> Invariance | None:
        """What changes in which loop; None if there is no loop."""
        return invariance(self.program)

    @cached_property
    def repetitions(self) -> list[Repetition]:
        """Values computed more than once by live equations."""
        return repetitions(self.program, self.numbers, self.live)

    @cached_property
    def _holders(self) -> dict[int, tuple[Region, Equation]]:
        """The equation that holds each region, and where that stands, by the region's ``id``."""
        return {
            id(inner): (region, equation)
            for region, equation in self.program.walk()
            for inner in (() if equation.control is None else equation.control.regions)
        }

    @cached_property
    def _results(self) -> dict[int, int]:
        """The first result of each equation, by the equation's ``id``."""
        walk = (equation for _, equation in self.program.walk())
        return {id(each): each.outputs[0] for each in walk if each.outputs}

    def results_of(self, equations: Iterable[int]) -> list[int]:
        """The first results of equations, which are given by their ``id``."""
        return [self._results[each] for each in equations if each in self._results]

    def holders_of(self, region: Region) -> list[Equation]:
        """The loops, branches and blocks that a region is inside of, outermost first."""
        found: list[Equation] = []
        while (holder := self._holders.get(id(region))) is not None:
            region, equation = holder
            found.append(equation)
        return found[::-1]

    @cached_property
    def makers(self) -> Mapping[int, Equation]:
        """The equation that each value is a result of."""
        return makers(self.program)

    @cached_property
    def constant_axes(self) -> Sequence[int]:
        """The axes that each value is constant along, as a bit mask."""
        return constant_axes(self.program)

    @cached_property
    def evaluations(self) -> Evaluations:
        """The runs of the user's code that equations come from."""
        return Evaluations(
            self.program,
            self.numbers,
            lambda equation: not self.is_bookkeeping(equation),
            lambda file: not self.is_library(file),
            is_derived=_compat.is_derived(self.jaxpr),
        )

    @cached_property
    def phases(self) -> Phases:
        return Phases(self.program)

    @cached_property
    def by_source(self) -> dict[_compat.Frame | None, list[tuple[int, Occurrence]]]:
        """What each of the user's expressions made, with its position in the program."""
        made: dict[_compat.Frame | None, list[tuple[int, Occurrence]]] = {}
        for position, occurrence in enumerate(occurrences(self.program)):
            made.setdefault(where.source(occurrence.equation), []).append((position, occurrence))
        return made

    @cached_property
    def tallies(self) -> dict[int, Tally]:
        """What one run of each region costs, dead equations left out, by the region's ``id``."""
        return tallies(self.program, self.price, self.is_live)

    @cached_property
    def written_tallies(self) -> dict[int, Tally]:
        """The same with dead equations: what it costs to run all that is written."""
        return tallies(self.program, self.price)

    @cached_property
    def runs(self) -> dict[int, RegionRuns]:
        """How often each region runs in the totals, by its ``id``."""
        return counted_runs(self.program, self.tallies, self.is_live)

    @cached_property
    def totals(self) -> Totals:
        """What runs of the whole program, in numbers."""
        return self._totals(self.tallies)

    @cached_property
    def written(self) -> Totals:
        """The whole program as it is written, in numbers."""
        return self._totals(self.written_tallies)

    def _totals(self, of_regions: dict[int, Tally]) -> Totals:
        program, tally = self.program, of_regions[id(self.program.main)]
        primitives: Counter[str] = Counter()
        calls: Counter[str] = Counter()
        for region in program.regions():
            for name, count in Counter(map(_counted_name, region.equations)).items():
                primitives[name] += count * region.sites
            for name, count in region.calls.items():
                calls[name] += count * region.sites
        del primitives[""]
        doubts = self.doubts_about((*tally.executions, *tally.opaque))
        return Totals(
            eqns=primitives.total(),
            flops=tally.cost.flops,
            transcendentals=tally.cost.transcendentals,
            bytes_accessed=tally.cost.bytes_accessed,
            primitives=primitives,
            executions=tally.executions,
            calls=calls,
            exact=program.exact and tally.exact and not doubts,
            caveats=(*program.caveats, *doubts),
        )

    def about(self, program: Inlined) -> Facts:
        """Facts about another program, which has equations in common with this one."""
        other = Facts(self.jaxpr, self.libraries, self.own, self.floor)
        other.program = program
        other._costs, other.doubts = dict(self._costs), dict(self.doubts)
        return other

    def within(self, members: frozenset[int]) -> Facts:
        """The same facts for analyses that only look at equations whose ``id`` is a member."""
        part = copy.copy(self)  # what is worked out already is shared
        part.members = members
        return part

    # one equation

    def is_live(self, equation: Equation) -> bool:
        """Whether a result of the equation reaches an output, or it has an effect."""
        return is_live(equation, self.live)

    def is_member(self, equation: Equation) -> bool:
        """Whether the equation is in the part of the program that is looked at."""
        return self.members is None or id(equation) in self.members

    def price(self, eqn: Any) -> Cost | None:
        """The cost of one run of a leaf, or None if it is opaque."""
        known = self._costs.get(id(eqn), _UNPRICED)
        if known is _UNPRICED:
            known = self._costs[id(eqn)] = price(eqn)
            if is_doubtful(eqn, known) and (reason := caveat(eqn, known)) is not None:
                self.doubts[eqn.primitive.name] = (UNKNOWN if known is None else BOUND) + reason
        return known  # type: ignore[return-value]

    def doubts_about(self, primitives: Iterable[str]) -> tuple[str, ...]:
        """Why the costs of primitives are not exact, for those that were priced."""
        doubtful = sorted(self.doubts.keys() & set(primitives))
        return tuple(f"{name}: {self.doubts[name]}" for name in doubtful)

    def cost(self, equation: Equation) -> Cost | None:
        """The cost of one run of an equation, body included, or None if it is opaque."""
        if isinstance(equation.control, Block):
            of_regions = self.tallies if self.is_live(equation) else self.written_tallies
            tally = block_tally(equation.control, of_regions)
            return tally.cost if tally.exact else None
        return self.price(equation.eqn)

    def is_bookkeeping(self, equation: Equation) -> bool:
        """Whether an equation moves, shapes or counts, and computes nothing of the inputs."""
        if all(self.is_index(value) for value in equation.outputs):
            return True
        cost = self.cost(equation)
        return cost is not None and cost.flops == 0 and cost.transcendentals == 0

    def is_index(self, value: int) -> bool:
        """Whether a value is index arithmetic, or made of literals and as cheap as that.

        Many integers are that too where all they lead to are places in an array.
        """
        aval = self.program.avals[value]
        small = cost_sizes.elements(aval) <= INDEX_ELEMENTS
        discrete = getattr(getattr(aval, "dtype", None), "kind", None) in _DISCRETE
        if discrete and not small and self.indices[value]:
            return True
        return (small and discrete) or ((small or discrete) and not self.given[value])

    def is_library(self, file: str) -> bool:
        """Whether a file is no code of the user's own.

        Installed packages are libraries, but for the one that the measured function belongs to.
        """
        if self.libraries and file.startswith(self.libraries):
            return True
        return bool(_compat.package_of(file)) and not file.startswith(self.own)

    def positions(self, equation: Equation) -> tuple[where.Position, ...]:
        """The user's expressions that made the equation, innermost first."""
        return where.positions(equation, self.libraries)

    # findings

    def finding(
        self,
        kind: str,
        wasted: Sequence[Occurrence],
        *,
        places: Iterable[Place] = (),
        hint: str = "",
        nbytes: int = 0,
        bookkeeping: bool | None = None,
        edits: Iterable[Edit] = (),
        no_edit: str = "",
    ) -> Finding:
        """A finding about the first of `wasted`: what running all of them costs."""
        equation = wasted[0].equation
        costs = [self.cost(o.equation) for o in wasted]
        spent = [
            NOTHING if cost is None else cost.times(o.region.weight)
            for cost, o in zip(costs, wasted, strict=True)
        ]
        evidence = [
            self.evidence(o, cost, nbytes=nbytes) for o, cost in zip(wasted, spent, strict=True)
        ]
        whole = sum(spent, NOTHING)
        return Finding(
            kind=kind,
            equations=tuple(evidence),
            flops=whole.flops,
            transcendentals=whole.transcendentals,
            bytes_accessed=whole.bytes_accessed,
            share=self.share(whole, kind),
            exact=None not in costs and all(_is_exact(o) for o in wasted),
            bookkeeping=self.is_bookkeeping(equation) if bookkeeping is None else bookkeeping,
            places=tuple(places) or evidence[0].places,
            phase=evidence[0].phase,
            scope=where.scope(equation),
            hint=hint,
            members=tuple(id(o.equation) for o in wasted),
            edits=tuple(edits),
            no_edit=no_edit,
        )

    def evidence(
        self, occurrence: Occurrence, cost: Cost, runs: int | None = None, nbytes: int = 0
    ) -> Evidence:
        """An equation as a finding shows it, where all its `runs` together cost so much."""
        region, equation = occurrence
        return Evidence(
            primitive=equation.primitive,
            aval=aval_text(equation),
            count=region.sites,
            executions=region.weight if runs is None else runs,
            flops=cost.flops,
            transcendentals=cost.transcendentals,
            bytes_accessed=cost.bytes_accessed,
            nbytes=nbytes,
            places=self.places(equation),
            phase=self.phases.of(equation),
        )

    def costing(self, finding: Finding, cost: Cost, exact: bool = True) -> Finding:
        """The finding with another cost than that of its equations, which may be a lower bound."""
        return replace(
            finding,
            flops=cost.flops,
            transcendentals=cost.transcendentals,
            bytes_accessed=cost.bytes_accessed,
            share=self.share(cost, finding.kind),
            exact=finding.exact and exact,
        )

    def share(self, cost: Cost, kind: str = "") -> float | None:
        """The part of the program's flops and transcendentals, between 0 and 1.

        What is dead does not run: it is a part of the program as it is written.
        """
        of_regions = self.written_tallies if kind == DEAD else self.tallies
        whole = of_regions[id(self.program.main)].cost
        work = whole.flops + whole.transcendentals
        return (cost.flops + cost.transcendentals) / work if work else None

    def places(self, equation: Equation) -> tuple[Place, ...]:
        """The innermost place of the user's own code, if there is any."""
        return tuple(
            place(position, self.phases.of(equation)) for position in self.positions(equation)[:1]
        )


def place(position: where.Position, phase: str = "") -> Place:
    """A position as the report prints it."""
    return Place(file=position.file, line=position.line, function=position.function, phase=phase)


def aval_text(equation: Equation) -> str:
    """The types of an equation's results, as JAX prints them."""
    avals = [var.aval for var in equation.eqn.outvars]
    return ", ".join(
        aval.str_short(short_dtypes=True) if hasattr(aval, "str_short") else str(aval)
        for aval in avals
    )


def _counted_name(equation: Equation) -> str:
    # a shared call is a call: entered, not counted
    is_call = isinstance(equation.control, Block) and equation.control.shared
    return "" if is_call else equation.primitive


def _is_exact(occurrence: Occurrence) -> bool:
    region = occurrence.region
    while region.exact and region.parent is not None:
        region = region.parent
    return region.exact


_DISCRETE = ("i", "u", "b")
_UNPRICED = object()
