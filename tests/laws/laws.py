"""What must hold of facts about values, checked against values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Repetition, occurrences
from pytest_jaxcost.ir.equation import Equation, Inlined
from tests.laws.evaluate import Context, Outputs, Run, bits, evaluate


def compatible(one: Context, other: Context) -> bool:
    """Whether two contexts agree on the iterations of the loops that both are in."""
    iterations = dict(one)
    return all(iterations.get(loop, step) == step for loop, step in other)


def require_equal_values(program: Inlined, numbers: Sequence[int], run: Run) -> None:
    """Values with equal numbers are equal wherever both are computed."""
    groups: dict[int, list[tuple[int, Context, Any]]] = {}
    for value, contexts in run.seen.items():
        for context, array in contexts.items():
            groups.setdefault(numbers[value], []).append((value, context, bits(array)))
    for group in groups.values():
        for (one, at, left), (other, there, right) in combinations(group, 2):
            if one != other and compatible(at, there):
                assert left == right, f"values {one} and {other} have one number and differ"


def merged(facts: Facts, args: Sequence[Any]) -> tuple[Any, ...]:
    """The results where repetitions take the first's values and dead equations are not run."""
    plain = evaluate(facts.program, args)
    skipped = {id(o.equation) for o in occurrences(facts.program) if is_dead(facts, o.equation)}
    firsts = dict(_firsts(facts.repetitions))

    def take(equation: Equation, context: Context) -> Outputs | None:
        first = firsts.get(id(equation))
        if first is None:
            return None
        return [_recorded(plain, value, context) for value in first.outputs]

    return evaluate(facts.program, args, skipped=frozenset(skipped), take=take).results


def is_dead(facts: Facts, equation: Equation) -> bool:
    return not is_live(equation, facts.live)


def _firsts(repetitions: Sequence[Repetition]) -> Iterator[tuple[int, Equation]]:
    for repetition in repetitions:
        for again in repetition.again:
            yield id(again.equation), repetition.first.equation


def _recorded(run: Run, value: int, context: Context) -> Any:
    """What a value was in the same iterations, or in every one if it does not change."""
    seen = run.seen.get(value, {})
    assert seen, f"value {value} is repeated where it was not computed"
    for other, array in seen.items():
        if compatible(other, context):
            return array
    assert len({bits(array) for array in seen.values()}) == 1, f"value {value} changes in its loop"
    return next(iter(seen.values()))
