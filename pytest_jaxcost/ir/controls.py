"""Equations that keep their bodies: loops, branches, and bodies with an interface of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_jaxcost import _compat
from pytest_jaxcost.ir import higher_order
from pytest_jaxcost.ir.equation import (
    Block,
    Carry,
    Equation,
    Loop,
    Region,
    Slice,
    Stack,
    Switch,
)
from pytest_jaxcost.ir.reading import Control, Entered, Reader
from pytest_jaxcost.ir.trips import while_trips
from pytest_jaxcost.tables import into

UNKNOWN_TRIPS = "a while loop of unknown trip count is counted as one iteration"
UNKNOWN_BODY = "the unknown primitive {name} carries jaxprs; each is counted as run once"
UNKNOWN_GRID = "{name} runs its body an unknown number of times; it is counted once"

CONTROLS: dict[str, Control] = {}


control = into(CONTROLS, "readers")
"""A decorator that registers how the equations of a primitive are read."""


@control("scan")
def read_scan(reader: Reader, entered: Entered) -> Equation:
    """A loop whose constants are the values outside it."""
    eqn, (scanned,), inputs, region, site = entered
    jaxpr = _compat.open_jaxpr(scanned)[0]
    n_consts, n_carry = _compat.scan_arity(eqn.params)
    first_slice = n_consts + n_carry
    carried = reader.values(jaxpr.invars[n_consts:first_slice], ())
    slices = tuple(
        Slice(operand, reader.value(var.aval, (operand,)))
        for operand, var in zip(inputs[first_slice:], jaxpr.invars[first_slice:], strict=True)
    )
    body = _inner(region, eqn.params["length"])
    args = (*inputs[:n_consts], *carried, *(each.param for each in slices))
    body.results = reader.read_body(entered, scanned, args, body)
    carries = _carries(
        reader, inputs[n_consts:first_slice], carried, body.results[:n_carry], eqn.outvars
    )
    stacks = tuple(
        Stack(result, reader.value(var.aval, (result,)))
        for result, var in zip(body.results[n_carry:], eqn.outvars[n_carry:], strict=True)
    )
    loop = Loop(body, carries, slices, stacks, reverse=eqn.params["reverse"])
    outputs = (*(each.out for each in carries), *(each.out for each in stacks))
    return Equation(eqn, inputs, outputs, site, loop)


@control("while")
def read_while(reader: Reader, entered: Entered) -> Equation:
    """A loop whose test and body see the same carries."""
    eqn, _, inputs, region, site = entered
    test_jaxpr, body_jaxpr = eqn.params["cond_jaxpr"], eqn.params["body_jaxpr"]
    n_test, n_body = eqn.params["cond_nconsts"], eqn.params["body_nconsts"]
    inits = inputs[n_test + n_body :]
    carried = reader.values(_compat.open_jaxpr(body_jaxpr)[0].invars[n_body:], ())
    test = _inner(region, None)
    test_args = (*inputs[:n_test], *carried)
    test.results = reader.read_body(entered, test_jaxpr, test_args, test)
    (predicate,) = test.results
    body = _inner(region, None)
    body.guard = (predicate, 1)
    body_args = (*inputs[n_test : n_test + n_body], *carried)
    body.results = reader.read_body(entered, body_jaxpr, body_args, body)
    carries = _carries(reader, inits, carried, body.results, eqn.outvars, predicate)
    loop = Loop(body, carries, test=test, predicate=predicate)
    trips = while_trips(loop, reader.constants)
    if trips is None:
        reader.caveats[UNKNOWN_TRIPS] = None
    else:
        test.trips, body.trips, test.exact, body.exact = trips + 1, trips, True, True
    return Equation(eqn, inputs, tuple(each.out for each in carries), site, loop)


@control("cond")
def read_cond(reader: Reader, entered: Entered) -> Equation:
    """Branches, each of which sees the values outside it."""
    eqn, jaxprs, (index, *operands), region, site = entered
    branches = []
    for position, jaxpr in enumerate(jaxprs):
        branch = _inner(region, 1)
        branch.guard = (index, position)
        branch.results = reader.read_body(entered, jaxpr, operands, branch)
        branches.append(branch)
    outputs = tuple(
        reader.value(var.aval, (index, *(branch.results[k] for branch in branches)))
        for k, var in enumerate(eqn.outvars)
    )
    return Equation(eqn, entered.inputs, outputs, site, Switch(index, tuple(branches)))


def read_block(reader: Reader, entered: Entered) -> Equation:
    """Bodies that see blocks or shards of the operands, or something unknown."""
    eqn, jaxprs, inputs, region, site = entered
    trips = _block_trips(reader, eqn)
    regions: list[Region] = []
    params: list[int] = []
    results: list[int] = []
    for jaxpr in jaxprs:
        inner = _inner(region, trips)
        bound = reader.values(_compat.open_jaxpr(jaxpr)[0].invars, inputs)
        inner.results = reader.read_body(entered, jaxpr, bound, inner)
        regions.append(inner)
        params.extend(bound)
        results.extend(inner.results)
    outputs = reader.values(eqn.outvars, (*inputs, *results))
    return Equation(eqn, inputs, outputs, site, Block(tuple(regions), tuple(params), False))


def read_shared_call(reader: Reader, entered: Entered) -> Equation:
    """A call that is not entered again: one region serves all calls of one jaxpr."""
    eqn, (called,), inputs, region, site = entered
    reader.note_call(eqn, region)
    known = reader.shared.get(id(called))
    if known is None:
        inner = Region(parent=None, weight=0, sites=0)
        bound = reader.values(_compat.open_jaxpr(called)[0].invars, ())
        inner.results = reader.read_body(entered, called, bound, inner)
        known = reader.shared[id(called)] = (inner, bound)
    inner, bound = known
    if _compat.side_effects(eqn):
        reader.keep(inputs, region)
    outputs = reader.values(eqn.outvars, (*inputs, *inner.results))
    return Equation(eqn, inputs, outputs, site, Block((inner,), bound, True))


def _carries(
    reader: Reader,
    inits: Sequence[int],
    params: Sequence[int],
    updates: Sequence[int],
    outvars: Sequence[Any],
    predicate: int | None = None,
) -> tuple[Carry, ...]:
    also = () if predicate is None else (predicate,)
    carries = []
    for init, param, update, var in zip(inits, params, updates, outvars[: len(inits)], strict=True):
        reader.depends[param] = (init, update, *also)
        carries.append(Carry(init, param, update, reader.value(var.aval, (param, *also))))
    return tuple(carries)


def _block_trips(reader: Reader, eqn: Any) -> int | None:
    name = eqn.primitive.name
    if name not in higher_order.BLOCKS:
        reader.caveats[UNKNOWN_BODY.format(name=name)] = None
        return None
    trips = _compat.block_trips(eqn)
    if trips is None:
        reader.caveats[UNKNOWN_GRID.format(name=name)] = None
    return trips


def _inner(parent: Region, trips: int | None) -> Region:
    return Region(parent=parent, trips=1 if trips is None else trips, exact=trips is not None)
