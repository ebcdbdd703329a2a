"""Scopes: which equations belong to a ``named_scope``, a jitted function or a Python function."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Iterator
from functools import cached_property, partial
from types import CodeType
from typing import Any

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.errors import ScopeError
from pytest_jaxcost.report.suggest import did_you_mean

NO_CODE = (
    "{function!r} has no Python code to look for; pass a Python function, or the name of a"
    " jax.named_scope"
)

RULES = ("fwd", "bwd", "jvp")
"""Attributes under which ``jax.custom_vjp`` and ``jax.custom_jvp`` keep the rules of a function."""

OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
"""Where this package's own frames are: what called them is not part of the program."""

LISTED = 20
"""How many scopes an error lists."""


class Scopes:
    """The scopes of a program, or of the part of it that the facts look at."""

    def __init__(self, facts: Facts, name: str) -> None:
        self.facts, self.name = facts, name

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Named scopes and the user's jitted functions, in program order."""
        found = (name for equation in self._members() for name in _path(equation, users=True))
        return tuple(dict.fromkeys(found))

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The user's Python functions that made equations, by their qualified names."""
        found: dict[str, None] = {}
        for equation in self._members():
            frames = (frame for frames, _ in _inside_measure(equation) for frame in frames)
            users = [frame.function for frame in frames if frame.of.is_users]
            found.update(dict.fromkeys(reversed(users)))
        return tuple(name for name in found if name != "<module>")

    def members(self, scope: str | Callable[..., Any]) -> frozenset[int]:
        """The equations in a scope, by ``id``.

        Raises:
            ScopeError: no equation is in the scope; the message lists the scopes there are.
        """
        if isinstance(scope, str):
            belongs = _in_named(scope)
            found = [equation for equation in self._members() if belongs(equation)]
        else:
            found = self._made_by(scope)
        if not found:
            raise ScopeError(self._nothing(scope))
        return frozenset(id(equation) for equation in found)

    def _made_by(self, function: Callable[..., Any]) -> list[Equation]:
        made = _MadeBy(function)
        found = [equation for equation in self._members() if made(equation)]
        if hasattr(function, "defvjp"):
            # JAX gives what the backward rule computes the frames of the call alone
            calls = {_path_outside(equation, made.codes) for equation in found} - {()}
            found += [each for each in self._members() if _is_transposed_call(each, calls)]
        return found

    def _members(self) -> Iterator[Equation]:
        walk = self.facts.program.walk()
        return (equation for _, equation in walk if self.facts.is_member(equation))

    def _nothing(self, scope: str | Callable[..., Any]) -> str:
        if isinstance(scope, str):
            known = (*self.names, *self.functions)
            what = f"no scope of {self.name} is named {scope!r}{did_you_mean(scope, known)}"
        else:
            what = f"no equation of {self.name} comes from {scope_name(scope)}"
        return (
            f"{what}{'' if what.endswith('?') else '.'} Scopes: {_listed(self.names)}."
            f" Functions, to be passed themselves: {_listed(self.functions)}"
        )


def scope_name(scope: str | Callable[..., Any]) -> str:
    """What to call a scope in messages."""
    if isinstance(scope, str):
        return scope
    return str(getattr(_unwrapped(scope), "__qualname__", type(scope).__qualname__))


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return (", ".join(names[:LISTED]) or "none") + more


# by name


def _in_named(scope: str) -> Callable[[Equation], bool]:
    """A test for equations under the names of `scope`, which follow one another in their path."""
    wanted = tuple(scope.split("/"))
    last = len(wanted)

    def belongs(equation: Equation) -> bool:
        path = tuple(_path(equation))
        return any(path[k : k + last] == wanted for k in range(len(path) - last + 1))

    return belongs


def _path(equation: Equation, *, users: bool = False) -> Iterator[str]:
    """The named scopes and jitted functions around an equation, outermost first."""
    sites = []
    site = equation.site
    while site is not None:
        sites.append(site)
        site = site.parent
    for site in reversed(sites):
        yield from _scope_names(site.eqn)
        name = site.eqn.params.get("name")
        if isinstance(name, str) and not (users and _compat.in_jax(site.function)):
            yield name
    yield from _scope_names(equation.eqn)


def _scope_names(eqn: Any) -> Iterator[str]:
    for name, is_transform in _compat.name_records(eqn.source_info.name_stack):
        if not is_transform and name != where.REMATTED[0]:
            yield from name.split("/")


# by function


class _MadeBy:
    """A test for equations that were made while one of the function's codes was running."""

    def __init__(self, function: Callable[..., Any]) -> None:
        codes = list(_codes(function))
        if not codes:
            raise ScopeError(NO_CODE.format(function=function))
        self.codes = frozenset(id(code) for code in codes)
        self.sources = {f"{code.co_filename}:{code.co_firstlineno}" for code in codes}

    def __call__(self, equation: Equation) -> bool:
        for frames, traced in _inside_measure(equation):
            if any(id(frame.of.code) in self.codes for frame in frames):
                return True
            if not frames and traced in self.sources:
                return True  # a body that JAX cached without the frames that made it
        return False


def _path_outside(equation: Equation, codes: Collection[int]) -> tuple[_compat.Frame, ...]:
    """The user's frames that lead to the outermost call of one of `codes`."""
    path = where.users_path(equation)
    inside = [k for k, frame in enumerate(path) if id(frame.of.code) in codes]
    return path[inside[-1] + 1 :] if inside else ()


def _is_transposed_call(equation: Equation, calls: Collection[tuple[_compat.Frame, ...]]) -> bool:
    return where.phase(equation) == where.TRANSPOSE and where.users_path(equation) in calls


def _inside_measure(equation: Equation) -> Iterator[tuple[tuple[_compat.Frame, ...], str]]:
    """The frames that made an equation and the function they stop at, up to who measured it."""
    for made, traced in where.made_in(equation):
        for k, frame in enumerate(made.every):
            if frame.file.startswith(OURS):
                yield made.every[:k], traced
                return
        yield made.every, traced


def _codes(function: Any) -> Iterator[CodeType]:
    """The code of a function and of the differentiation rules given for it."""
    for each in (function, *_rules(function)):
        unwrapped = _unwrapped(each)
        code = getattr(unwrapped, "__code__", None)
        if code is None:
            code = getattr(type(unwrapped).__call__, "__code__", None)
        if isinstance(code, CodeType):
            yield code


def _rules(function: Any) -> Iterator[Any]:
    while isinstance(function, partial):
        function = function.func
    for name in RULES if hasattr(function, "defvjp") or hasattr(function, "defjvp") else ():
        rule = getattr(function, name, None)
        if callable(rule):
            yield rule


def _unwrapped(function: Any) -> Any:
    """The Python function inside partials, methods, decorators and JAX's transformations."""
    while True:
        if isinstance(function, partial):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        else:
            return function
