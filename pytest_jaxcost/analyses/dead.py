"""Dead: equations none of whose results reaches an output or an effect.

JAX drops them when it lowers the program, so they cost tracing time and not run time; they are
worth a look because they are often a mistake. What JAX itself leaves behind is none of the user's:
differentiation traces the primal program even where only its derivative is used, and library
functions compute results that the caller does not want. That is residue.

An equation is residue if the same expression of the user's made live work of another kind, or if
another residue needs it. Under differentiation a linear equation leaves no trace in the derivative,
so a linear one that nothing reads may be the primal result: it counts as residue too.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.flow.live import is_live, live_values
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.records import Finding, Findings

HINT = "nothing reads the result; delete it, or return it"

LINEAR = frozenset(
    {
        "add",
        "add_any",
        "cumsum",
        "neg",
        "psum",
        "reduce_sum",
        "reduce_window_sum",
        "select_n",
        "sub",
    }
)
"""Work whose transpose may be no work, so that it leaves no trace in a derivative."""

Kind = tuple[str, str]
"""A primitive and a phase."""


@analysis("dead")
def dead(facts: Facts) -> Findings:
    """One finding per dead equation; what JAX left behind is in ``residue``."""
    unused = [o for o in occurrences(facts.program) if not is_live(o.equation, facts.live)]
    moved = [o for o in unused if facts.is_bookkeeping(o.equation)]
    worked = [o for o in unused if not facts.is_bookkeeping(o.equation)]
    is_left_by_jax = _residue(facts, worked) if worked else None

    def found(candidates: list[Occurrence], left_by_jax: bool) -> list[Finding]:
        return [
            facts.finding("dead", [occurrence], hint=HINT)
            for occurrence in candidates
            if (is_left_by_jax is not None and is_left_by_jax(occurrence)) is left_by_jax
        ]

    return Findings(
        found(worked, left_by_jax=False),
        bookkeeping=lambda: found(moved, left_by_jax=False),
        residue=lambda: found(unused, left_by_jax=True),
    )


def _residue(facts: Facts, candidates: list[Occurrence]) -> Callable[[Occurrence], bool]:
    """A test for what reaches something that JAX left behind, or was left behind itself."""
    made_live = _live_kinds(facts, candidates)
    read = {value for o in candidates for value in o.equation.inputs}
    seeds = [o for o in candidates if _is_left_by_jax(o, made_live, read)]
    reached = live_values(facts.program, (value for o in seeds for value in o.equation.outputs))
    return lambda occurrence: is_live(occurrence.equation, reached)


def _is_left_by_jax(
    occurrence: Occurrence,
    made_live: dict[_compat.Frame | None, set[Kind]],
    read: set[int],
) -> bool:
    equation = occurrence.equation
    phase = where.phase(equation)
    if made_live[where.source(equation)] - {(equation.primitive, phase)}:
        return True
    if phase == where.PRIMAL:
        return False
    unread = read.isdisjoint(equation.outputs)
    return unread and (equation.primitive in LINEAR or not _is_differentiable(equation))


def _live_kinds(
    facts: Facts, candidates: list[Occurrence]
) -> dict[_compat.Frame | None, set[Kind]]:
    """What live work the expressions of the candidates made."""
    sources = {where.source(o.equation) for o in candidates}
    return {
        source: {
            (each.equation.primitive, where.phase(each.equation))
            for _, each in facts.by_source[source]
            if is_live(each.equation, facts.live)
        }
        for source in sources
    }


def _is_differentiable(equation: Equation) -> bool:
    kinds = (getattr(var.aval.dtype, "kind", "") for var in equation.eqn.outvars)
    return any(kind in "fcV" and kind != "" for kind in kinds)  # V: bfloat16 and float8
