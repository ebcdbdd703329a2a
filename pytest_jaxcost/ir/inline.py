"""From a jaxpr to the inlined program.

Calls are entered at every call site, so that values and costs are seen across them. Inlining must
not explode: a program whose inlined size is past the budget keeps one region per called jaxpr.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from pytest_jaxcost import _compat
from pytest_jaxcost.ir import higher_order
from pytest_jaxcost.ir.controls import CONTROLS, read_block, read_shared_call
from pytest_jaxcost.ir.equation import Block, Inlined, Region
from pytest_jaxcost.ir.reading import Control, Reader
from pytest_jaxcost.ir.size import Size, size_of

BUDGET = 100_000
"""Inlined equations that are always affordable; larger programs may grow fourfold."""

EXPLODES = (
    "inlining every call would make {inlined:,} equations of {distinct:,}: totals are exact, but "
    "values are compared within each called function, not across its call sites"
)


def inline(jaxpr: Any, priced: Collection[str] = ()) -> Inlined:
    """The inlined program of a closed jaxpr; primitives that are `priced` are not entered."""
    size = size_of(jaxpr, priced)
    explodes = _explodes(size)
    reader = Reader(size.entered, CONTROLS, _shared_call_or_block if explodes else call_or_block)
    if explodes:
        reader.caveats[EXPLODES.format(inlined=size.inlined, distinct=size.distinct)] = None
    inputs = reader.values(_compat.open_jaxpr(jaxpr)[0].invars, ())
    main = Region(parent=None)
    main.results = reader.read(jaxpr, inputs, main, None)
    weigh(main, [region for region, _ in reader.shared.values()])
    return Inlined(
        main=main,
        inputs=inputs,
        avals=reader.avals,
        depends=reader.depends,
        constants=reader.constants,
        roots=tuple(reader.roots),
        caveats=tuple(reader.caveats),
        exact=reader.exact,
    )


def _explodes(size: Size) -> bool:
    return size.inlined > max(BUDGET, 4 * size.distinct)


def call_or_block(eqn: Any, jaxprs: list[Any]) -> Control | None:
    """How an equation is read that has no control of its own; None to enter it like a call."""
    return None if higher_order.callee(eqn, jaxprs) is not None else read_block


def _shared_call_or_block(eqn: Any, jaxprs: list[Any]) -> Control | None:
    return read_shared_call if higher_order.callee(eqn, jaxprs) is not None else read_block


def weigh(main: Region, shared: Sequence[Region]) -> None:
    """Set how often regions run and occur; a shared one adds up all of its calls."""
    stack = [*shared, main]  # a callee stands before its callers, so callers are popped first
    while stack:
        region = stack.pop()
        for equation in region.equations:
            control = equation.control
            if isinstance(control, Block) and control.shared:
                control.regions[0].weight += region.weight
                control.regions[0].sites += region.sites
            elif control is not None:
                for inner in control.regions:
                    inner.weight, inner.sites = region.weight * inner.trips, region.sites
                    stack.append(inner)
