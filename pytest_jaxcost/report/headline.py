"""The message in one line: ``jaxcost: waste 25% > 1%: model is evaluated twice (it.py:12, 15)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from .amounts import show_multiple, show_share
from .culprits import Culprit, Culprits
from .finding_lines import shown_file
from .judge import Verdict
from .limit import Relation
from .records import Place
from .wording import amount, happened, what

SIGNS: Mapping[Relation, str] = MappingProxyType(
    {Relation.MAX: ">", Relation.MIN: "<", Relation.EXACTLY: "!="}
)
PLACES = 3


def headline_of(
    verdicts: Sequence[Verdict], culprits: Callable[[Verdict], Culprits], *, root: str = ""
) -> str:
    """The first limit that is not kept, how many more there are, and its worst finding.

    Of a limit that cannot be checked it says why; such a one is told only if all are.
    """
    exceeded = [verdict for verdict in verdicts if verdict.exceeded]
    if not exceeded:
        return "jaxcost: all limits are kept"
    more = len(exceeded) - 1
    also = f", and {more} more limit{'s' if more > 1 else ''}" if more else ""
    first = next((verdict for verdict in exceeded if not verdict.undecided), exceeded[0])
    found = [_told(culprit, root) for culprit in culprits(first).shown[:1]]
    why = [first.undecided] if first.undecided else found
    return ": ".join(["jaxcost", comparison(first) + also, *why])


def comparison(verdict: Verdict) -> str:
    """The value beside its bound, in the bound's unit: ``waste 25.2% > 1%``."""
    limit = verdict.limit
    if verdict.undecided:
        return f"{limit.label} cannot be checked"
    if limit.forbids:
        return f"{limit.label} is forbidden"
    return f"{limit.label} {_value(verdict)} {SIGNS[limit.relation]} {limit.bound.text}"


def _value(verdict: Verdict) -> str:
    """The value, written as the bound is: a share, a multiple or an amount."""
    bound = verdict.limit.bound
    if bound.sort == "share" and verdict.share is not None:
        return show_share(verdict.share, apart_from=bound.value)
    if bound.sort == "multiple" and verdict.multiple is not None:
        return show_multiple(verdict.multiple, apart_from=bound.value)
    return amount(verdict.reading, verdict.limit.subject.unit, apart_from=verdict.allowed)


def _told(culprit: Culprit, root: str) -> str:
    where = _where(culprit.finding.places[:PLACES], root)
    told = culprit.finding.title or f"{what(culprit.finding)} {happened(culprit)}".strip()
    parts = (told, f"({where})" if where else "")
    return " ".join(part for part in parts if part)


def _where(places: Sequence[Place], root: str) -> str:
    """``model.py:15, 18``: each file once."""
    lines: dict[str, list[str]] = {}
    for place in places:
        lines.setdefault(shown_file(place.file, root), []).append(str(place.line))
    return ", ".join(f"{file}:{', '.join(dict.fromkeys(of))}" for file, of in lines.items())
