"""What to write instead, in JAX's words."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_jaxcost.analyses.derivative_calls import derivative_calls, run_for_each_vector
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.paths import parting_calls
from pytest_jaxcost.flow.repeats import Repetition
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation

VALUE_AND_GRAD = (
    "it runs plainly and again under differentiation; jax.value_and_grad, jax.jvp or jax.vjp "
    "return the value too"
)
DIFFERENTIATE_ONCE = (
    "it is differentiated more than once at one point; call jax.linearize or jax.vjp once and "
    "apply the result"
)
GRADIENTS = (
    "it is differentiated more than once at one point; one jax.grad or jax.value_and_grad with "
    "argnums=(0, 1, ...) shares the work"
)
PUSHES = (
    "it is differentiated more than once at one point; call jax.linearize once and apply the "
    "result to each tangent, or jax.vmap one jax.jvp over the tangents"
)
PULLS = (
    "it is differentiated more than once at one point; call jax.vjp once and apply the result to "
    "each cotangent, or jax.vmap it over the cotangents"
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
LOOP = "its operands do not change in the loop; compute it before and use the result inside"
REUSE = "compute it once and reuse the result"
CALL_ONCE = "{function} is called with the same values; call it once and reuse the result"


def repetition_hint(facts: Facts, repetition: Repetition) -> str:
    """How to compute a repeated value once."""
    occurrences = (repetition.first, *repetition.again)
    phases = {facts.phases.of(o.equation) for o in occurrences}
    if where.PRIMAL in phases and len(phases) > 1:
        return VALUE_AND_GRAD
    if any(o.region.weight != repetition.first.region.weight for o in occurrences):
        return LOOP
    paths = [facts.positions(o.equation) for o in occurrences]
    parting = parting_calls([path for path in paths if path])
    derivative = _derivative_hint(facts, [o.equation for o in occurrences])
    if derivative:
        return derivative
    functions = {path[0].function for path in paths if path}
    if parting and len(functions) == 1 and parting[0] != paths[0][0]:
        return CALL_ONCE.format(function=functions.pop())
    return REUSE


def _derivative_hint(facts: Facts, equations: Sequence[Equation]) -> str:
    """How to differentiate once what several derivatives share; empty if it is no such thing."""
    nested = {derivative_calls(each) for each in equations}
    if len(nested) == 1:
        call = run_for_each_vector(facts, nested.pop())
        return BY_DERIVATIVE.get(call[0], DIFFERENTIATE_ONCE) if call else ""
    hints = {BY_DERIVATIVE.get(calls[0][0]) if calls else None for calls in nested}
    return (hints.pop() if len(hints) == 1 else None) or DIFFERENTIATE_ONCE
