"""What the bases of a program cost: pushing each of them, and what other code would push."""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import prod
from typing import NamedTuple

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.cost.sizes import elements
from pytest_jaxcost.flow.basis import DERIVATIVES, Basis, Contraction, level
from pytest_jaxcost.flow.identities import bases
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation


class Pushed(NamedTuple):
    """A basis that goes through a derivative, and the equations that carry it there."""

    basis: Basis
    inside: tuple[Occurrence, ...]
    outside: tuple[Occurrence, ...]
    """What makes the basis and moves its image about, no part of the derivative."""
    others: tuple[Basis, ...]
    is_reverse: bool
    is_second: bool
    """Whether a gradient is differentiated: a Hessian."""

    @property
    def carriers(self) -> frozenset[int]:
        """The equations that carry the basis through the derivative, by ``id``."""
        return frozenset(id(o.equation) for o in self.inside)


def pushed_bases(facts: Facts) -> list[Pushed]:
    """The bases whose images live work of a derivative computes."""
    every = tuple(bases(facts.program))
    found = (_pushed(facts, basis, every) for basis in every)
    return [each for each in found if each is not None]


def contracted_and_not(
    facts: Facts, pushed: Pushed
) -> tuple[tuple[Contraction, ...], tuple[Occurrence, ...]]:
    """The sums of an image, and the equations that nothing but these sums needs.

    Sums along the basis are exact and come first; no sums if the Jacobian is needed anyway.
    """
    sums = pushed.basis.contractions.values()
    live = [each for each in sums if is_live(each.equation, facts.live)]
    along = tuple(each for each in live if each.over != "outputs")
    for chosen in (along, tuple(live)):
        unneeded = _only_for(facts, pushed, chosen) if chosen else ()
        carriers = pushed.carriers
        if any(id(o.equation) in carriers for o in unneeded):
            return chosen, unneeded
    return (), ()


def cost_of(facts: Facts, found: Collection[Occurrence]) -> Cost:
    """What running equations costs, trip counts applied; what is opaque counts nothing."""
    spent = NOTHING
    for occurrence in found:
        cost = facts.cost(occurrence.equation)
        if cost is not None:
            spent += cost.times(occurrence.region.weight)
    return spent


def _pushed(facts: Facts, basis: Basis, every: tuple[Basis, ...]) -> Pushed | None:
    carrying = [o for o in occurrences(facts.program) if _carries(facts, basis, o.equation)]
    inside = tuple(o for o in carrying if level(o.equation) > basis.level)
    work = [o for o in inside if not facts.is_bookkeeping(o.equation)]
    if not work:
        return None
    outside = tuple(o for o in carrying if level(o.equation) <= basis.level)
    kinds = [_derivatives(o.equation)[basis.level :] for o in work]
    first = {each[0] for each in kinds}
    return Pushed(
        basis,
        inside,
        outside,
        tuple(each for each in every if each is not basis),
        is_reverse=where.TRANSPOSE in first,
        is_second=any(where.TRANSPOSE in each[1:] for each in kinds if each[0] == where.JVP),
    )


def _carries(facts: Facts, basis: Basis, equation: Equation) -> bool:
    images = basis.images
    return any(value in images for value in equation.outputs) and is_live(equation, facts.live)


def _derivatives(equation: Equation) -> list[str]:
    records = where.name_stack(equation)
    return [name for name, transform in records if transform and name in DERIVATIVES]


def _only_for(
    facts: Facts, pushed: Pushed, sums: tuple[Contraction, ...]
) -> tuple[Occurrence, ...]:
    """Live equations that only the operands of `sums` need, and the sums themselves."""
    cut = {value: each.operand for each in sums for value in each.equation.outputs}
    needed = _live_without(facts, cut)
    summing = {id(each.equation) for each in sums}
    inside = pushed.carriers

    def saved(equation: Equation) -> bool:
        if id(equation) in summing:
            return True
        if not is_live(equation, facts.live) or is_live(equation, needed):
            return False
        # other work of the derivative is needed for the vectors that take the basis's place
        return id(equation) in inside or level(equation) <= pushed.basis.level

    return tuple(o for o in occurrences(facts.program) if saved(o.equation))


def _live_without(facts: Facts, cut: dict[int, int]) -> bytearray:
    """What is live if the values `cut` do not need the operand that each is given with."""
    program = facts.program
    live = bytearray(len(program.avals))
    stack = [*program.main.results, *program.roots]
    while stack:
        value = stack.pop()
        if not live[value]:
            live[value] = 1
            stack.extend(each for each in program.depends[value] if each != cut.get(value))
    return live


def vectors_of_other_mode(facts: Facts, pushed: Pushed) -> int | None:
    """How many numbers leave the derivative for each row of the basis; None if one gets lost."""
    if _is_lost(facts, pushed):
        return None
    leaving = _leaving(facts, pushed)
    outer = {value: len(_batches(pushed, value)) for value in leaving}
    fewest = min(outer.values(), default=0)  # others are derivatives of these
    sizes = (
        elements(facts.program.avals[value]) // prod(_batches(pushed, value))
        for value in leaving
        if outer[value] == fewest
    )
    return sum(sizes) // pushed.basis.size


def _is_lost(facts: Facts, pushed: Pushed) -> bool:
    """Whether the derivative does something with the basis that is not followed."""
    images = pushed.basis.images.keys()
    return any(
        not images.isdisjoint(equation.inputs)
        and images.isdisjoint(equation.outputs)
        and is_live(equation, facts.live)
        and level(equation) > pushed.basis.level
        for _, equation in facts.program.walk()
    )


def _batches(pushed: Pushed, value: int) -> list[int]:
    """The sizes of the bases further out that a value is batched by."""
    return [
        basis.size
        for basis in pushed.others
        if basis.level < pushed.basis.level and value in basis.images
    ]


def _leaving(facts: Facts, pushed: Pushed) -> set[int]:
    """The pieces of the Jacobian, and rows of the basis that are returned as they are."""
    basis, images = pushed.basis, pushed.basis.images.keys()
    inside = [  # loops included, whose bodies carry the basis
        equation
        for _, equation in facts.program.walk()
        if not images.isdisjoint(equation.outputs) and level(equation) > basis.level
    ]
    carriers = {id(equation) for equation in inside}
    pushed_out = {value for equation in inside for value in equation.outputs}
    plain, moving = {basis.equation.outputs[0]}, {id(basis.equation)}
    for o in pushed.outside:
        if not plain.isdisjoint(o.equation.inputs):
            plain.update(o.equation.outputs)
            moving.add(id(o.equation))
    read = _read_by(facts, lambda equation: id(equation) not in carriers)
    moved = _read_by(facts, lambda equation: id(equation) not in carriers | moving)
    return (pushed_out & images & read) | (plain & images & moved)


def _read_by(facts: Facts, reads: Callable[[Equation], bool]) -> set[int]:
    """What is returned, and what live equations that satisfy `reads` read."""
    read: set[int] = set(facts.program.main.results)
    for _, equation in facts.program.walk():
        if is_live(equation, facts.live) and reads(equation):
            read.update(equation.inputs)
    return read
