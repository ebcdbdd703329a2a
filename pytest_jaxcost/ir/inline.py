"""From a jaxpr to the inlined program.

Calls are entered at every call site, so that values and costs are seen across them. Inlining must
not explode: a program whose inlined size is past the budget keeps one region per called jaxpr.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.ir import higher_order
from pytest_jaxcost.ir.equation import (
    Block,
    Carry,
    Equation,
    Inlined,
    Loop,
    Region,
    Site,
    Slice,
    Stack,
    Switch,
)
from pytest_jaxcost.ir.size import size_of
from pytest_jaxcost.ir.trips import while_trips

BUDGET = 100_000
"""Inlined equations that are always affordable; larger programs may grow fourfold."""

EXPLODES = (
    "inlining every call would make {inlined:,} equations of {distinct:,}: totals are exact, but "
    "values are compared within each called function, not across its call sites"
)
UNKNOWN_TRIPS = "a while loop of unknown trip count is counted as one iteration"
UNKNOWN_BODY = "the unknown primitive {name} carries jaxprs; each is counted as run once"
UNKNOWN_CALL = "the unknown primitive {name} is entered like a call that runs its jaxpr once"
UNKNOWN_GRID = "{name} runs its body an unknown number of times; it is counted once"


def inline(jaxpr: Any) -> Inlined:
    """The inlined program of a closed jaxpr."""
    return _Inliner(jaxpr).program()


class _Frame(NamedTuple):
    """A call being entered: its equations still to read, and what binds its results."""

    eqns: Iterator[Any]
    env: dict[Any, int]
    site: Site | None
    results: Sequence[Any]
    binders: Sequence[Any]


class _Inliner:
    """Allocates values and reads bodies; one instance reads one program."""

    def __init__(self, jaxpr: Any) -> None:
        self.jaxpr = jaxpr
        self.avals: list[Any] = []
        self.depends: list[tuple[int, ...]] = []
        self.constants: dict[int, Any] = {}
        self.roots: list[int] = []
        self.caveats: dict[str, None] = {}
        self.shared: dict[int, tuple[Region, tuple[int, ...]]] = {}
        self.const_values: dict[int, int] = {}
        size = size_of(jaxpr)
        self.explodes = size.inlined > max(BUDGET, 4 * size.distinct)
        if self.explodes:
            self.caveats[EXPLODES.format(inlined=size.inlined, distinct=size.distinct)] = None

    def program(self) -> Inlined:
        body, _ = _compat.open_jaxpr(self.jaxpr)
        inputs = tuple(self.value(v.aval, ()) for v in body.invars)
        main = Region(parent=None)
        main.results = self.read(self.jaxpr, inputs, main, None)
        _weigh(main, [region for region, _ in self.shared.values()])
        return Inlined(
            main=main,
            inputs=inputs,
            avals=self.avals,
            depends=self.depends,
            constants=self.constants,
            roots=tuple(self.roots),
            caveats=tuple(self.caveats),
        )

    # values

    def value(self, aval: Any, depends: tuple[int, ...]) -> int:
        self.avals.append(aval)
        self.depends.append(depends)
        return len(self.avals) - 1

    def values(self, atoms: Sequence[Any], depends: tuple[int, ...]) -> tuple[int, ...]:
        return tuple([self.value(atom.aval, depends) for atom in atoms])

    def constant(self, atom: Any, content: Any) -> int:
        value = self.value(atom.aval, ())
        self.constants[value] = content
        return value

    def const(self, var: Any, content: Any) -> int:
        value = self.const_values.get(id(content))
        if value is None:
            value = self.const_values[id(content)] = self.constant(var, content)
        return value

    def lookup(self, env: dict[Any, int], atoms: Sequence[Any]) -> tuple[int, ...]:
        literal = _compat.Literal
        return tuple(
            [
                self.constant(atom, atom) if atom.__class__ is literal else env[atom]
                for atom in atoms
            ]
        )

    # bodies

    def frame(
        self, jaxpr: Any, args: Sequence[int], site: Site | None, binders: Sequence[Any]
    ) -> _Frame:
        body, consts = _compat.open_jaxpr(jaxpr)
        env = dict(zip(body.invars, args, strict=True))
        env.update((var, self.const(var, c)) for var, c in zip(body.constvars, consts, strict=True))
        return _Frame(iter(body.eqns), env, site, body.outvars, binders)

    def read(
        self, jaxpr: Any, args: Sequence[int], region: Region, site: Site | None
    ) -> tuple[int, ...]:
        """Read a body into `region`, entering calls; the values of its results."""
        frames = [self.frame(jaxpr, args, site, ())]
        while True:
            frame = frames[-1]
            entered = self.read_until_call(frame, region)
            if entered is not None:
                frames.append(entered)
                continue
            results = self.lookup(frame.env, frame.results)
            frames.pop()
            if not frames:
                return results
            frames[-1].env.update(zip(frame.binders, results, strict=True))

    def read_until_call(self, frame: _Frame, region: Region) -> _Frame | None:
        env, site = frame.env, frame.site
        for eqn in frame.eqns:
            jaxprs = higher_order.entered_jaxprs(eqn) if eqn.params else None
            if jaxprs is None:
                self.leaf(eqn, env, region, site)
                continue
            entered = self.enter(eqn, jaxprs, env, region, site)
            if entered is not None:
                return entered
        return None

    def leaf(self, eqn: Any, env: dict[Any, int], region: Region, site: Site | None) -> None:
        inputs = self.lookup(env, eqn.invars)
        outputs = self.values(eqn.outvars, inputs)
        env.update(zip(eqn.outvars, outputs, strict=True))
        region.equations.append(Equation(eqn, inputs, outputs, site, None))
        if eqn.effects and _compat.side_effects(eqn):
            self.keep(inputs, region)

    def keep(self, inputs: Sequence[int], region: Region) -> None:
        self.roots.extend(inputs)
        while region.parent is not None:
            if region.guard is not None:
                self.roots.append(region.guard[0])
            region = region.parent

    # equations with bodies

    def enter(
        self, eqn: Any, jaxprs: list[Any], env: dict[Any, int], region: Region, site: Site | None
    ) -> _Frame | None:
        name = eqn.primitive.name
        read = _CONTROLS.get(name)
        if read is None:
            called = higher_order.callee(eqn, jaxprs)
            if called is not None and not self.explodes:
                return self.call(eqn, called, env, region, site)
            if called is None and not jaxprs:
                self.leaf(eqn, env, region, site)
                return None
            read = _Inliner.block if called is None else _Inliner.shared_call
        inputs = self.lookup(env, eqn.invars)
        equation = read(self, eqn, inputs, region, site)
        env.update(zip(eqn.outvars, equation.outputs, strict=True))
        region.equations.append(equation._replace(site=site))
        return None

    def call(
        self, eqn: Any, called: Any, env: dict[Any, int], region: Region, site: Site | None
    ) -> _Frame:
        self.note_call(eqn, region)
        operands = higher_order.call_operands(eqn)
        if len(operands) != len(eqn.invars):
            self.roots.extend(self.lookup(env, eqn.invars))  # AD needs what the call does not
        return self.frame(
            called, self.lookup(env, operands), _site_inside(eqn, called, site), eqn.outvars
        )

    def note_call(self, eqn: Any, region: Region) -> None:
        name = eqn.primitive.name
        region.calls[name] += 1
        if name not in higher_order.CALLS:
            self.caveats[UNKNOWN_CALL.format(name=name)] = None

    def scan(self, eqn: Any, inputs: tuple[int, ...], region: Region, site: Site | None) -> Equation:
        params = eqn.params
        jaxpr = _compat.open_jaxpr(params["jaxpr"])[0]
        n_consts, n_carry = _compat.scan_arity(params)
        inits, operands = inputs[n_consts : n_consts + n_carry], inputs[n_consts + n_carry :]
        carried = self.values(jaxpr.invars[n_consts : n_consts + n_carry], ())
        sliced = [
            self.value(var.aval, (operand,))
            for var, operand in zip(jaxpr.invars[n_consts + n_carry :], operands, strict=True)
        ]
        body = self.inner(region, trips=params["length"])
        args = (*inputs[:n_consts], *carried, *sliced)
        body.results = self.read_inside(eqn, params["jaxpr"], args, body, site)
        carries = self.carries(inits, carried, body.results[:n_carry], eqn.outvars[:n_carry], None)
        stacks = tuple(
            Stack(result, self.value(var.aval, (result,)))
            for result, var in zip(body.results[n_carry:], eqn.outvars[n_carry:], strict=True)
        )
        slices = tuple(map(Slice, operands, sliced))
        loop = Loop(body, carries, slices, stacks, reverse=params["reverse"])
        outputs = tuple(item.out for item in (*carries, *stacks))
        return Equation(eqn, inputs, outputs, None, loop)

    def carries(
        self,
        inits: Sequence[int],
        params: Sequence[int],
        updates: Sequence[int],
        outvars: Sequence[Any],
        predicate: int | None,
    ) -> tuple[Carry, ...]:
        also = () if predicate is None else (predicate,)
        carries = []
        for init, param, update, var in zip(inits, params, updates, outvars, strict=True):
            self.depends[param] = (init, update, *also)
            carries.append(Carry(init, param, update, self.value(var.aval, (param, *also))))
        return tuple(carries)

    def while_(self, eqn: Any, inputs: tuple[int, ...], region: Region, site: Site | None) -> Equation:
        params = eqn.params
        n_test, n_body = params["cond_nconsts"], params["body_nconsts"]
        test_consts, body_consts = inputs[:n_test], inputs[n_test : n_test + n_body]
        inits = inputs[n_test + n_body :]
        body_jaxpr = _compat.open_jaxpr(params["body_jaxpr"])[0]
        carried = self.values(body_jaxpr.invars[n_body:], ())
        trips = while_trips(eqn, [self.constants.get(value) for value in inputs])
        if trips is None:
            self.caveats[UNKNOWN_TRIPS] = None
        test = self.inner(region, trips=None if trips is None else trips + 1)
        test.results = self.read_inside(
            eqn, params["cond_jaxpr"], (*test_consts, *carried), test, site
        )
        (predicate,) = test.results
        body = self.inner(region, trips=trips)
        body.guard = (predicate, 1)
        body.results = self.read_inside(
            eqn, params["body_jaxpr"], (*body_consts, *carried), body, site
        )
        carries = self.carries(inits, carried, body.results, eqn.outvars, predicate)
        outputs = tuple(carry.out for carry in carries)
        return Equation(eqn, inputs, outputs, None, Loop(body, carries, test=test, predicate=predicate))

    def cond(self, eqn: Any, inputs: tuple[int, ...], region: Region, site: Site | None) -> Equation:
        index, operands = inputs[0], inputs[1:]
        branches = []
        for position, jaxpr in enumerate(eqn.params["branches"]):
            branch = self.inner(region, trips=1)
            branch.guard = (index, position)
            branch.results = self.read_inside(eqn, jaxpr, operands, branch, site)
            branches.append(branch)
        outputs = tuple(
            self.value(var.aval, (index, *(branch.results[k] for branch in branches)))
            for k, var in enumerate(eqn.outvars)
        )
        return Equation(eqn, inputs, outputs, None, Switch(index, tuple(branches)))

    def block(self, eqn: Any, inputs: tuple[int, ...], region: Region, site: Site | None) -> Equation:
        trips = self.block_trips(eqn)
        regions, params, results = [], [], []
        for jaxpr in higher_order.sub_jaxprs(eqn):
            inner = self.inner(region, trips=trips)
            bound = self.values(_compat.open_jaxpr(jaxpr)[0].invars, inputs)
            inner.results = self.read_inside(eqn, jaxpr, bound, inner, site)
            regions.append(inner)
            params.extend(bound)
            results.extend(inner.results)
        outputs = self.values(eqn.outvars, (*inputs, *results))
        return Equation(eqn, inputs, outputs, None, Block(tuple(regions), tuple(params), False))

    def block_trips(self, eqn: Any) -> int | None:
        name = eqn.primitive.name
        if name not in higher_order.BLOCKS:
            self.caveats[UNKNOWN_BODY.format(name=name)] = None
            return None
        trips = _compat.block_trips(eqn)
        if trips is None:
            self.caveats[UNKNOWN_GRID.format(name=name)] = None
        return trips

    def shared_call(
        self, eqn: Any, inputs: tuple[int, ...], region: Region, site: Site | None
    ) -> Equation:
        self.note_call(eqn, region)
        called = higher_order.callee(eqn, higher_order.sub_jaxprs(eqn))
        known = self.shared.get(id(called))
        if known is None:
            inner = Region(parent=None, weight=0, sites=0)
            bound = self.values(_compat.open_jaxpr(called)[0].invars, ())
            inner.results = self.read_inside(eqn, called, bound, inner, site)
            known = self.shared[id(called)] = (inner, bound)
        inner, bound = known
        if _compat.side_effects(eqn):
            self.keep(inputs, region)
        outputs = self.values(eqn.outvars, (*inputs, *inner.results))
        return Equation(eqn, inputs, outputs, None, Block((inner,), bound, True))

    def read_inside(
        self, eqn: Any, jaxpr: Any, args: Sequence[int], region: Region, site: Site | None
    ) -> tuple[int, ...]:
        return self.read(jaxpr, args, region, _site_inside(eqn, jaxpr, site))

    def inner(self, parent: Region, trips: int | None) -> Region:
        return Region(parent=parent, trips=1 if trips is None else trips, exact=trips is not None)


def _site_inside(eqn: Any, body: Any, site: Site | None) -> Site:
    remat = site is not None and site.remat
    return Site(site, eqn, body, remat or bool(eqn.params.get("differentiated", False)))


def _weigh(main: Region, shared: Sequence[Region]) -> None:
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


_Reader = Callable[[_Inliner, Any, tuple[int, ...], Region, Site | None], Equation]
_CONTROLS: dict[str, _Reader] = {
    "cond": _Inliner.cond,
    "scan": _Inliner.scan,
    "while": _Inliner.while_,
}
