"""The message of limits that are not kept: what, where, how much, who pays, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .amounts import show
from .culprits import Culprit, Culprits
from .finding_lines import finding_lines, shown_place
from .headline import comparison
from .judge import Verdict
from .layout import Cell, Line, paragraph, row, text
from .limit import Relation
from .metrics import OPTIMIZED, Metric
from .records import Finding
from .style import Style
from .wording import NOTES, PHASE_WORDS, amount, amounts, happened, share, what

KEPT = {
    Relation.MAX: "of {}",
    Relation.MIN: "(at least {})",
    Relation.EXACTLY: "(exactly {})",
}

BESIDE_MARGIN = 72  # of 80 columns: pytest writes 8 before each line of an error


def failure(
    name: str,
    environment: Mapping[str, str],
    verdicts: Sequence[Verdict],
    culprits: Callable[[Verdict], Culprits],
    *,
    caveats: Sequence[str] = (),
    style: Style | None = None,
) -> str:
    """The whole message: every limit not kept with its findings, then the limits that are."""
    style = style or Style()
    exceeded = [verdict for verdict in verdicts if verdict.exceeded]
    target = environment.get("target", "")
    seen: set[Finding] = set()
    lines = [*_header(name, environment, verdicts, style)]
    for verdict in exceeded:
        lines += _breach(verdict, style) if len(exceeded) > 1 else _details(verdict, 2, style)
        lines += _blame(verdict, culprits(verdict), seen, target, style)
    lines += _within(verdicts, style)
    if not all(verdict.reading.exact for verdict in verdicts):
        lines += caveat_lines(caveats, style)
    return text(lines, color=style.color)


def _first_line(name: str, verdicts: Sequence[Verdict]) -> str:
    """The first line: the limit that is not kept, or how many there are."""
    exceeded = [verdict for verdict in verdicts if verdict.exceeded]
    if len(exceeded) == 1:
        return f"jaxcost: {comparison(exceeded[0])}   {name}"
    unchecked = sum(1 for verdict in exceeded if verdict.undecided)
    over = len(exceeded) - unchecked
    if not over:
        return f"jaxcost: {unchecked} of {len(verdicts)} limits cannot be checked   {name}"
    also = f", {unchecked} cannot be checked" if unchecked else ""
    return f"jaxcost: {over} of {len(verdicts)} limits exceeded{also}   {name}"


def _header(
    name: str, environment: Mapping[str, str], verdicts: Sequence[Verdict], style: Style
) -> tuple[Line, ...]:
    stages = {verdict.limit.subject.stage for verdict in verdicts if verdict.exceeded}
    where = where_measured(stages, environment)
    return (
        *paragraph(_first_line(name, verdicts), indent=0, width=style.width, style="breach"),
        *paragraph(where, indent=2, width=style.width, style="faint"),
    )


def where_measured(stages: set[Any], environment: Mapping[str, str]) -> str:
    """The stages and versions that the numbers are of: ``traced, jax 0.12.0``."""
    target = f" for {environment['target']}" if "target" in environment else ""
    words = {"traced": "traced", "compiled": f"compiled{target}"}
    stage = " and ".join(word for stage, word in words.items() if stage in stages)
    return ", ".join(part for part in (stage, _jax(environment)) if part)


def _jax(environment: Mapping[str, str]) -> str:
    return f"jax {environment['jax']}" if "jax" in environment else ""


def _breach(verdict: Verdict, style: Style) -> tuple[Line, ...]:
    cell = Cell(f"  {comparison(verdict)}", "breach")
    return ((), (cell,), *_details(verdict, 4, style))


def _details(verdict: Verdict, indent: int, style: Style) -> Iterator[Line]:
    """Where the limit was set, what it comes to, and what a reader should know of the kind."""
    for words in (verdict.undecided, _set_by(verdict), _note(verdict)):
        yield from paragraph(words, indent=indent, width=style.width, style="faint")


def _set_by(verdict: Verdict) -> str:
    """``14.2 Mop of 56.8 Mop, allowed 568 kop; set by test_it.py:14``."""
    origin = f"set by {verdict.limit.origin}" if verdict.limit.origin else ""
    return "; ".join(part for part in (_of_base(verdict), origin) if part)


def _of_base(verdict: Verdict) -> str:
    """The amounts behind a share or a multiple."""
    bound, unit = verdict.limit.bound, verdict.limit.subject.unit
    base = {"share": verdict.whole, "multiple": verdict.relative}.get(bound.sort)
    if verdict.allowed is None or base is None or verdict.reading.value is None:
        return ""
    value = amount(verdict.reading, unit, apart_from=verdict.allowed)
    whole = amount(base, unit)
    beside = f"{value} of {whole}" if bound.sort == "share" else f"{value}; relative_to has {whole}"
    return f"{beside}, allowed {show(verdict.allowed, unit)}"


def _note(verdict: Verdict) -> str:
    subject = verdict.limit.subject
    kind = subject.kind if isinstance(subject, Metric) else None
    is_traced = subject.stage == "traced" or kind in OPTIMIZED
    is_known = kind is not None and is_traced and bool(verdict.reading.value)
    return NOTES.get(kind or "", "") if is_known else ""


def _blame(
    verdict: Verdict, culprits: Culprits, seen: set[Finding], target: str, style: Style
) -> Iterator[Line]:
    """The findings; those that the message has shown already are only counted."""
    new = [culprit for culprit in culprits.shown if culprit.finding not in seen]
    shown = len(culprits.shown) - len(new)
    seen.update(culprit.finding for culprit in new)
    if shown:
        yield (Cell(f"    {shown} of the findings above", "faint"),)
    yield from shown_lines(new, verdict.limit.subject.weighs, target, style)
    if culprits.left_out:
        yield (Cell(f"    ... and {culprits.left_out:,} more (-vv shows all)", "faint"),)


def shown_lines(
    culprits: Sequence[Culprit], field: str, target: str, style: Style
) -> Iterator[Line]:
    """Findings with a sentence one after the other; what only adds to a total, by place."""
    for culprit in culprits:
        if culprit.finding.title:
            yield ()
            yield from finding_lines(culprit.finding, target, style)
    yield from culprit_lines([each for each in culprits if not each.finding.title], field, style)


def culprit_lines(culprits: Iterable[Culprit], field: str, style: Style) -> Iterator[Line]:
    """Equations, arrays or instructions with their amounts; what several share is written once."""
    groups: dict[tuple[Any, ...], list[Culprit]] = {}
    for culprit in culprits:
        finding = culprit.finding
        shared = (finding.places, finding.phase, finding.scope, finding.hint)
        groups.setdefault(shared, []).append(culprit)
    hints: set[str] = set()
    for group in groups.values():
        for culprit in group:
            yield from _culprit(culprit, field, style)
        finding = group[0].finding
        yield from _places(finding, style)
        if finding.hint and finding.hint not in hints:
            yield from paragraph(f"hint: {finding.hint}", indent=6, width=style.width, style="hint")
        hints.add(finding.hint)


def _culprit(culprit: Culprit, field: str, style: Style) -> tuple[Line, ...]:
    cells = (
        Cell(what(culprit.finding)),
        Cell(happened(culprit)),
        *(Cell(each, "strong") for each in amounts(culprit, field)),
        Cell(share(culprit), "faint"),
    )
    return row(cells, indent=4, width=style.width)


def _places(finding: Finding, style: Style) -> Iterator[Line]:
    for place in finding.places:
        phase = PHASE_WORDS.get(place.phase or finding.phase, "")
        payer = ", ".join(part for part in (phase, finding.scope) if part)
        where = Cell(shown_place(place, style.root), "place")
        yield from row(
            (where, Cell(f"({payer})" if payer else "", "faint")), indent=6, width=style.width
        )


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
