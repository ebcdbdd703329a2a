"""The traced program, primitive by primitive: what is dead, and what lowering has to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.stages.amounts import NONE, Amounts
from pytest_jaxcost.cost.record import NOTHING
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.ir.equation import Block, Equation, Region

MAPPED = "shard_map"
"""The primitive whose body is traced for all devices and lowered for one of them."""

KERNEL = "pallas_call"
"""The primitive whose body is lowered to one instruction, by a compiler of its own."""

IDENTITIES: Mapping[str, int] = {"mul": 1, "div": 1, "add": 0, "sub": 0, "add_any": 0}
"""What leaves the other operand as it is."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """The equations of one primitive that something needs."""

    work: Amounts = NONE
    """Those that compute something."""
    moves: Amounts = NONE
    """Those that cost neither flops nor transcendentals."""
    trivial: int = 0
    """Those of literals alone, and those that leave an operand as it is."""
    eqn: Any = None
    """The costliest of them."""
    most: int = -1


@dataclass(slots=True, kw_only=True)
class Traced:
    """A traced program, divided by primitive."""

    dead: dict[str, Amounts] = field(default_factory=dict)
    live: dict[str, Asked] = field(default_factory=dict)
    other_devices: Amounts = NONE
    """What the bodies of ``shard_map`` cost on all devices but one."""
    devices: int = 1


def traced(facts: Facts) -> Traced:
    """The equations by primitive, amounts as in the program's totals."""
    found = Traced()
    inside = _inside(facts)
    for region, equation in facts.program.walk():
        if isinstance(equation.control, Block) and equation.control.shared:
            continue
        if not is_live(equation, facts.live):  # counted, and no part of the program's costs
            name = equation.primitive
            found.dead[name] = found.dead.get(name, NONE).plus(Amounts(region.sites, 0, 0, 0))
            continue
        amounts = _amounts(facts, region, equation)
        devices, kernel = inside[id(region)]
        _add(found, facts, equation, _on_one(found, amounts, devices), in_kernel=kernel)
    return found


def _amounts(facts: Facts, region: Region, equation: Equation) -> Amounts:
    cost = NOTHING if equation.control is not None else facts.price(equation.eqn) or NOTHING
    spent = cost.times(facts.runs[id(region)].times)
    return Amounts(region.sites, spent.flops, spent.transcendentals, spent.bytes_accessed)


def _on_one(found: Traced, amounts: Amounts, devices: int) -> Amounts:
    """The amounts on one device; what the other ones do is noted."""
    if devices == 1:
        return amounts
    count, *costs = amounts
    alone = Amounts(count, *(cost // devices for cost in costs))
    found.other_devices = found.other_devices.plus(amounts.minus(alone))
    found.devices = max(found.devices, devices)
    return alone


def _add(
    found: Traced, facts: Facts, equation: Equation, amounts: Amounts, *, in_kernel: bool
) -> None:
    asked = found.live.setdefault(KERNEL if in_kernel else equation.primitive, Asked())
    is_opaque = equation.control is None and facts.price(equation.eqn) is None
    if in_kernel or amounts.is_work or is_opaque:
        asked.work = asked.work.plus(amounts)
        asked.trivial += amounts.instructions * _is_trivial(facts, equation)
        if amounts.flops + amounts.transcendentals > asked.most and not in_kernel:
            asked.eqn, asked.most = equation.eqn, amounts.flops + amounts.transcendentals
    else:
        asked.moves = asked.moves.plus(amounts)


def _is_trivial(facts: Facts, equation: Equation) -> bool:
    if not any(facts.given[value] for value in equation.outputs):
        return True
    identity = IDENTITIES.get(equation.primitive)
    if identity is None:
        return False
    return any(_literal(facts, value) == identity for value in equation.inputs)


def _literal(facts: Facts, value: int) -> float | None:
    """The number that a constant is or holds; None for what is no constant or no real number."""
    content: Any = getattr(facts.program.constants.get(value), "val", None)
    if getattr(content, "size", 1) != 1:
        return None
    if isinstance(content, int | float):
        return float(content)
    kind = getattr(getattr(content, "dtype", None), "kind", "")
    return float(content.item()) if kind and kind in "fiuV" else None


def _inside(facts: Facts) -> Mapping[int, tuple[int, bool]]:
    """Of each region, how many devices run it, and whether it is in a kernel; by ``id``."""
    found = {id(facts.program.main): (1, False)}
    for region, equation in _holders(facts):
        devices, kernel = found[id(region)]
        assert equation.control is not None
        for inner in equation.control.regions:
            times = inner.trips if equation.primitive == MAPPED else 1
            found[id(inner)] = devices * times, kernel or equation.primitive == KERNEL
    return found


def _holders(facts: Facts) -> Iterator[tuple[Region, Equation]]:
    """The equations with bodies, outer ones first."""
    return (each for each in facts.program.walk() if each[1].control is not None)
