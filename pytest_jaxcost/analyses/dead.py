"""Dead: work that reaches no output and no effect.

JAX drops it when it lowers the program, so it costs tracing time and not run time; it is worth a
look because it is often a mistake. One finding is about all work that leads to one line whose
result nobody reads.

What JAX leaves behind itself is JAX's own: what a library function computes and its caller does not
want, what differentiation makes of dead work, and the value of a function whose derivative alone is
used. A line's value is left behind if the line is in use otherwise, its derivative first of all.
Sums leave no trace in a derivative: they are left behind if a line that they add up is in use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.causes import Found
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.subjects import located
from pytest_jaxcost.analyses.wasted_calls import wasted_calls
from pytest_jaxcost.flow.evaluations import Evaluation, Made
from pytest_jaxcost.flow.live import is_live, live_values
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.records import Finding, Findings

TITLE = "the result of {subject} is never used"
HINT = "nothing reads the result; delete it, or return it"

TRACELESS = frozenset({"add", "add_any", "psum", "sub"})
"""Primitives whose transpose may be no equation at all."""


@analysis("dead", "JC401")
def dead(facts: Facts) -> Findings:
    """One finding for each line that is computed for nothing, with all work that only leads there.

    What JAX left behind is in ``from_jax``.
    """
    unused = [o for o in occurrences(facts.program) if not is_live(o.equation, facts.live)]
    moved = [o for o in unused if facts.is_bookkeeping(o.equation)]
    worked = [o for o in unused if not facts.is_bookkeeping(o.equation)]
    users = _Lines(facts, worked).users() if worked else []
    kept = {id(o.equation) for o in users}
    return Findings(
        _causes(facts, _cones(facts, users), unused),
        bookkeeping=lambda: [_finding(facts, [o]) for o in moved],
        from_jax=lambda: [_finding(facts, [o]) for o in worked if id(o.equation) not in kept],
    )


class _Lines:
    """Which lines of the user's are in use although their value is dead."""

    def __init__(self, facts: Facts, worked: list[Occurrence]) -> None:
        self._facts = facts
        self._evaluations = facts.evaluations
        self._worked = worked
        self._makers = {
            value: equation
            for _, equation in facts.program.walk()
            if equation.control is None
            for value in equation.outputs
        }
        self._in_use: dict[Evaluation, bool] = {}

    def users(self) -> list[Occurrence]:
        """The dead equations that the user's code asked for, and that nothing of JAX's needs."""
        made = [self._evaluations.of(o.equation) for o in self._worked]
        left = [each for each in made if self._is_left(each)]
        needed = live_values(
            self._facts.program, (v for each in left for v in each.occurrence.equation.outputs)
        )
        kept = {each.evaluation for each in made if is_live(each.occurrence.equation, needed)}
        asked = (each for each in made if each.is_primal and each.evaluation not in kept)
        return [each.occurrence for each in asked]

    def _is_left(self, made: Made) -> bool:
        """Whether JAX left the value of a line behind that is in use otherwise."""
        if not made.is_primal:
            return False
        eqn = made.occurrence.equation.eqn
        if _compat.selects_branches(eqn) or _compat.guards_branch(eqn):
            return True  # vmap of cond selects all that the branches take along
        frames = self._evaluations.origins.frames(made.origin.context)
        if not frames or self._is_in_use(made.evaluation):
            return True
        if made.phase == where.PRIMAL:
            return False
        if any(map(_compat.is_custom_rule, frames)) or not self._has_derivative(made):
            return True
        return self._adds_what_is_in_use(made.occurrence.equation)

    def _has_derivative(self, made: Made) -> bool:
        """Whether anything is in use of the derivative that ran the line."""
        return self._evaluations.derivative(made) in self._derivatives

    @cached_property
    def _derivatives(self) -> set[tuple[_compat.Frame, ...]]:
        live = self._facts.live
        return {
            self._evaluations.derivative(made)
            for made in self._evaluations.made.values()
            if made.is_work and is_live(made.occurrence.equation, live)
        }

    def _is_in_use(self, evaluation: Evaluation) -> bool:
        known = self._in_use.get(evaluation)
        if known is None:
            live = self._facts.live
            steps = self._evaluations.whole[evaluation]
            known = any(is_live(each.occurrence.equation, live) for each in steps)
            self._in_use[evaluation] = known
        return known

    def _adds_what_is_in_use(self, equation: Equation) -> bool:
        """Whether it is a sum of values whose lines are in use."""
        stack, seen = [equation], set[int]()
        while stack:
            current = stack.pop()
            if current.primitive not in TRACELESS and not self._facts.is_bookkeeping(current):
                continue
            for maker in self._read_by(current):
                if id(maker) in seen:
                    continue
                seen.add(id(maker))
                if self._is_in_use(self._evaluations.of(maker).evaluation):
                    return True
                stack.append(maker)
        return False

    def _read_by(self, equation: Equation) -> Iterable[Equation]:
        return (self._makers[value] for value in equation.inputs if value in self._makers)


def _cones(facts: Facts, users: list[Occurrence]) -> list[list[Occurrence]]:
    """What leads to each line that nobody reads, that line's own work first."""
    cones: dict[Evaluation, list[Occurrence]] = defaultdict(list)
    lines: dict[int, Evaluation] = {}
    for occurrence in sorted(users, key=lambda o: -o.equation.outputs[0]):
        outputs = occurrence.equation.outputs
        line = next((lines[value] for value in outputs if value in lines), None)
        if line is None:
            line = facts.evaluations.of(occurrence.equation).evaluation
        _lead(facts, outputs, line, lines)
        cones[line].append(occurrence)
    return list(cones.values())


def _lead(
    facts: Facts, values: Iterable[int], line: Evaluation, lines: dict[int, Evaluation]
) -> None:
    """Note that all that the values are computed from leads to a line, where it led to none."""
    stack = [value for value in values if value not in lines]
    while stack:
        value = stack.pop()
        if value not in lines:
            lines[value] = line
            stack += facts.program.depends[value]


def _causes(
    facts: Facts, cones: Iterable[list[Occurrence]], unused: Iterable[Occurrence]
) -> list[Finding]:
    """One finding for each line that nobody reads, or for a call that has several."""
    return wasted_calls(
        facts,
        (Found(_finding(facts, cone), cone) for cone in cones),
        lambda subjects, _: TITLE.format(subject=located(subjects)),
        also=unused,
        keys=lambda calls, found: (calls.frames(found.work[0])[:1] or id(found),),
    )


def _finding(facts: Facts, cone: list[Occurrence]) -> Finding:
    return facts.finding("dead", cone, hint=HINT)
