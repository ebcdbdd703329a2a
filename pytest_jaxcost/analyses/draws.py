"""Random draws: which primitives make them, and which equations belong to one."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.flow.repeats import Occurrence, Repetition
from pytest_jaxcost.ir import where

DRAWS = frozenset(
    {
        "random_bits",
        "random_gamma",
        "random_split",
        "rng_bit_generator",
        "rng_uniform",
        "threefry2x32",
    }
)
"""Primitives that consume a key. Folding data into a key consumes nothing."""

Sources = frozenset[_compat.Frame | None]


def is_draw(repetition: Repetition) -> bool:
    """Whether what is repeated is a random draw."""
    return repetition.first.equation.primitive in DRAWS


def reused_keys(facts: Facts) -> Sources:
    """The user's expressions that draw again from a key already used."""
    draws = filter(is_draw, facts.repetitions)
    return frozenset(_source(each) for draw in draws for each in (draw.first, *draw.again))


def is_part_of_draw(repetition: Repetition, draws: Sources) -> bool:
    """Whether what is repeated is a draw, or shapes its bits in the same expression."""
    if not draws:
        return False
    occurrences = (repetition.first, *repetition.again)
    return is_draw(repetition) or all(_source(each) in draws for each in occurrences)


def drawing_sources(occurrences: Iterable[Occurrence]) -> Sources:
    """The user's expressions that draw random numbers, or make a key for it, among these."""
    steps = (o for o in occurrences if _is_step(o.equation.primitive))
    return frozenset(map(_source, steps))


def is_made_by(occurrence: Occurrence, draws: Sources) -> bool:
    """Whether an equation draws random numbers, or shapes their bits in the same expression."""
    return bool(draws) and _source(occurrence) in draws


def _is_step(primitive: str) -> bool:
    return primitive in DRAWS or primitive.startswith("random_")


def _source(occurrence: Occurrence) -> _compat.Frame | None:
    return where.source(occurrence.equation)
