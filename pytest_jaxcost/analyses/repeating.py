"""Which equations only repeat a value for the user: what other findings leave to `duplicates`."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_jaxcost.analyses.draws import is_part_of_draw, reused_keys
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.whose import split
from pytest_jaxcost.flow.repeats import Occurrence


def repeating(facts: Facts, occurrences: Iterable[Occurrence]) -> set[int]:
    """The ``id`` of those equations that `duplicates` counts whole."""
    asked = {id(occurrence.equation) for occurrence in occurrences}
    if not asked:
        return asked
    draws = reused_keys(facts)
    repeated = (
        each
        for each in facts.repetitions
        if any(id(o.equation) in asked for o in each.again) and not is_part_of_draw(each, draws)
    )
    splits = split(facts, repeated)
    again = (o for each in splits if each.users is not None for o in each.users.again)
    return asked & {id(o.equation) for o in again}
