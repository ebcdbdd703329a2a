"""What to write instead, in JAX's words."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.whose import ways_to
from pytest_jaxcost.flow.evaluations import Made, Way
from pytest_jaxcost.flow.repeats import Repetition
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation

VALUE_AND_GRAD = (
    "jax.value_and_grad, jax.jvp or jax.vjp return the value too: call one of them once"
)
DIFFERENTIATE_ONCE = "call jax.linearize or jax.vjp once and apply the result"
GRADIENTS = "one jax.grad or jax.value_and_grad with argnums=(0, 1, ...) shares the work"
PUSHES = (
    "call jax.linearize once and apply the result to each tangent, or jax.vmap one jax.jvp over "
    "the tangents"
)
PULLS = (
    "call jax.vjp once and apply the result to each cotangent, or jax.vmap it over the cotangents"
)
BY_DERIVATIVE = {
    "grad": GRADIENTS,
    "jacfwd": PUSHES,
    "jacrev": PULLS,
    "value_and_grad": GRADIENTS,
    "jvp": PUSHES,
    "linearize": PUSHES,
    "vjp": PULLS,
}
MAPS = {"linearize", "vjp"}
"""Derivatives that return a linear map, which is what each call is made for."""
JACOBIANS = frozenset({"jacfwd", "jacrev", "hessian"})
"""Derivatives that return no value beside them, but for what the function returns as aux."""
LINEARIZE = (
    "call jax.linearize once before the loop, which does not change the point, and apply the "
    "result to each tangent inside"
)
LOOP = "compute it before the loop and use the result inside"
REUSE = "compute it once and reuse the result"
WITH_AUX = (
    "one jax.jacfwd or jax.jacrev with has_aux=True gives both: let the function return the value "
    "a second time, as aux"
)
FACTOR_ONCE = {
    "lu": "jax.scipy.linalg.lu_factor factors it once, for solves and for the determinant",
    "cholesky": "jax.scipy.linalg.cho_factor factors it once, for solves and for the determinant",
}
"""How to factor a matrix once, where different functions of JAX's do it again."""
SAME_MATRIX = "{subjects} factor the same matrix"
CALL_ONCE = "call {function} once and reuse the result"

PLAINLY_AND_AGAIN = "{function} runs plainly and again under differentiation"
AT_ONE_POINT = "{function} is differentiated {times} at one point"
SENTENCES = {
    **dict.fromkeys((VALUE_AND_GRAD, WITH_AUX), PLAINLY_AND_AGAIN),
    **dict.fromkeys((DIFFERENTIATE_ONCE, GRADIENTS, PUSHES, PULLS), AT_ONE_POINT),
}
"""What happened, where a hint is about a derivative."""


def repetition_hint(facts: Facts, repetition: Repetition) -> str:
    """How to compute a repeated value once."""
    occurrences = (repetition.first, *repetition.again)
    phases = {facts.phases.of(o.equation) for o in occurrences}
    if where.PRIMAL in phases and len(phases) > 1:
        asked = {_outermost_derivative(way) for way in ways_to(facts, occurrences)} - {""}
        return WITH_AUX if asked and asked <= JACOBIANS else VALUE_AND_GRAD
    if any(o.region.weight != repetition.first.region.weight for o in occurrences):
        return LOOP
    made = [facts.evaluations.of(o.equation) for o in occurrences]
    if len({each.evaluation for each in made}) == 1:
        return PULLS
    ways = ways_to(facts, occurrences)
    is_repeated = all(way.is_repeated for way in ways)
    return (_derivative_hint(ways) if is_repeated else "") or REUSE


def _derivative_hint(ways: Sequence[Way]) -> str:
    """How to differentiate once what several derivatives share; empty if it is no such thing."""
    asked = {_outermost_derivative(way) for way in ways}
    is_a_call_again = all(way.is_equal for way in ways) and not asked & MAPS
    if is_a_call_again or not any(asked):
        return ""
    if len(asked) == 1:
        return BY_DERIVATIVE.get(asked.pop(), "")
    return WITH_AUX if asked & JACOBIANS and asked - JACOBIANS else DIFFERENTIATE_ONCE


def _outermost_derivative(way: Way) -> str:
    derivatives = map(_compat.derivative_of, way.inside)
    return next((derivative for derivative in derivatives if derivative), "")


def is_pushed_at_one_point(facts: Facts, equation: Equation) -> bool:
    """Whether a loop pushes tangents through an evaluation that it does not change."""
    made = facts.evaluations.of(equation)
    if made.phase != where.JVP:
        return False
    pushed = (o for o in facts.evaluations.work[made.evaluation] if not o.is_primal)
    return any(_changes(facts, each) for each in pushed)


def _changes(facts: Facts, made: Made) -> bool:
    found, (region, equation) = facts.invariance, made.occurrence
    is_inside = found is not None and bool(found.nests[id(region)])
    return is_inside and found is not None and not found.unchanged(region, equation)
