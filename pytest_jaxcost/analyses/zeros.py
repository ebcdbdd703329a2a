"""Zeros: work on parts of values that are zero whatever the inputs are.

The Jacobian of several arguments pushes the tangents of all of them through code that only one of
them reaches; a tangent that does not vary is made an array of zeros; a dot product has an operand
that is zeros, padding, or diagonal. The work in proportion to the zeros is waste.

What JAX does with zeros inside one expression of the user's is JAX's own, and so is padding that is
less than half of the work, or along few positions. That a basis is pushed through a derivative is
how Jacobians are made, and the sparsity of a function's own Jacobian is no waste of its author's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.apart import SUMS, Apart, apart
from pytest_jaxcost.analyses.causes import Found, Told, causes, weightiest
from pytest_jaxcost.analyses.derivative_calls import derivative_places
from pytest_jaxcost.analyses.facts import INDEX_ELEMENTS, Facts
from pytest_jaxcost.analyses.points import Points
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.repeating import repeating
from pytest_jaxcost.analyses.subjects import NOTHING, Subject
from pytest_jaxcost.analyses.wasted_calls import WastedCalls
from pytest_jaxcost.analyses.zero_edits import edits_of_zeros
from pytest_jaxcost.analyses.zero_hints import (
    REVERSIBLE,
    Advice,
    Cause,
    Saving,
    Wasted,
    advice,
    cause_of,
    sentence,
)
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.flow.zeros.interpret import known_values
from pytest_jaxcost.flow.zeros.pattern import Known
from pytest_jaxcost.flow.zeros.registry import ZeroStep
from pytest_jaxcost.flow.zeros.work import ZeroWork, picking_work, zero_work
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.records import Finding, Findings

MOSTLY = Fraction(1, 2)
"""The part of an equation's work that padding has to be for it to be waste."""

SHRUGGED_AT = frozenset({Cause.DIAGONAL, Cause.IDENTITY, Cause.PADDING, Cause.PART_USED})
"""What is waste only along more than `INDEX_ELEMENTS`: formulas are written with small matrices."""

SEEDS = frozenset({Cause.SEEDS, Cause.SLICE_SEEDS})
"""What one derivative for each argument does not do."""

STARTS = frozenset({Cause.ZERO_SEED, Cause.ZEROS})
"""What a function of JAX's that calls the user's begins with."""

NOT_ASKED = Apart(0)


class Judged(NamedTuple):
    """What is known of each value, and the equations that work on zeros, waste or not."""

    known: Sequence[Known]
    counted: Sequence[Wasted]
    left: Sequence[Wasted]
    rewritten: Apart
    """What one derivative for each argument would cost."""


@analysis("zeros", "JC301")
def zeros(facts: Facts) -> Findings:
    """One finding for each derivative that pushes zeros, or for each call that works on them."""
    known, counted, left, rewritten = judged(facts)
    return Findings(
        _causes(facts, counted, _with_edits(facts, known, counted, rewritten)),
        from_jax=lambda: _findings(facts, left, rewritten),
    )


def judged(facts: Facts) -> Judged:
    """The live equations that work on zeros.

    What only repeats a value is among the `duplicates` whole.
    """
    counted: list[Wasted] = []
    left: list[Wasted] = []
    expressions = Expressions(facts)
    known = known_values(facts.program)
    everything = list(_wasted(facts, known))
    found = [each for each in everything if is_live(each.occurrence.equation, facts.live)]
    rewritten = _apart(facts, known, found, everything)
    repeated = repeating(facts, [each.occurrence for each in found])
    for each in found:
        if id(each.occurrence.equation) not in repeated:
            is_shrugged_at = each.cause in SEEDS and not rewritten.is_less
            is_waste = not is_shrugged_at and _is_waste(each, expressions)
            (counted if is_waste else left).append(each)
    return Judged(known, counted, left, rewritten)


def _apart(
    facts: Facts, known: Sequence[Known], found: Sequence[Wasted], everything: Sequence[Wasted]
) -> Apart:
    """What one call for each argument would cost, if a finding says that; the dead is less too."""
    cuts = {id(o): o for each in found if each.cause in SEEDS for o in [each.work.origin.equation]}
    if not cuts:
        return NOT_ASKED
    wasted = (
        (each.occurrence.equation, each.work.share) for each in everything if each.cause in SEEDS
    )
    return apart(facts, known, filter(None, cuts.values()), wasted)


class Expressions:
    """Which primitives the user's expressions run, looked up when a question comes up."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def is_operator(self, equation: Equation) -> bool:
        """Whether the expression that made `equation` is one operation, and no library function."""
        return self._primitives.get(where.source(equation), frozenset()) <= {
            equation.primitive,
            "add_any",
        }

    @cached_property
    def _primitives(self) -> dict[object, set[str]]:
        found: dict[object, set[str]] = {}
        for _, equation in self._facts.program.walk():
            if equation.control is None and not self._facts.is_bookkeeping(equation):
                found.setdefault(where.source(equation), set()).add(equation.primitive)
        return found


def _wasted(facts: Facts, known: Sequence[Known]) -> Iterator[Wasted]:
    """The equations that work on zeros, live or dead."""
    points = Points(facts)
    for region in facts.program.regions():
        for equation in region.equations:
            if equation.control is not None:
                continue
            for value in equation.inputs:
                if known[value] is not None:
                    found = _wasted_by(facts, Occurrence(region, equation), known, points)
                    if found is not None:
                        yield found
                    break


def _wasted_by(
    facts: Facts, occurrence: Occurrence, known: Sequence[Known], points: Points
) -> Wasted | None:
    equation = occurrence.equation
    operands = tuple([known[value] for value in equation.inputs])
    results = tuple([known[value] for value in equation.outputs])
    step = ZeroStep(equation, operands, facts.program.constants, results)
    for work in (picking_work(step), zero_work(step)):
        if work is None:
            continue
        if facts.is_bookkeeping(equation):
            return None
        cause = cause_of(work, equation)
        if cause is Cause.ZERO_SEED and points.has(work.origin):
            if equation.primitive in SUMS and not work.origin.worked:
                return None  # as outside of a derivative: a sum may start with zeros
            cause = Cause.ZEROS
        if cause is not Cause.BASIS and not _is_constant(facts, work, equation):
            return Wasted(occurrence, work, cause)
    return None


def _is_constant(facts: Facts, work: ZeroWork, equation: Equation) -> bool:
    """Whether no argument takes part: that is constant work, which is another question."""
    kind = work.origin.kind
    return kind == "zeros" and not any(facts.given[value] for value in equation.outputs)


def _is_waste(wasted: Wasted, expressions: Expressions) -> bool:
    cause, work = wasted.cause, wasted.work
    equation = wasted.occurrence.equation
    if cause in SEEDS:
        return True
    if cause in STARTS and _starts_the_call_around(work.origin.equation, equation):
        return False
    if work.origin.equation is None:
        if not expressions.is_operator(equation):
            return False
    elif where.source(work.origin.equation) == where.source(equation):
        return cause is Cause.ZERO_TANGENT and _compat.has_custom_rule(equation.eqn)
    if cause in SHRUGGED_AT and work.size <= INDEX_ELEMENTS:
        return False
    if cause in (Cause.PADDING, Cause.PART_USED):
        return work.share >= MOSTLY and equation.primitive != "add_any"
    return True


def _starts_the_call_around(maker: Equation | None, equation: Equation) -> bool:
    """Whether the call that runs an equation made the zeros too, as solvers start from zeros."""
    made = () if maker is None else where.users_path(maker)
    return bool(made) and made[0] in where.users_path(equation)[1:]


def _causes(facts: Facts, wasted: Sequence[Wasted], findings: Sequence[Finding]) -> list[Finding]:
    """One finding for each derivative that pushes zeros, or for what works on them."""
    calls = WastedCalls(facts, [each.occurrence for each in wasted])
    why = {id(f): each for f, each in zip(findings, wasted, strict=True)}

    def keys(found: Found) -> Iterable[Hashable]:
        one = why[id(found.finding)]
        maker = one.work.origin.equation
        if one.cause in REVERSIBLE and maker is not None:
            return ((one.cause, where.users_path(maker)),)
        return ((one.cause, key) for key in calls.keys(found))

    def tell(group: Sequence[Found]) -> Told:
        most_zeros_first = sorted(group, key=lambda each: -why[id(each.finding)].work.zeros)
        first = weightiest(most_zeros_first)[0]
        one = why[id(first.finding)]
        if one.cause in REVERSIBLE:
            subjects, places = _functions([first, *group]), derivative_places(facts, group)
        else:
            subjects, places = calls.subjects(group), calls.places(group)
        return Told(sentence(facts, one, subjects), places, first.finding.hint)

    found = [Found(f, (each.occurrence,)) for f, each in zip(findings, wasted, strict=True)]
    return causes(facts, found, keys, tell)


def _functions(group: Sequence[Found]) -> list[Subject]:
    """The functions that zeros go through, in order."""
    places = (place for each in group for place in each.finding.places[:1])
    names = dict.fromkeys(place.function.rpartition("<locals>.")[2] for place in places)
    return [Subject(name, "", True) for name in names or [NOTHING]]


def _with_edits(
    facts: Facts, known: Sequence[Known], wasted: Sequence[Wasted], rewritten: Apart
) -> list[Finding]:
    """The findings with what takes the place of their equations; cuts go with the first of all."""
    found = _findings(facts, wasted, rewritten)
    work = [(each.occurrence, each.work, each.cause) for each in wasted]
    *own, cuts = edits_of_zeros(facts, known, work)
    return [
        replace(finding, edits=(*(cuts.edits if k == 0 else ()), *each.edits), no_edit=each.no_edit)
        for k, (finding, each) in enumerate(zip(found, own, strict=True))
    ]


def _findings(facts: Facts, wasted: Sequence[Wasted], rewritten: Apart) -> list[Finding]:
    """The findings; what a hint promises is the sum of those that it belongs to."""
    plain = [_finding(facts, each) for each in wasted]
    advised = [
        advice(each.cause, each.work, each.occurrence.equation, finding)
        for each, finding in zip(wasted, plain, strict=True)
    ]
    spent: Counter[Advice] = Counter()
    for each, finding in zip(advised, plain, strict=True):
        spent[each] += finding.flops
    hints = {each: each.text(Saving(flops, rewritten)) for each, flops in spent.items()}
    return [
        replace(finding, hint=hints[each]) for each, finding in zip(advised, plain, strict=True)
    ]


def _finding(facts: Facts, wasted: Wasted) -> Finding:
    whole, share = facts.finding("zeros", [wasted.occurrence], bookkeeping=False), wasted.work.share
    spent = Cost(
        flops=int(whole.flops * share),
        transcendentals=int(whole.transcendentals * share),
        bytes_accessed=int(whole.bytes_accessed * share),
    )
    evidence = facts.evidence(wasted.occurrence, spent)
    return facts.costing(replace(whole, equations=(evidence,)), spent)
