"""Reading bodies: values are allocated, calls are entered, everything else becomes an equation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.ir import higher_order
from pytest_jaxcost.ir.equation import Equation, Region, Site

UNKNOWN_CALL = "the unknown primitive {name} is entered like a call that runs its jaxpr once"

Env = dict[Any, int]
"""The value of each variable of one body."""


class CallFrame(NamedTuple):
    """A body that is being read: its equations still to come, and what its results bind."""

    eqns: Iterator[Any]
    env: Env
    site: Site | None
    results: Sequence[Any]
    binders: Sequence[Any]


class Entered(NamedTuple):
    """An equation that keeps its bodies: the jaxprs it runs, what it reads, where it stands."""

    eqn: Any
    jaxprs: Sequence[Any]
    inputs: tuple[int, ...]
    region: Region
    site: Site | None


class Reader:
    """Reads the bodies of one program.

    `entered` are the jaxprs that equations run, by the equation's ``id``; the others are leaves.
    `controls` read the equations whose bodies stay regions, by primitive; `otherwise` chooses for
    an equation that has no entry there: None to enter it like a call.
    """

    def __init__(
        self,
        entered: Mapping[int, list[Any]],
        controls: Mapping[str, Control],
        otherwise: Otherwise,
    ) -> None:
        self.entered = dict(entered)
        self.controls = controls
        self.otherwise = otherwise
        self.avals: list[Any] = []
        self.depends: list[tuple[int, ...]] = []
        self.constants: dict[int, Any] = {}
        self.roots: list[int] = []
        self.caveats: dict[str, None] = {}
        self.exact = True
        self.shared: dict[int, tuple[Region, tuple[int, ...]]] = {}
        self._captured: dict[int, int] = {}

    # values

    def value(self, aval: Any, depends: tuple[int, ...]) -> int:
        """A new value."""
        self.avals.append(aval)
        self.depends.append(depends)
        return len(self.avals) - 1

    def values(self, atoms: Sequence[Any], depends: tuple[int, ...]) -> tuple[int, ...]:
        """New values of the types of `atoms`, all computed from the same ones."""
        first = len(self.avals)
        self.avals.extend([atom.aval for atom in atoms])
        self.depends.extend([depends] * len(atoms))
        return tuple(range(first, len(self.avals)))

    def lookup(self, env: Env, atoms: Sequence[Any]) -> tuple[int, ...]:
        """The values of variables and literals."""
        literal = _compat.Literal
        return tuple(
            [
                env[atom] if atom.__class__ is not literal else self._constant(atom, atom)
                for atom in atoms
            ]
        )

    def keep(self, inputs: Sequence[int], region: Region) -> None:
        """Note that an effect needs values, and the predicates under which it happens."""
        self.roots.extend(inputs)
        current: Region | None = region
        while current is not None:
            if current.guard is not None:
                self.roots.append(current.guard[0])
            current = current.parent

    def _constant(self, atom: Any, content: Any) -> int:
        value = self.value(atom.aval, ())
        self.constants[value] = content
        return value

    def _capture(self, var: Any, content: Any) -> int:
        value = self._captured.get(id(content))
        if value is None:
            value = self._captured[id(content)] = self._constant(var, content)
        return value

    # bodies

    def read(
        self, jaxpr: Any, args: Sequence[int], region: Region, site: Site | None
    ) -> tuple[int, ...]:
        """Read a body into `region`, entering calls; the values of its results."""
        frames = [self._frame(jaxpr, args, site, ())]
        while True:
            frame = frames[-1]
            called = self._read_until_call(frame, region)
            if called is not None:
                frames.append(called)
                continue
            results = self.lookup(frame.env, frame.results)
            frames.pop()
            if not frames:
                return results
            frames[-1].env.update(zip(frame.binders, results, strict=True))

    def read_body(
        self, entered: Entered, jaxpr: Any, args: Sequence[int], region: Region
    ) -> tuple[int, ...]:
        """Read a body of an equation into a region of its own."""
        return self.read(jaxpr, args, region, _site_inside(entered.eqn, jaxpr, entered.site))

    def note_call(self, eqn: Any, region: Region) -> None:
        """Count a call site."""
        name = eqn.primitive.name
        region.calls[name] += 1
        if not higher_order.is_known_call(eqn):
            self.caveats[UNKNOWN_CALL.format(name=name)] = None
            self.exact = False

    def _frame(
        self, jaxpr: Any, args: Sequence[int], site: Site | None, binders: Sequence[Any]
    ) -> CallFrame:
        body, consts = _compat.open_jaxpr(jaxpr)
        env: Env = dict(zip(body.invars, args, strict=True))
        for var, content in zip(body.constvars, consts, strict=False):
            env[var] = self._capture(var, content)
        for var in body.constvars[len(consts) :]:  # an open jaxpr whose caller knows the rest
            env[var] = self.value(var.aval, tuple(args))
        return CallFrame(iter(body.eqns), env, site, body.outvars, binders)

    def _read_until_call(self, frame: CallFrame, region: Region) -> CallFrame | None:
        env, site, entered = frame.env, frame.site, self.entered
        for eqn in frame.eqns:
            jaxprs = entered.get(id(eqn))
            if jaxprs is None:
                self._leaf(eqn, env, region, site)
                continue
            control = self.controls.get(eqn.primitive.name) or self.otherwise(eqn, jaxprs)
            if control is None:
                return self._call(eqn, higher_order.callee(eqn, jaxprs), env, region, site)
            inputs = self.lookup(env, eqn.invars)
            equation = control(self, Entered(eqn, jaxprs, inputs, region, site))
            env.update(zip(eqn.outvars, equation.outputs, strict=True))
            region.equations.append(equation)
        return None

    def _leaf(self, eqn: Any, env: Env, region: Region, site: Site | None) -> None:
        inputs = self.lookup(env, eqn.invars)
        outvars = eqn.outvars
        outputs = self.values(outvars, inputs)
        if len(outvars) == 1:
            env[outvars[0]] = outputs[0]
        else:
            env.update(zip(outvars, outputs, strict=True))
        region.equations.append(Equation(eqn, inputs, outputs, site, None))
        if eqn.effects and _compat.side_effects(eqn):
            self.keep(inputs, region)

    def _call(
        self, eqn: Any, called: Any, env: Env, region: Region, site: Site | None
    ) -> CallFrame:
        self.note_call(eqn, region)
        operands = higher_order.call_operands(eqn)
        if len(operands) != len(eqn.invars):
            self.roots.extend(self.lookup(env, eqn.invars))  # AD needs what the call does not
        args = self.lookup(env, operands)
        return self._frame(called, args, _site_inside(eqn, called, site), eqn.outvars)


Control = Callable[[Reader, Entered], Equation]
"""Reads an equation that keeps its bodies."""

Otherwise = Callable[[Any, list[Any]], Control | None]


def _site_inside(eqn: Any, body: Any, site: Site | None) -> Site:
    remat = site is not None and site.remat
    remat = remat or bool(eqn.params.get("differentiated", False))
    return Site(site, eqn, _compat.function_source(body), remat)
