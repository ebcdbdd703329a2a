"""What the bases of a program cost: pushing each of them, and what other code would push."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from math import prod
from typing import NamedTuple

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.cost.sizes import elements
from pytest_jaxcost.flow.basis import Basis, Contraction, level
from pytest_jaxcost.flow.identities import bases
from pytest_jaxcost.flow.live import is_live, reached
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.derivatives import derivatives
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
    every = tuple(pushed.basis.contractions.values())
    along = tuple(each for each in every if each.over != "outputs")
    for chosen in (along, every):
        # the sum itself may be dead where its derivative is all that is asked for
        if any(is_live(each.equation, facts.live) for each in chosen):
            unneeded = _only_for(facts, pushed, chosen)
            if _is_spared(facts, pushed, unneeded):
                return chosen, unneeded
    return (), ()


def _is_spared(facts: Facts, pushed: Pushed, unneeded: Collection[Occurrence]) -> bool:
    """Whether the basis need not be pushed.

    Some of the Jacobian may be needed. But where the function is differentiated again, that is a
    use of the contraction that is not followed, and nothing can be said.
    """
    carriers, spared = pushed.carriers, {id(o.equation) for o in unneeded}
    if spared.isdisjoint(carriers):
        return False
    if not _is_differentiated(facts, pushed):
        return True
    return all(id(o.equation) in spared or facts.is_bookkeeping(o.equation) for o in pushed.inside)


def _is_differentiated(facts: Facts, pushed: Pushed) -> bool:
    """Whether a derivative goes backward through what is made of the basis."""
    rows, known = pushed.basis.rows.keys(), pushed.basis.level
    return any(
        where.TRANSPOSE in derivatives(equation)[:known]
        and not rows.isdisjoint(equation.inputs)
        and is_live(equation, facts.live)
        for _, equation in facts.program.walk()
    )


def _pushed(facts: Facts, basis: Basis, every: tuple[Basis, ...]) -> Pushed | None:
    carrying = [o for o in occurrences(facts.program) if _carries(facts, basis, o.equation)]
    inside = tuple(o for o in carrying if level(o.equation) > basis.level)
    work = [o for o in inside if not facts.is_bookkeeping(o.equation)]
    if not work:
        return None
    outside = tuple(o for o in carrying if level(o.equation) <= basis.level)
    rows = basis.rows.keys()
    kinds = [
        derivatives(o.equation)[basis.level :]
        for o in work
        if not rows.isdisjoint(o.equation.outputs)
    ]
    if not kinds:
        return None
    first = {each[0] for each in kinds}
    return Pushed(
        basis,
        inside,
        outside,
        tuple(each for each in every if each is not basis),
        is_reverse=where.TRANSPOSE in first,
        is_second=any(where.TRANSPOSE in each[1:] for each in kinds),
    )


def _carries(facts: Facts, basis: Basis, equation: Equation) -> bool:
    images = basis.images
    return any(value in images for value in equation.outputs) and is_live(equation, facts.live)


def _only_for(
    facts: Facts, pushed: Pushed, sums: tuple[Contraction, ...]
) -> tuple[Occurrence, ...]:
    """Live equations that only the operands of `sums` need, and the sums themselves."""
    cut = {value: set(each.operands) for each in sums for value in each.equation.outputs}
    summing = {id(each.equation) for each in sums}
    needed = _live_without(facts, cut, _residuals(facts, pushed))

    def saved(equation: Equation) -> bool:
        is_spared = not is_live(equation, needed) or id(equation) in summing
        return is_spared and is_live(equation, facts.live)

    return tuple(o for o in occurrences(facts.program) if saved(o.equation))


def _residuals(facts: Facts, pushed: Pushed) -> set[int]:
    """What the images are multiplied with and added to: vectors in the basis's place need it."""
    images = pushed.basis.images
    return {
        value
        for o in occurrences(facts.program)
        if _carries(facts, pushed.basis, o.equation) and o.equation is not pushed.basis.equation
        for value in o.equation.inputs
        if value not in images and facts.given[value]
    }


def _live_without(facts: Facts, cut: Mapping[int, set[int]], roots: set[int]) -> bytearray:
    """What is live, `roots` included, if the values `cut` do not need the operands given."""
    program = facts.program

    def reads(value: int) -> Iterator[int]:
        without = cut.get(value, ())
        return (each for each in program.depends[value] if each not in without)

    return reached(len(program.avals), (*program.main.results, *program.roots, *roots), reads)


def vectors_of_other_mode(facts: Facts, pushed: Pushed) -> int | None:
    """How many numbers leave the derivative for each row of the basis; None if one gets lost."""
    if _is_lost(facts, pushed):
        return None
    ends = leaving(facts, pushed)
    outer = {value: len(_batches(pushed, value)) for value in ends}
    fewest = min(outer.values(), default=0)  # others are derivatives of these
    sizes = (
        elements(facts.program.avals[value]) // prod(_batches(pushed, value))
        for value in ends
        if outer[value] == fewest
    )
    return _for_each_example(facts, pushed, sum(sizes) // pushed.basis.size)


def is_batched(pushed: Pushed) -> bool:
    """Whether the Jacobian is made for each example of a batch, by ``jax.vmap`` around it."""
    return ("vmap", True) in where.name_stack(pushed.basis.equation)


def _for_each_example(facts: Facts, pushed: Pushed, vectors: int) -> int:
    """How many of the `vectors` are one example's; all of them where no batch can be told.

    The basis has a row for each number that one example differentiates with respect to, so an
    argument that holds so many for each example tells how many examples there are.
    """
    if pushed.is_reverse or not is_batched(pushed):
        return vectors
    size, avals = pushed.basis.size, [facts.program.avals[v] for v in facts.program.inputs]
    examples = {elements(aval) // size for aval in avals if elements(aval) // size in aval.shape}
    possible = {each for each in examples if each > 1 and vectors % each == 0}
    return vectors // possible.pop() if len(possible) == 1 else vectors


def _is_lost(facts: Facts, pushed: Pushed) -> bool:
    """Whether the derivative does something with the basis that is not followed."""
    images = pushed.basis.rows.keys()
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


def leaving(facts: Facts, pushed: Pushed) -> set[int]:
    """The pieces of the Jacobian, and rows of the basis that are returned as they are."""
    basis, images = pushed.basis, pushed.basis.rows.keys()
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
