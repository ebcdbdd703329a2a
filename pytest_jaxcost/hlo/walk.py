"""The call graph: which computations an instruction runs, in which order, and how often.

A computation is *entered* where control goes into it (loops, branches, calls, fusions, asynchronous
computations) and *applied* where it is a function of scalars that belongs to one instruction (the
`to_apply` of a reduce, a sort's comparator). Only entered computations have executions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import chain

from pytest_jaxcost.hlo.asynchronous import base_opcode
from pytest_jaxcost.hlo.records import Computation, Instruction, Module
from pytest_jaxcost.hlo.trips import trip_count

ENTERING: Mapping[str, tuple[str, ...]] = {
    "while": ("body", "condition"),
    "conditional": ("branch_computations", "true_computation", "false_computation"),
    "call": ("to_apply", "calls"),
    "fusion": ("calls",),
    "async": ("calls", "to_apply"),
}
"""The attributes, by opcode, whose computations are entered; all others are applied."""

Branches = Mapping[tuple[str, str], str]
"""The branch taken by each conditional, which computation and name identify."""


def entered(instruction: Instruction) -> tuple[str, ...]:
    """Return the computations that the instruction enters."""
    if not instruction.called:
        return ()
    attributes = ENTERING.get(base_opcode(instruction.opcode), ())
    return tuple(
        name for key, names in instruction.called.items() if key in attributes for name in names
    )


def bottom_up(module: Module) -> tuple[str, ...]:
    """Return the computations that the entry reaches, each after all that it calls."""
    graph: dict[str, set[str]] = {}
    pending = [module.entry]
    while pending:
        name = pending.pop()
        if name in graph:
            continue
        instructions = module.computations[name].instructions
        calls = (each.called.values() for each in instructions if each.called)
        graph[name] = set(chain.from_iterable(chain.from_iterable(calls)))
        pending.extend(graph[name])
    return tuple(TopologicalSorter(graph).static_order())


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """The trip counts of a module's while loops, by computation and name; None where unknown."""

    counts: Mapping[tuple[str, str], int | None]

    def times(self, computation: Computation, instruction: Instruction, called: str) -> int:
        """Return how often one execution of the instruction runs a computation that it enters.

        A loop's condition runs once more than its body; a body of unknown count runs once.
        """
        if instruction.opcode != "while":
            return 1
        count = self.counts[computation.name, instruction.name]
        trips = 1 if count is None else count
        return trips + (called in instruction.called["condition"])

    @property
    def has_unknown(self) -> bool:
        """Whether the count of some loop is not known."""
        return None in self.counts.values()

    def where_unknown(self, trips: int) -> Loops:
        """Return the counts with a number in place of what is unknown."""
        known = {key: trips if each is None else each for key, each in self.counts.items()}
        return Loops(counts=known)


def loops(module: Module) -> Loops:
    """Return the trip counts of every while loop."""
    counts = {
        (computation.name, each.name): trip_count(module, computation, each)
        for computation in module.computations.values()
        for each in computation.instructions
        if each.opcode == "while"
    }
    return Loops(counts=counts)


def executions(
    module: Module, order: tuple[str, ...], counted: Loops, branches: Branches
) -> Mapping[str, int]:
    """Return how often each entered computation runs when the entry runs once.

    `order` is `bottom_up(module)`. Of a conditional's branches the one in `branches` runs; the
    others stand with 0. Computations that are only applied are absent.
    """
    weights = {module.entry: 1}
    for name in reversed(order):
        if name not in weights:
            continue
        computation = module.computations[name]
        for each in computation.instructions:
            if not each.called:
                continue
            taken = branches.get((name, each.name))
            for called in entered(each):
                times = counted.times(computation, each, called) if taken in (None, called) else 0
                weights[called] = weights.get(called, 0) + weights[name] * times
    return weights
