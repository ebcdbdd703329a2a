"""The equations between a basis and what is made of it, as one function of what they read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.basis import Basis
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.ir.equation import Block, Equation, Loop, Region
from pytest_jaxcost.rewrite.moving import require_pure

EFFECT = "{name} has an effect on the way"


class CarriedPart(NamedTuple):
    """Equations of a region, and of those around it, that are run again together."""

    region: Region
    equations: tuple[Equation, ...]
    """In program order; a loop or branch with all that it holds."""
    inputs: tuple[int, ...]
    """What they read and do not make, without literals."""

    @property
    def made(self) -> set[int]:
        """What they make, in their bodies too."""
        return {value for each in self.equations for value in made_by(each)}


def part(
    facts: Facts,
    basis: Basis,
    images: Collection[int],
    targets: Collection[int],
    region: Region,
    *,
    given: Collection[int] = (),
    with_between: bool = False,
) -> CarriedPart:
    """What makes `targets` out of a basis, run in `region` or, if it must be, further out.

    The equations that make `images` belong to it, but for those that are `given`; those between
    a target and an image that depends on it do too where they are asked for.
    """
    region = _outside_carrying_loops(facts, images, targets, region)
    follows = _following(region, targets) if with_between else set()
    needed, chosen = set(targets), list[Equation]()
    for around in _chain(region):
        for equation in reversed(around.equations):
            made = made_by(equation)
            if needed.isdisjoint(made) or not is_live(equation, facts.live):
                continue
            if equation is basis.equation or _encloses(_regions(equation), region):
                continue
            makes_image = any(value in images and value not in given for value in made)
            is_target = not made.isdisjoint(targets)
            if makes_image or is_target or id(equation) in follows:
                for each in with_bodies(equation):
                    require_pure(each, EFFECT.format(name=each.primitive))
                chosen.append(equation)
                needed.update(reads_of(equation))
    chosen.reverse()
    own = {value for each in chosen for value in made_by(each)}.union(basis.equation.outputs)
    read = dict.fromkeys(value for each in chosen for value in reads_of(each))
    return CarriedPart(
        region, tuple(chosen), tuple(v for v in read if v not in own and is_array(facts, v))
    )


def is_array(facts: Facts, value: int) -> bool:
    """Whether a value is no literal."""
    return not isinstance(facts.program.constants.get(value), _compat.Literal)


def read_outside(facts: Facts, part: CarriedPart) -> set[int]:
    """The values that what is left of the program reads, or returns."""
    inner = {id(each) for equation in part.equations for each in with_bodies(equation)}
    bodies = {
        id(region)
        for equation in part.equations
        for each in with_bodies(equation)
        for region in _regions(each)
    }
    read = set(facts.program.roots)
    for region in facts.program.regions():
        if id(region) not in bodies:
            read.update(region.results)
    for _, equation in facts.program.walk():
        if id(equation) not in inner and is_live(equation, facts.live):
            read.update(equation.inputs)
    return read


def with_bodies(equation: Equation) -> Iterator[Equation]:
    """An equation and all that its bodies hold."""
    stack = [equation]
    while stack:
        each = stack.pop()
        yield each
        stack.extend(inner for region in _regions(each) for inner in region.equations)


def made_by(equation: Equation) -> set[int]:
    """The outputs of an equation and all values of its bodies."""
    made = set[int]()
    for each in with_bodies(equation):
        made.update(each.outputs)
        control = each.control
        if isinstance(control, Loop):
            made.update(carry.param for carry in control.carries)
            made.update(one.param for one in control.slices)
        elif isinstance(control, Block):
            made.update(control.params)
    return made


def reads_of(equation: Equation) -> set[int]:
    """What an equation and its bodies read from outside."""
    read = set[int]()
    for each in with_bodies(equation):
        read.update(each.inputs)
        for region in _regions(each):
            read.update(region.results)
    return read - made_by(equation)


def _regions(equation: Equation) -> tuple[Region, ...]:
    return () if equation.control is None else equation.control.regions


def _chain(region: Region | None) -> Iterator[Region]:
    while region is not None:
        yield region
        region = region.parent


def _outside_carrying_loops(
    facts: Facts, images: Collection[int], targets: Collection[int], region: Region
) -> Region:
    """The innermost region that no loop brings an image to that the targets are made of."""
    reached = _reached(facts, images, targets)
    for around in list(_chain(region)):
        for equation in around.equations:
            control = equation.control
            if isinstance(control, Loop) and _encloses(control.regions, region):
                params = [*(c.param for c in control.carries), *(s.param for s in control.slices)]
                if not reached.isdisjoint(params):
                    region = around
    return region


def _encloses(regions: Sequence[Region], region: Region) -> bool:
    return any(each is inner for each in _chain(region) for inner in regions)


def _reached(facts: Facts, images: Collection[int], targets: Collection[int]) -> set[int]:
    depends = facts.program.depends
    reached, stack = set[int](), list(targets)
    while stack:
        for value in depends[stack.pop()]:
            if value in images and value not in reached:
                reached.add(value)
                stack.append(value)
    return reached


def _following(region: Region, targets: Collection[int]) -> set[int]:
    """The equations of a region that depend on a target, by ``id``."""
    values, follows = set(targets), set[int]()
    for equation in region.equations:
        if not values.isdisjoint(reads_of(equation)):
            follows.add(id(equation))
            values.update(equation.outputs)
    return follows
