"""The inlined program: equations, the regions they stand in, and the values they pass on.

A value is an ``int`` that is unique in the program. Calls are gone: their equations stand where
the call stood. What is left of structure are the three controls of an equation:

``Loop``    a ``scan`` or ``while``: carries, slices of scanned inputs, stacked results
``Switch``  a ``cond``: a selector and one region per branch
``Block``   a body whose operands are seen through an interface of its own (``shard_map``,
            ``pallas_call``, a higher-order primitive that is not known, a shared call)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Site(NamedTuple):
    """Where equations stand: the chain of equations they were entered through."""

    parent: Site | None
    eqn: Any
    function: str
    """The file and first line of the function whose body was entered, as ``file:line``."""
    remat: bool
    """Inside the body that differentiated ``jax.checkpoint`` runs again."""


class Equation(NamedTuple):
    """One equation of the inlined program. A tuple, because programs have 100,000 of them."""

    eqn: Any
    """JAX's own equation."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    site: Site | None
    control: Loop | Switch | Block | None

    @property
    def primitive(self) -> str:
        """The name of the primitive, as JAX gives it."""
        name: str = self.eqn.primitive.name
        return name


@dataclass(slots=True, kw_only=True, eq=False)
class Region:
    """A body: equations that run together, `weight` times in one run of the program."""

    parent: Region | None
    equations: list[Equation] = field(default_factory=list)
    results: tuple[int, ...] = ()
    trips: int = 1
    """How often the region runs in one run of its parent; 1 where that is unknown."""
    exact: bool = True
    """Whether `trips` is known."""
    guard: tuple[int, int] | None = None
    """For a branch: the value of the index and the branch's position."""
    weight: int = 1
    """Runs in one run of the whole program."""
    sites: int = 1
    """Occurrences in the inlined program; more than 1 only inside a shared call."""
    calls: Counter[str] = field(default_factory=Counter)
    """Call sites in the region, by primitive."""

    @property
    def inside(self) -> list[Region]:
        """The bodies of its equations."""
        controls = (equation.control for equation in self.equations)
        return [inner for control in controls if control is not None for inner in control.regions]


class Carry(NamedTuple):
    """A loop carry: its value before the loop, in an iteration, after one, and after the loop."""

    init: int
    param: int
    update: int
    out: int


class Slice(NamedTuple):
    """A scanned input: the whole operand and its slice in an iteration."""

    operand: int
    param: int


class Stack(NamedTuple):
    """A scanned output: the value in an iteration and the stacked results."""

    result: int
    out: int


class Loop(NamedTuple):
    """A ``scan`` (`predicate` is None) or a ``while`` (`test` and `predicate` are set)."""

    body: Region
    carries: tuple[Carry, ...]
    slices: tuple[Slice, ...] = ()
    stacks: tuple[Stack, ...] = ()
    reverse: bool = False
    test: Region | None = None
    predicate: int | None = None

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions that run once an iteration."""
        return (self.body,) if self.test is None else (self.test, self.body)


class Switch(NamedTuple):
    """A ``cond``: the branches' results stand for the equation's outputs, one to one."""

    selector: int
    regions: tuple[Region, ...]


class Block(NamedTuple):
    """Bodies with an interface of their own: their params are not the equation's inputs."""

    regions: tuple[Region, ...]
    params: tuple[int, ...]
    shared: bool
    """One region for all calls of one jaxpr, where inlining each would explode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inlined:
    """A program without calls. Lists are indexed by value."""

    main: Region
    inputs: tuple[int, ...]
    avals: Sequence[Any]
    depends: Sequence[tuple[int, ...]]
    """The values that each value is computed from, through calls, loops and branches."""
    constants: Mapping[int, Any]
    """Literals and captured arrays, by value."""
    roots: tuple[int, ...]
    """Values that are needed whatever becomes of the results: what effects read."""
    caveats: tuple[str, ...]
    exact: bool
    """Whether every call is known to run what it calls once."""

    def regions(self) -> Iterator[Region]:
        """Every region once, outer ones before the ones inside them."""
        seen: set[int] = set()
        stack = [self.main]
        while stack:
            region = stack.pop()
            if id(region) in seen:
                continue
            seen.add(id(region))
            yield region
            stack.extend(region.inside)

    def walk(self) -> Iterator[tuple[Region, Equation]]:
        """Every equation once, with the region it stands in."""
        for region in self.regions():
            for equation in region.equations:
                yield region, equation
