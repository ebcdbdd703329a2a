"""Whose is it: can the author of a line mend what the program does there, or is it JAX's own?

The rule. An *evaluation* is one run of one expression of the user's own code (`flow.evaluations`).

* A repetition is the user's where its members belong to different evaluations, and the ways to them
  part in the user's code. What repeats within one evaluation is JAX's own.
* What differentiation makes of an evaluation is the user's only where the evaluation itself is
  repeated: the same function at the same point, or one linear map applied to one vector twice.
* A cheap step is JAX's own where the same evaluation does other work that is not wasted: the author
  wants that work, and the step comes with it.
* Work that a loop or a batch repeats unchanged follows the last two points: it is the user's where
  all that its evaluation computes is unchanged, or where it is more than a cheap step.

Libraries are like JAX in all of this: what repeats inside one call of theirs is their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.evaluations import Evaluation, Evaluations, Made, Way, is_cheap
from pytest_jaxcost.flow.repeats import Occurrence, Repetition
from pytest_jaxcost.ir.equation import Equation

Run = tuple[Evaluation, int]
"""An evaluation, and which pull of cotangents back through it."""


class Split(NamedTuple):
    """A repetition by whose it is; either part may be None."""

    users: Repetition | None
    jaxs: Repetition | None


def split(facts: Facts, repetitions: Iterable[Repetition]) -> list[Split]:
    """The repetitions that the user's code makes, and those that JAX makes."""
    return [_split(facts.evaluations, each) for each in repetitions]


def _split(evaluations: Evaluations, repetition: Repetition) -> Split:
    runs: dict[Run, list[Made]] = {}
    for occurrence in (repetition.first, *repetition.again):
        made = evaluations.of(occurrence.equation)
        runs.setdefault((made.evaluation, evaluations.pull_of(made)), []).append(made)
    repeated = _repeated(evaluations, runs) if len(runs) > 1 else []
    users = [made.occurrence for run in repeated for made in runs[run]]
    kept = {id(each.equation) for each in users}
    jaxs = [each for each in (repetition.first, *repetition.again) if id(each.equation) not in kept]
    if not users:
        return Split(None, repetition)
    first, *extra = runs[repeated[0]]
    again = users[len(extra) + 1 :]
    jaxs = [*(made.occurrence for made in extra), *jaxs]
    return Split(
        Repetition(first.occurrence, tuple(again)),
        Repetition(first.occurrence, tuple(jaxs)) if jaxs else None,
    )


def _repeated(evaluations: Evaluations, runs: dict[Run, list[Made]]) -> list[Run]:
    """Those of the runs that only repeat one another; none, or two and more."""
    wasted = [run for run in runs if _is_wasted(evaluations, runs[run][0], run, runs)]
    if len(wasted) < 2:
        return []
    first, *others = wasted
    parted = [run for run in others if parts_in_own_code(evaluations, first[0], run[0])]
    return [first, *parted] if parted else []


def _is_wasted(evaluations: Evaluations, made: Made, run: Run, runs: Iterable[Run]) -> bool:
    if evaluations.computes_primal(made):
        return not is_cheap(made.occurrence.equation.primitive) or _is_whole(evaluations, run[0])
    if any(other[0] == run[0] and other != run for other in runs):  # one linear map, pulled again
        return True
    point = evaluations.numbers.get(run[0])
    others = (evaluations.numbers.get(other[0]) for other in runs if other[0] != run[0])
    return point is not None and any(point == other for other in others)


def _is_whole(evaluations: Evaluations, evaluation: Evaluation) -> bool:
    """Whether all that an evaluation computes is computed in another one too."""
    return all(evaluations.times[number] > 1 for number in evaluations.numbers[evaluation])


def is_users(facts: Facts, equation: Equation, is_unchanged: Callable[[Occurrence], bool]) -> bool:
    """Whether work that is repeated unchanged is the user's."""
    evaluations = facts.evaluations
    made = evaluations.of(equation)
    if made.is_primal and not is_cheap(equation.primitive):
        return True
    primal = evaluations.primal.get(made.evaluation, [])
    return bool(primal) and all(is_unchanged(each.occurrence) for each in primal)


def parts_in_own_code(evaluations: Evaluations, one: Evaluation, other: Evaluation) -> bool:
    """Whether the user's code is where the ways to two evaluations part."""
    is_own = evaluations.origins.is_own
    if one[0] == other[0]:
        way = evaluations.rerun(one[0])
        return not any(map(is_own, way.outside)) or is_own(way.inside[0])
    ways = evaluations.ways([one[0], other[0]])
    if not all(way.inside for way in ways):
        return True
    here = [way.inside[0] for way in ways]
    if all(map(is_own, here)):
        return True
    if here[0].of is not here[1].of and ways[0].outside and is_own(ways[0].outside[-1]):
        return True
    entered = [next(frame.of for frame in way.inside if is_own(frame)) for way in ways]
    return entered[0] is not entered[1]


def ways_to(facts: Facts, occurrences: Sequence[Occurrence]) -> list[Way]:
    """The ways to repeated work from where they part, or from what a loop of the user's reruns."""
    evaluations = facts.evaluations
    made = (evaluations.of(occurrence.equation) for occurrence in occurrences)
    contexts = list(dict.fromkeys(each.evaluation[0] for each in made))
    return evaluations.ways(contexts) if len(contexts) > 1 else [evaluations.rerun(contexts[0])]
