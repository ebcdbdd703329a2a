"""Who repeats a value: the user's code, or JAX inside one expression of the user's.

``jax.scipy.special.ndtr(x)`` calls ``erfc(x)`` twice, and the product rule multiplies twice for
``x * x``: nothing that the author of the expression can mend. A repetition is JAX's own where the
same frames of the user's lead to it, unless the user's code ran that expression again, in a Python
loop say: then what the expression computes first is repeated too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.derivative_calls import derivative_calls, run_for_each_vector
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence, Repetition
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation

Route = tuple[Any, ...]
Source = _compat.Frame | None
Value = tuple[Route, int]
"""What an equation computes, and how it came to be there."""


class Split(NamedTuple):
    """A repetition by who made it; either part may be None."""

    users: Repetition | None
    jaxs: Repetition | None


def split_by_origin(facts: Facts, repetitions: Iterable[Repetition]) -> list[Split]:
    """The repetitions that the user's code makes, and those that JAX makes."""
    listed = list(repetitions)
    rerun = _rerun(facts, {where.source(o.equation) for each in listed for o in _all(each)})
    return [_split(each, rerun) for each in listed]


def _all(repetition: Repetition) -> tuple[Occurrence, ...]:
    return (repetition.first, *repetition.again)


def _split(repetition: Repetition, rerun: set[Source]) -> Split:
    routes: dict[tuple[Source, ...], set[Route]] = {}
    users: list[Occurrence] = []
    jaxs: list[Occurrence] = []
    for occurrence in _all(repetition):
        path, route = where.users_path(occurrence.equation), where.route(occurrence.equation)
        known = routes.setdefault(path, set())
        by_user = not known or (route in known and where.source(occurrence.equation) in rerun)
        known.add(route)
        (users if by_user else jaxs).append(occurrence)
    first, *again = users
    return Split(
        Repetition(first, tuple(again)) if again else None,
        Repetition(first, tuple(jaxs)) if jaxs else None,
    )


def _rerun(facts: Facts, sources: set[Source]) -> set[Source]:
    """The expressions that the user's code ran more than once with equal values.

    What an expression and its differentiation rules compute stands in a row in the program, and
    begins each time with the same equation.
    """
    return {source for source in sources if source is not None and _runs_again(facts, source)}


def _runs_again(facts: Facts, source: Source) -> bool:
    computed: list[Value] = []
    starts: list[Value] = []
    rows: list[Equation] = []
    last, is_new = -2, False
    for position, (_, equation) in facts.by_source[source]:
        is_new = is_new or position != last + 1
        if _counts(facts, equation):
            computed.append((where.route(equation), facts.numbers[equation.outputs[0]]))
            if is_new and computed[-1][0] == computed[0][0]:
                rows.append(equation)
                if position != last + 1:
                    starts.append(computed[-1])
            is_new = False
        last = position
    return _repeats(computed, starts) or (len(rows) > 1 and _is_differentiated_again(facts, rows))


def _is_differentiated_again(facts: Facts, rows: list[Equation]) -> bool:
    """Whether one call of a derivative made them all, and was run for each of several vectors."""
    calls = {derivative_calls(each) for each in rows}
    return len(calls) == 1 and run_for_each_vector(facts, calls.pop()) is not None


def _counts(facts: Facts, equation: Equation) -> bool:
    """Whether an equation tells one run of an expression: live work that is no cotangent's."""
    return (
        bool(equation.outputs)
        and is_live(equation, facts.live)
        and not facts.is_bookkeeping(equation)
        and where.phase(equation) != where.TRANSPOSE
    )


def _repeats(computed: list[Value], starts: list[Value]) -> bool:
    """Whether all that is computed from one of the starts to the next alike is repeated."""
    times = Counter(computed)
    for start in (value for value in starts if times[value] > 1):
        first = computed.index(start)
        again = computed.index(start, first + 1)
        if all(times[value] > 1 for value in computed[first:again]):
            return True
    return False
