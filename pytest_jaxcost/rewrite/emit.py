"""From an inlined program to a jaxpr that JAX runs and compiles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Loop, Region, Site, Switch
from pytest_jaxcost.rewrite.edits import RewriteError

REFERENCES = "it reads or writes mutable references"
CLOSED = "the body of {name} is called through an interface that has no place for more values"

Barred = tuple[int, int]
"""A value and the ``id`` of a remat call that keeps it apart from the forward pass."""


def emit(program: Inlined, like: Any, touched: Collection[int] = ()) -> Any:
    """A closed jaxpr that computes what the program does; `like` is the one it was read from.

    `touched` are the bodies, by ``id``, that are no longer those of JAX's equations.

    Raises:
        RewriteError: an interface of JAX's has no place for the change.
    """
    return _Emitter(program, like, touched).closed()


class _Scoped:
    """A body that is written: its equations so far, and its variables by value."""

    def __init__(self, outer: _Scoped | None, site: Site | None) -> None:
        self.outer, self.site = outer, site
        self.env: dict[int, Any] = {}
        self.barred: dict[Barred, Any] = {}
        self.captured: dict[int, Any] = {}
        self.eqns: list[Any] = []


class _Emitter:
    def __init__(self, program: Inlined, like: Any, touched: Collection[int]) -> None:
        self.program, self.like, self.touched = program, like, touched
        self.consts: dict[int, Any] = {}
        self.stacks: dict[tuple[int, int], Any] = {}
        self.sites: dict[int, Site | None] = {}
        self.shared: dict[int, Any] = {}

    def closed(self) -> Any:
        scope = _Scoped(None, None)
        invars = self.bind(scope, self.program.inputs)
        outvars = self.body(scope, self.program.main, self.program.main.results)
        consts = {var: self.program.constants[value] for value, var in self.consts.items()}
        return _compat.closed_jaxpr(invars, outvars, scope.eqns, consts, self.like)

    def bind(self, scope: _Scoped, values: Sequence[int]) -> list[Any]:
        """New variables for values that a body is given."""
        return [self.var(scope, value) for value in values]

    def var(self, scope: _Scoped, value: int) -> Any:
        var = scope.env[value] = _compat.new_var(self.program.avals[value])
        return var

    def body(self, scope: _Scoped, region: Region, results: Sequence[int]) -> list[Any]:
        for equation in region.equations:
            self.equation(scope, equation)
        return [self.atom(scope, value) for value in results]

    # variables

    def atom(self, scope: _Scoped, value: int) -> Any:
        """The variable or literal of a value, captured from the scope that has it."""
        var = scope.env.get(value)
        if var is not None:
            return var
        content = self.program.constants.get(value)
        if isinstance(content, _compat.Literal):
            return content
        if scope.outer is not None:
            var = scope.captured[value] = self.var(scope, value)
            return var
        if value not in self.program.constants:
            raise LookupError(f"value {value} is read before it is made")
        var = self.consts[value] = self.var(scope, value)
        return var

    def atoms(self, scope: _Scoped, equation: Equation, values: Sequence[int]) -> list[Any]:
        """What an equation reads; behind a barrier where it runs the forward pass again."""
        site = equation.site
        if site is scope.site or site is None or not site.remat:
            return [self.atom(scope, value) for value in values]
        remat = _remat_site(site, scope.site)
        if remat is None:
            return [self.atom(scope, value) for value in values]
        return [self.behind(scope, equation, value, remat) for value in values]

    def behind(self, scope: _Scoped, equation: Equation, value: int, remat: Site) -> Any:
        atom = self.atom(scope, value)
        is_constant = value in self.program.constants
        if is_constant or _is_inside(self.sites.get(value), remat, scope.site):
            return atom
        key = (value, id(remat))
        if key not in scope.barred:
            barred = scope.barred[key] = _compat.new_var(atom.aval)
            scope.eqns.append(_compat.barrier_eqn(atom, barred, self.placed(scope, equation)))
        return scope.barred[key]

    # equations

    def equation(self, scope: _Scoped, equation: Equation) -> None:
        control = equation.control
        if isinstance(control, Loop):
            eqn = self.loop(scope, equation, control)
        elif isinstance(control, Switch):
            eqn = self.switch(scope, equation, control)
        else:
            eqn = self.placed(scope, equation)
            params = self.block_params(equation, control) if control is not None else eqn.params
            invars = self.atoms(scope, equation, equation.inputs)
            eqn = _compat.new_eqn(eqn, invars=invars, params=params)
        outvars = self.bind(scope, equation.outputs)
        self.sites.update(dict.fromkeys(equation.outputs, equation.site))
        scope.eqns.append(_compat.new_eqn(eqn, outvars=outvars))

    def loop(self, scope: _Scoped, equation: Equation, loop: Loop) -> Any:
        inits = self.atoms(scope, equation, [carry.init for carry in loop.carries])
        if loop.predicate is not None:
            return self.while_loop(scope, equation, loop, inits)
        inner = _Scoped(scope, equation.site)
        given = [carry.param for carry in loop.carries] + [each.param for each in loop.slices]
        invars = self.bind(inner, given)
        results = [carry.update for carry in loop.carries] + [each.result for each in loop.stacks]
        outvars = self.body(inner, loop.body, results)
        captured, jaxpr = self.captured(scope, equation, inner, invars, outvars)
        xs = self.atoms(scope, equation, [each.operand for each in loop.slices])
        arity = len(captured), len(inits), len(xs), len(loop.stacks)
        params = _compat.loop_params(equation.eqn.params, jaxpr, arity)
        return self.holder(scope, equation, [*captured, *inits, *xs], params, [jaxpr])

    def while_loop(self, scope: _Scoped, equation: Equation, loop: Loop, inits: list[Any]) -> Any:
        assert loop.test is not None
        assert loop.predicate is not None
        params = [carry.param for carry in loop.carries]
        updates = [carry.update for carry in loop.carries]
        atoms, jaxprs = [], []
        for region, results in ((loop.test, [loop.predicate]), (loop.body, updates)):
            inner = _Scoped(scope, equation.site)
            invars = self.bind(inner, params)
            outvars = self.body(inner, region, results)
            captured, jaxpr = self.captured(scope, equation, inner, invars, outvars)
            atoms.append(captured)
            jaxprs.append(jaxpr)
        changed = {
            "cond_jaxpr": jaxprs[0],
            "body_jaxpr": jaxprs[1],
            "cond_nconsts": len(atoms[0]),
            "body_nconsts": len(atoms[1]),
        }
        invars = [*atoms[0], *atoms[1], *inits]
        return self.holder(scope, equation, invars, {**equation.eqn.params, **changed}, jaxprs)

    def switch(self, scope: _Scoped, equation: Equation, switch: Switch) -> Any:
        written = []
        for region in switch.regions:
            inner = _Scoped(scope, equation.site)
            written.append((inner, self.body(inner, region, region.results)))
        read = dict.fromkeys(value for inner, _ in written for value in inner.captured)
        branches = []
        for inner, outvars in written:
            invars = [inner.captured.get(v) or self.var(inner, v) for v in read]
            branches.append(_compat.closed_jaxpr(invars, outvars, inner.eqns, {}, self.like))
        invars = self.atoms(scope, equation, [switch.selector, *read])
        params = {**equation.eqn.params, "branches": tuple(branches)}
        return self.holder(scope, equation, invars, params, branches)

    def captured(
        self,
        scope: _Scoped,
        equation: Equation,
        inner: _Scoped,
        invars: list[Any],
        outvars: list[Any],
    ) -> tuple[list[Any], Any]:
        """What a body reads from outside of it, and the jaxpr of the body."""
        read = list(inner.captured)
        every = [*(inner.captured[value] for value in read), *invars]
        jaxpr = _compat.closed_jaxpr(every, outvars, inner.eqns, {}, self.like)
        return self.atoms(scope, equation, read), jaxpr

    def holder(
        self,
        scope: _Scoped,
        equation: Equation,
        invars: list[Any],
        params: dict[str, Any],
        jaxprs: Sequence[Any],
    ) -> Any:
        effects = frozenset().union(*(jaxpr.effects for jaxpr in jaxprs))
        if _compat.has_references(effects):
            raise RewriteError(REFERENCES)
        eqn = self.placed(scope, equation)
        return _compat.new_eqn(eqn, invars=invars, params=params, effects=effects)

    # bodies with an interface of their own

    def block_params(self, equation: Equation, block: Block) -> dict[str, Any]:
        """The parameters of an equation whose bodies are jaxprs that stay as they are, or not."""
        params: dict[str, Any] = equation.eqn.params
        if not any(id(region) in self.touched for region in block.regions):
            return params
        (region,) = block.regions
        names = [name for name, value in params.items() if _compat.is_jaxpr(value)]
        if len(names) != 1:
            raise RewriteError(CLOSED.format(name=equation.primitive))
        return {**params, names[0]: self.inner_jaxpr(equation, region, block, params[names[0]])}

    def inner_jaxpr(self, equation: Equation, region: Region, block: Block, old: Any) -> Any:
        if id(region) in self.shared:
            return self.shared[id(region)]
        scope, outer = _Scoped(_Scoped(None, None), equation.site), self.consts
        self.consts = {}
        invars = self.bind(scope, block.params)
        outvars = self.body(scope, region, region.results)
        read = {var: self.program.constants.get(value) for value, var in scope.captured.items()}
        self.consts = outer
        if any(content is None for content in read.values()):
            raise RewriteError(CLOSED.format(name=equation.primitive))
        closed = _compat.closed_jaxpr(invars, outvars, scope.eqns, read, old)
        made = self.shared[id(region)] = _compat.shaped_like(closed, old)
        if made is None:
            raise RewriteError(CLOSED.format(name=equation.primitive))
        return made

    # where an equation comes from

    def placed(self, scope: _Scoped, equation: Equation) -> Any:
        """JAX's equation, whose name stack begins where the scope's ends."""
        site, eqn = equation.site, equation.eqn
        if site is None or site is scope.site:
            return eqn
        stack = self.stack(site, scope.site) + eqn.source_info.name_stack
        return _compat.new_eqn(
            eqn, source_info=_compat.source_info(eqn, stack, _traceback(equation, scope.site))
        )

    def stack(self, site: Site, stop: Site | None) -> Any:
        """The name stacks of the calls that lead from the scope to an equation, as one."""
        key = (id(site), id(stop))
        if key not in self.stacks:
            stack, parent = site.eqn.source_info.name_stack, site.parent
            if parent is not None and parent is not stop:
                stack = self.stack(parent, stop) + stack
            self.stacks[key] = stack
        return self.stacks[key]


def _traceback(equation: Equation, stop: Site | None) -> Any:
    """The innermost traceback that leads to code of the user's."""
    own = equation.eqn.source_info.traceback
    traceback, site = own, equation.site
    while site is not None and site is not stop:
        if _compat.frames(traceback, site.function).users:
            return traceback
        traceback, site = site.eqn.source_info.traceback, site.parent
    return traceback if _compat.frames(traceback).users else own


def _remat_site(site: Site | None, stop: Site | None) -> Site | None:
    """The innermost remat call around an equation, inside the scope, that prevents merging."""
    while site is not None and site is not stop:
        if _compat.prevents_cse(site.eqn):
            return site
        site = site.parent
    return None


def _is_inside(site: Site | None, remat: Site, stop: Site | None) -> bool:
    while site is not None and site is not stop:
        if site is remat:
            return True
        site = site.parent
    return False
