"""Instructions by the primitive that they were lowered from, as their op names say."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from pytest_jaxcost import hlo
from pytest_jaxcost.hlo.cost import Cost

NAMELESS = ""


def is_work(cost: Cost, *, priced: bool) -> bool:
    """Whether an instruction computes something, or what it computes is not known."""
    return bool(cost.flops or cost.transcendentals) or not priced


def primitive_of(instruction: hlo.Instruction, known: Container[str] = ()) -> str:
    """The primitive that an instruction names: of several the first that is `known`, if one is."""
    metadata = instruction.metadata
    names = [name.rpartition("/")[2] for name in metadata.op_names] if metadata else []
    return next((name for name in names if name in known), names[0] if names else NAMELESS)


def primitives(pricing: hlo.Pricing) -> Mapping[int, str]:
    """The primitive that each instruction is for, by its ``id``.

    Compilers do not name all that they add: what has no name is for what reads its result, or
    for what its operands are for.
    """
    around: dict[str, str] = {}
    found: dict[int, str] = {}
    for name in reversed(pricing.order):
        computation = pricing.module.computations[name]
        named = _named(computation, around.get(name, NAMELESS))
        for each in computation.instructions:
            found[id(each)] = named[each.name]
            for inner in (inner for names in each.called.values() for inner in names):
                around.setdefault(inner, named[each.name])
    return found


def _named(computation: hlo.Computation, around: str) -> dict[str, str]:
    """The names of a computation's instructions; its result is for what calls it."""
    names = {
        each.name: NAMELESS if each.opcode == "parameter" else primitive_of(each)
        for each in computation.instructions
    }
    names[computation.root.name] = names[computation.root.name] or around
    for each in reversed(computation.instructions):
        for operand in each.operands:
            names[operand] = names[operand] or names[each.name]
    for each in computation.instructions:
        names[each.name] = names[each.name] or _first(names[name] for name in each.operands)
    return names


def _first(names: Iterable[str]) -> str:
    return next(filter(None, names), NAMELESS)
