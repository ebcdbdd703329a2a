"""What sentences are about: a function that the user's code calls, or an expression in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.ir import source

NOTHING = "this computation"


class Subject(NamedTuple):
    """The function that is called, or the expression, and the function that it stands in."""

    text: str
    function: str
    is_call: bool
    """Whether it is a function of the user's, called by name."""
    frame: _compat.Frame | None = None
    """Where the expression stands."""

    def is_shown(self, functions: Collection[str]) -> bool:
        """Whether its function is among some qualified names."""
        return any(name.rpartition("<locals>.")[2] == self.function for name in functions)

    def is_part_of(self, other: Subject) -> bool:
        """Whether the expression stands inside another one."""
        if self.frame is None or other.frame is None or self.frame.of is not other.frame.of:
            return False
        inner, outer = self.frame.expression, other.frame.expression
        if inner is None or outer is None or inner == outer:
            return False
        begins = (outer[0], outer[2]) <= (inner[0], inner[2])
        return begins and (inner[1], inner[3]) <= (outer[1], outer[3])


def subject(frames: Sequence[_compat.Frame], *, is_part: bool = False) -> Subject:
    """What the first of the user's frames, outermost first, calls or computes.

    An expression that does more than the work that is meant is named as a part of it.
    """
    if not frames:
        return Subject(NOTHING, "", False)
    around, *inside = frames
    function = source.standing_in(around)
    if name := next((name for each in inside if (name := source.function_name(each))), ""):
        return Subject(name, function, True)
    written = next((text for each in frames if (text := source.expression(each))), "")
    if written and is_part:
        written = f"a part of {written}"
    return Subject(written or NOTHING, function, False, around)


def together(subjects: Sequence[Subject]) -> Subject:
    """The first of subjects that compute the same, in the functions of all with its text."""
    first = subjects[0]
    functions = dict.fromkeys(each.function for each in subjects if each.text == first.text)
    if "" in functions or len(functions) < 2:
        return first
    *others, last = functions
    return first._replace(function=f"{', '.join(others)} and {last}")


def distinct(subjects: Iterable[Subject]) -> list[Subject]:
    """The subjects in order, each once, without expressions that are parts of others."""
    listed = list({(each.text, each.function): each for each in subjects}.values())
    return [each for each in listed if not any(map(each.is_part_of, listed))]


def located(subjects: Sequence[Subject]) -> str:
    """``kernel``, ``jnp.exp(x) and jnp.log(x) in loss``, ``a @ b in f and 3 more``."""
    first, *others = subjects
    together = len(others) == 1 and others[0].function == first.function
    names = f"{first.text} and {others[0].text}" if together else first.text
    is_plain = first.is_call or not first.function
    more = "" if together or not others else f" and {len(others)} more"
    return f"{names}{'' if is_plain else f' in {first.function}'}{more}"


def verb(subjects: Sequence[Subject], many: str, one: str) -> str:
    """The form of a verb that follows the subjects."""
    return one if len(subjects) == 1 else many
