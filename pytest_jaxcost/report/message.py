"""The message of limits that are not kept: what, where, how much, who pays, what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .amounts import show, show_multiple, show_share
from .culprits import Culprit, Culprits
from .judge import Verdict
from .layout import Cell, Line, paragraph, row, text
from .limit import Relation
from .metrics import WRITTEN, Metric
from .records import Finding, Place
from .wording import FORETOLD, NOTES, amount, amounts, happened, share, survival, what

DEMANDS = {
    Relation.MAX: "allowed {}",
    Relation.MIN: "required at least {}",
    Relation.EXACTLY: "required exactly {}",
}
KEPT = {
    Relation.MAX: "of {}",
    Relation.MIN: "(at least {})",
    Relation.EXACTLY: "(exactly {})",
}

NAMED = ("count", "transcendentals")
"""Units of amounts that are followed by the name of what they are of."""

AS_WRITTEN = " as written"

BESIDE_MARGIN = 72  # of 80 columns: pytest writes 8 before each line of an error


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How to write: columns, color, and the folder that paths are shown relative to."""

    width: int = 80
    color: bool = False
    root: str = ""


def failure(
    name: str,
    environment: Mapping[str, str],
    verdicts: Sequence[Verdict],
    culprits: Callable[[Verdict], Culprits],
    *,
    caveats: Sequence[str] = (),
    style: Style | None = None,
) -> str:
    """The whole message: every limit not kept with its culprits, then the limits that are."""
    style = style or Style()
    exceeded = [verdict for verdict in verdicts if verdict.exceeded]
    labels = max((len(verdict.limit.label) for verdict in exceeded), default=0)
    seen: set[Culprit] = set()
    lines = [*_header(name, environment, verdicts, style), ()]
    for verdict in exceeded:
        lines += _breach(verdict, min(labels, 30), style)
        lines += _blame(verdict, culprits(verdict), seen, environment.get("target", ""), style)
    lines += _within(verdicts, style)
    if not all(verdict.reading.exact for verdict in verdicts):
        lines += caveat_lines(caveats, style)
    return text(lines, color=style.color)


def _header(
    name: str, environment: Mapping[str, str], verdicts: Sequence[Verdict], style: Style
) -> tuple[Line, ...]:
    stages = {verdict.limit.subject.stage for verdict in verdicts if verdict.exceeded}
    # On lines of their own: pytest writes the name of the error before the first.
    title = f"jaxcost: {_outcome(name, verdicts)}"
    where = where_measured(stages, environment)
    return (
        *paragraph(title, indent=0, width=style.width, style="breach"),
        *paragraph(where, indent=2, width=style.width, style="faint"),
    )


def _outcome(name: str, verdicts: Sequence[Verdict]) -> str:
    """How many limits were not kept, and how many could not be checked."""
    total = f"{len(verdicts)} limit{'s' if len(verdicts) != 1 else ''}"
    unchecked = sum(1 for verdict in verdicts if verdict.undecided)
    over = sum(1 for verdict in verdicts if verdict.exceeded) - unchecked
    if not over:
        return f"{unchecked} of {total} cannot be checked for {name}"
    also = f", {unchecked} cannot be checked" if unchecked else ""
    return f"{over} of {total} exceeded by {name}{also}"


def where_measured(stages: set[Any], environment: Mapping[str, str]) -> str:
    """The stages and versions that the numbers are of: ``traced, jax 0.12.0``."""
    target = f" for {environment['target']}" if "target" in environment else ""
    words = {"traced": "traced", "compiled": f"compiled{target}"}
    stage = " and ".join(word for stage, word in words.items() if stage in stages)
    return ", ".join(part for part in (stage, _jax(environment)) if part)


def _jax(environment: Mapping[str, str]) -> str:
    return f"jax {environment['jax']}" if "jax" in environment else ""


def _breach(verdict: Verdict, labels: int, style: Style) -> tuple[Line, ...]:
    limit, reading = verdict.limit, verdict.reading
    value = amount(reading, limit.subject.unit, apart_from=verdict.allowed)
    cells = (
        Cell(limit.label, "strong", labels),
        Cell(value, "breach"),
        Cell(_demand(verdict)),
        Cell(_of_whole(verdict), "faint"),
        Cell(_of_other(verdict), "faint"),
    )
    why = paragraph(verdict.undecided, indent=4, width=style.width) if verdict.undecided else ()
    note = _note(verdict)
    noted = paragraph(note, indent=4, width=style.width, style="faint") if note else ()
    return (*row(cells, indent=2, width=style.width), *why, *noted)


def _demand(verdict: Verdict) -> str:
    """What the user asked for, in the user's words, and where it was written."""
    limit = verdict.limit
    words = "forbidden" if limit.forbids else DEMANDS[limit.relation].format(_quoted(verdict))
    return f"{words} by {limit.origin}" if limit.origin else words


def _quoted(verdict: Verdict) -> str:
    """The bound as written; with the amount it comes to where that is not plain."""
    bound, unit = verdict.limit.bound, verdict.limit.subject.unit
    if verdict.allowed is None:
        return bound.text
    came_to = show(verdict.allowed, unit)
    if bound.sort != "amount":
        return f"{bound.text} = {came_to}"
    plain = unit in ("flop", "bytes") and bound.text.isdigit() and verdict.allowed >= 1000
    return f"{bound.text} ({came_to})" if plain else bound.text


def _of_whole(verdict: Verdict) -> str:
    if (
        verdict.share is None
        or verdict.whole is None
        or not isinstance(verdict.limit.subject, Metric)
    ):
        return ""
    apart = verdict.limit.bound.value if verdict.limit.bound.sort == "share" else None
    unit = verdict.limit.subject.unit
    whole = amount(verdict.whole, unit)
    name = verdict.limit.subject.whole
    noun = AS_WRITTEN if name == WRITTEN else f" {name}" if unit in NAMED else ""
    return f"{show_share(verdict.share, apart_from=apart)} of {whole}{noun}"


def _of_other(verdict: Verdict) -> str:
    if verdict.multiple is None or verdict.relative is None:
        return ""
    apart = verdict.limit.bound.value
    unit = verdict.limit.subject.unit
    other = amount(verdict.relative, unit)
    return f"{show_multiple(verdict.multiple, apart_from=apart)} of {other}"


def _note(verdict: Verdict) -> str:
    subject = verdict.limit.subject
    kind = subject.kind if isinstance(subject, Metric) else None
    is_told = subject.stage == "compiled" and kind in FORETOLD
    return "" if kind is None or is_told or not verdict.reading.value else NOTES.get(kind, "")


def _blame(
    verdict: Verdict, culprits: Culprits, seen: set[Culprit], target: str, style: Style
) -> Iterator[Line]:
    """The culprits; those that the message has shown already are only counted."""
    new = [culprit for culprit in culprits.shown if culprit not in seen]
    shown = len(culprits.shown) - len(new)
    seen.update(new)
    if shown:
        yield (Cell(f"    {shown} of the findings above", "faint"),)
    yield from culprit_lines(new, verdict.limit.subject.weighs, target, style)
    if culprits.left_out:
        yield (Cell(f"    ... and {culprits.left_out:,} more (-vv shows all)", "faint"),)


def culprit_lines(
    culprits: Iterable[Culprit], field: str, target: str, style: Style
) -> Iterator[Line]:
    """Findings with what happened and their amounts; what several share is written once."""
    groups: dict[tuple[Any, ...], list[Culprit]] = {}
    for culprit in culprits:
        finding = culprit.finding
        shared = (finding.places, finding.phase, finding.scope, finding.hint)
        groups.setdefault(shared, []).append(culprit)
    hints: set[str] = set()
    for group in groups.values():
        for culprit in group:
            yield from _culprit(culprit, field, target, style)
        finding = group[0].finding
        yield from _places(finding, style)
        if finding.hint and finding.hint not in hints:
            yield from paragraph(f"hint: {finding.hint}", indent=6, width=style.width, style="hint")
        hints.add(finding.hint)


def _culprit(culprit: Culprit, field: str, target: str, style: Style) -> tuple[Line, ...]:
    finding = culprit.finding
    told = survival(finding, target)
    fits = len(told) <= style.width - 6
    cells = (
        Cell(what(finding)),
        Cell(happened(culprit)),
        *(Cell(each, "strong") for each in amounts(culprit, field)),
        Cell(share(culprit), "faint"),
        Cell(told if fits else ""),
    )
    below = () if fits else paragraph(told, indent=6, width=style.width)
    return (*row(cells, indent=4, width=style.width), *below)


def _places(finding: Finding, style: Style) -> Iterator[Line]:
    written = [_place(place, style.root) for place in finding.places]
    column = min(max(map(len, written), default=0), 50)
    for place, where in zip(finding.places, written, strict=True):
        payer = ", ".join(part for part in (place.phase or finding.phase, finding.scope) if part)
        cells = (Cell(where, "place", column), Cell(f"({payer})" if payer else "", "faint"))
        yield from row(cells, indent=6, width=style.width)


def _place(place: Place, root: str) -> str:
    file = place.file
    if root and file.startswith(root + os.sep):
        file = file[len(root) + 1 :]
    return f"{file}:{place.line}" + (f" in {place.function}" if place.function else "")


def _within(verdicts: Sequence[Verdict], style: Style) -> tuple[Line, ...]:
    kept = [verdict for verdict in verdicts if verdict.kept]
    if not kept:
        return ()
    listed = ", ".join(_kept(verdict) for verdict in kept)
    return paragraph(f"within limits: {listed}", indent=2, width=style.width, style="faint")


def _kept(verdict: Verdict) -> str:
    limit, reading = verdict.limit, verdict.reading
    value = amount(reading, limit.subject.unit, apart_from=verdict.allowed)
    return f"{limit.label} {value} {KEPT[limit.relation].format(limit.bound.text)}"


def caveat_lines(caveats: Sequence[str], style: Style) -> Iterator[Line]:
    """Why totals are lower bounds."""
    for caveat in caveats:
        yield from paragraph(f"caveat: {caveat}", indent=2, width=style.width, style="faint")
