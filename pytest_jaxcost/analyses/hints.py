"""What to write instead, in JAX's words."""

from __future__ import annotations

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.paths import parting_calls
from pytest_jaxcost.flow.repeats import Repetition
from pytest_jaxcost.ir import where

VALUE_AND_GRAD = (
    "it runs plainly and again under differentiation; jax.value_and_grad, jax.jvp or jax.vjp "
    "return the value too"
)
DIFFERENTIATE_ONCE = (
    "it is differentiated more than once at one point; use argnums=(0, 1, ...), or call "
    "jax.linearize or jax.vjp once and apply the result"
)
LOOP = "its operands do not change in the loop; compute it before and use the result inside"
REUSE = "compute it once and reuse the result"
CALL_ONCE = "{function} is called with the same values; call it once and reuse the result"


def repetition_hint(facts: Facts, repetition: Repetition) -> str:
    """How to compute a repeated value once."""
    occurrences = (repetition.first, *repetition.again)
    phases = {where.phase(o.equation) for o in occurrences}
    if where.PRIMAL in phases and len(phases) > 1:
        return VALUE_AND_GRAD
    if any(o.region.weight != repetition.first.region.weight for o in occurrences):
        return LOOP
    paths = [facts.positions(o.equation) for o in occurrences]
    parting = parting_calls([path for path in paths if path])
    if len({_compat.differentiated_at(o.equation.eqn) for o in occurrences}) > 1:
        return DIFFERENTIATE_ONCE
    functions = {path[0].function for path in paths if path}
    if parting and len(functions) == 1 and parting[0] != paths[0][0]:
        return CALL_ONCE.format(function=functions.pop())
    return REUSE
