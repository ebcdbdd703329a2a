"""What the other mode would cost: the linear function that a basis goes through, transposed.

The equations that carry a basis are a linear function of it, traced already. They are traced once
more as a function of the basis alone, and its transpose is what ``jax.jacrev`` runs where
``jax.jacfwd`` stands, or the reverse. Nothing is executed. The rows of a basis are independent, so
the cost is proportional to their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax

from pytest_jaxcost.analyses.bases import Pushed, cost_of, is_batched, leaving
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.cost.lowering import REFUSALS, WIDE
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.flow.basis import level
from pytest_jaxcost.flow.dependence import dependents
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir.equation import Equation, Loop, Site
from pytest_jaxcost.ir.names import canonical

ESTIMATE = "; the flops are an estimate (about 10%), as if a pull cost what a push does"
"""What a hint says where the cost is not known."""


class Linear(NamedTuple):
    """A linear function: equations of one region, what they start from and what they return."""

    equations: tuple[Equation, ...]
    starts: tuple[int, ...]
    others: tuple[int, ...]
    """What the equations read beside: the residuals."""
    ends: tuple[int, ...]


def cost_of_other_mode(facts: Facts, pushed: Pushed, vectors: int) -> Cost | None:
    """What pulling `vectors` cotangents costs where a basis is pushed, or the reverse.

    None where it cannot be told: the derivative stands inside another Jacobian's, in a batch, or
    in a loop that the basis was not made in, or reverse mode would run a checkpoint again, or JAX
    cannot transpose it outside of its program.
    """
    linear = _linear(facts, pushed)
    if linear is None or is_batched(pushed) or _is_checkpointed(pushed):
        return None
    transposed = _transposed(facts, linear)
    if transposed is None:
        return None
    program = transposed.program
    reached = dependents(program, program.inputs[-len(linear.ends) :])
    work = [
        o
        for o in occurrences(program)
        if is_live(o.equation, transposed.live) and any(reached[v] for v in o.equation.outputs)
    ]
    if any(transposed.cost(o.equation) is None for o in work):
        return None
    weight = pushed.basis.region.weight
    return cost_of(transposed, work).times(vectors * weight).over(pushed.basis.size)


def has_transpose(facts: Facts, pushed: Pushed) -> bool:
    """Whether reverse mode can do what the derivative does: no ``while`` carries the basis."""
    return not any(
        isinstance(equation.control, Loop)
        and equation.control.test is not None
        and _carries(pushed, equation)
        for _, equation in facts.program.walk()
    )


def _linear(facts: Facts, pushed: Pushed) -> Linear | None:
    """The equations of the basis's region that carry it, if that is all of them."""
    region, images = pushed.basis.region, pushed.basis.rows
    carrying = tuple(
        equation
        for equation in region.equations
        if _carries(pushed, equation)
        and is_live(equation, facts.live)
        and level(equation) > pushed.basis.level
    )
    if not _hold_all(carrying, pushed.inside) or _is_inside_another(pushed, carrying):
        return None
    made = {value for equation in carrying for value in equation.outputs}
    read = dict.fromkeys(v for equation in carrying for v in equation.inputs if v not in made)
    starts = tuple(value for value in read if value in images)
    ends = tuple(sorted(leaving(facts, pushed) & made))
    others = tuple(value for value in read if value not in images)
    return Linear(carrying, starts, others, ends) if starts and ends else None


def _carries(pushed: Pushed, equation: Equation) -> bool:
    return not pushed.basis.rows.keys().isdisjoint(equation.outputs)


def _hold_all(equations: Sequence[Equation], inside: Sequence[Occurrence]) -> bool:
    held = {id(equation) for equation in _with_bodies(equations)}
    return all(id(o.equation) in held for o in inside)


def _with_bodies(equations: Sequence[Equation]) -> Iterator[Equation]:
    stack = list(equations)
    while stack:
        equation = stack.pop()
        yield equation
        if equation.control is not None:
            for region in equation.control.regions:
                stack.extend(region.equations)


def _is_inside_another(pushed: Pushed, carrying: Sequence[Equation]) -> bool:
    """Whether an outer derivative's basis is carried along: both are pushed at once."""
    outer = [each for each in pushed.others if each.level < pushed.basis.level]
    return any(v in each.images for each in outer for eqn in carrying for v in eqn.outputs)


def _is_checkpointed(pushed: Pushed) -> bool:
    """Whether a ``jax.checkpoint`` that is not differentiated in reverse yet carries the basis."""
    return any(
        canonical(site.eqn.primitive.name) == "remat2" and not site.remat
        for o in pushed.inside
        for site in _sites(o.equation)
    )


def _sites(equation: Equation) -> Iterator[Site]:
    site = equation.site
    while site is not None:
        yield site
        site = site.parent


def _transposed(facts: Facts, linear: Linear) -> Facts | None:
    """The transpose as a program: of the starts, the residuals and the cotangents of the ends."""

    def transpose(starts: Sequence[Any], others: Sequence[Any], cotangents: Sequence[Any]) -> Any:
        def function(starts: Sequence[Any]) -> list[Any]:
            return _run(
                linear, dict(zip(linear.starts + linear.others, [*starts, *others], strict=True))
            )

        return jax.vjp(function, starts)[1](cotangents)

    avals = facts.program.avals
    args = [
        [jax.ShapeDtypeStruct(avals[v].shape, avals[v].dtype) for v in values]
        for values in (linear.starts, linear.others, linear.ends)
    ]
    wide = any(arg.dtype.name in WIDE for group in args for arg in group)
    with jax.enable_x64(wide):
        try:
            return Facts(jax.make_jaxpr(transpose)(*args))
        except REFUSALS:
            return None


def _run(linear: Linear, values: dict[int, Any]) -> list[Any]:
    for equation in linear.equations:
        eqn = equation.eqn
        made = eqn.primitive.bind(*(values[value] for value in equation.inputs), **eqn.params)
        made = made if eqn.primitive.multiple_results else [made]
        values.update(zip(equation.outputs, made, strict=True))
    return [values[value] for value in linear.ends]
