"""Repeated factorizations: one matrix is factored twice, under another guise or with other flags.

A Cholesky of ``A`` and one of ``(A + A.T) / 2``, an LU of ``A`` and one of ``A.T``, a singular
value decomposition with vectors and one without: different values, so no duplicates, and one
factorization would serve both. Those of equal operands and flags are duplicates and counted there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.causes import Found, Told, causes, frame_place
from pytest_jaxcost.analyses.factor_edits import Pair, from_kept
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.hints import FACTOR_ONCE
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.subjects import distinct, located, subject, verb
from pytest_jaxcost.analyses.written import written
from pytest_jaxcost.flow.repeats import Occurrence, repetitions
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.records import Finding, Findings
from pytest_jaxcost.rewrite.edits import Replace

FAMILIES = {
    "cholesky": "cholesky",
    "eig": "eig",
    "eigh": "eigh",
    "geqrf": "qr",
    "hessenberg": "hessenberg",
    "lu": "lu",
    "qr": "qr",
    "schur": "schur",
    "svd": "svd",
    "tridiagonal": "tridiagonal",
}
"""Primitives that factor a matrix, and the factorization that each makes."""

TRANSPOSABLE = frozenset({"cholesky", "eigh", "lu", "svd", "tridiagonal"})
"""Factorizations that serve the transpose too; a QR of ``A.T`` is an LQ of ``A``."""

TITLE = "{subject} {do} the same matrix again"
FLAGS = "one {family} of this matrix does for both: ask for all that is needed at once"
SYMMETRIZED = (
    "the matrices are equal if this one is symmetric: symmetrize it once, or pass"
    " symmetrize_input=False, and factor it once"
)
TRANSPOSED = (
    "the {family} of a matrix serves its transpose too, as jax.scipy.linalg.lu_solve does with"
    " trans=1"
)


class Guise(NamedTuple):
    """What a factored matrix is, apart from how it is written."""

    number: int
    transposed: bool = False
    symmetrized: bool = False


@analysis("repeated_factorizations", "JC102")
def repeated_factorizations(facts: Facts) -> Findings:
    """One finding for each pair of calls that factor one matrix: the cheaper factorizations.

    What one expression of the user's factors twice, inside a function of JAX's, is JAX's own.
    """
    found, guises = factored_again(facts)
    users = [(w, k) for w, k in found if any(_path(o) != _path(k) for o in w)]
    jaxs = [(w, k) for w, k in found if all(_path(o) == _path(k) for o in w)]
    return Findings(
        _causes(facts, users, guises),
        from_jax=lambda: [_finding(facts, wasted, kept, guises) for wasted, kept in jaxs],
    )


Factored = tuple[list[Occurrence], Occurrence]
"""The factorizations that are not needed, and the one that would do."""


def _causes(facts: Facts, users: Sequence[Factored], guises: Mapping[int, Guise]) -> list[Finding]:
    """One finding for each pair of calls that factor one matrix."""
    found = [Found(_finding(facts, wasted, kept, guises), wasted) for wasted, kept in users]
    kept = {id(each.finding): best for each, (_, best) in zip(found, users, strict=True)}

    def frames(each: Found) -> list[tuple[_compat.Frame, ...]]:
        both = (kept[id(each.finding)], *each.work)
        return [facts.evaluations.frames(o.equation)[-1:] for o in both]

    def tell(group: Sequence[Found]) -> Told:
        ways = [way for way in frames(group[0]) if way]
        subjects = distinct(map(subject, ways))
        names = located(subjects) if subjects else "two calls"
        title = TITLE.format(subject=names, do=verb(subjects, "factor", "factors"))
        return Told(title, [frame_place(way[0]) for way in dict.fromkeys(ways)])

    return causes(facts, found, lambda each: [frozenset(frames(each))], tell, has_floor=False)


def factored_again(
    facts: Facts,
) -> tuple[list[tuple[list[Occurrence], Occurrence]], Mapping[int, Guise]]:
    """What is factored again with the factorization that would do, and as what."""
    factored = [e for _, e in facts.program.walk() if e.primitive in FAMILIES]
    if len(factored) < 2:
        return [], {}
    guises = {id(e): _guise(facts, facts.makers, e) for e in factored}
    return list(_refactored(facts, factored, guises)), guises


def _path(occurrence: Occurrence) -> tuple[_compat.Frame, ...]:
    return where.users_path(occurrence.equation)


def _refactored(
    facts: Facts, factored: list[Equation], guises: Mapping[int, Guise]
) -> Iterator[tuple[list[Occurrence], Occurrence]]:
    """What is factored again, and the factorization that would have done."""
    ids: dict[tuple[str, int], int] = {}
    numbers = list(facts.numbers)
    for equation in factored:
        matrix = (FAMILIES[equation.primitive], guises[id(equation)].number)
        numbers[equation.outputs[0]] = -1 - ids.setdefault(matrix, len(ids))
    for repeated in repetitions(facts.program, numbers, facts.live):
        if id(repeated.first.equation) in guises:
            wasted, kept = _wasted(facts, guises, (repeated.first, *repeated.again))
            if wasted:
                yield wasted, kept


def _wasted(
    facts: Facts, guises: Mapping[int, Guise], occurrences: tuple[Occurrence, ...]
) -> tuple[list[Occurrence], Occurrence]:
    """All but the costliest of the factorizations that differ, and the costliest."""
    different: dict[int, Occurrence] = {}
    for occurrence in occurrences:  # equal ones are duplicates
        different.setdefault(facts.numbers[occurrence.equation.outputs[0]], occurrence)
    kept, *wasted = sorted(
        different.values(),
        key=lambda o: (-_flops(facts, o), guises[id(o.equation)].symmetrized),
    )
    return wasted, kept


def _flops(facts: Facts, occurrence: Occurrence) -> int:
    cost = facts.cost(occurrence.equation)
    return 0 if cost is None else cost.flops


def _finding(
    facts: Facts, wasted: list[Occurrence], kept: Occurrence, guises: Mapping[int, Guise]
) -> Finding:
    both = [kept, *wasted]
    instead = [written(partial(edits_of, facts, each, kept, guises)) for each in wasted]
    return facts.finding(
        "repeated_factorizations",
        wasted,
        hint=_hint(wasted[0].equation, {guises[id(o.equation)] for o in both}),
        bookkeeping=False,
        edits=[edit for each in instead for edit in each.edits],
        no_edit=next((each.no_edit for each in instead if each.no_edit), ""),
    )


def edits_of(
    facts: Facts, wasted: Occurrence, kept: Occurrence, guises: Mapping[int, Guise]
) -> list[Replace]:
    """What makes a factorization of the one that is kept.

    Raises:
        RewriteError: nothing does.
    """
    one, other = (guises[id(o.equation)].transposed for o in (wasted, kept))
    return [from_kept(facts, Pair(wasted, kept, one is not other))]


def _hint(equation: Equation, guises: set[Guise]) -> str:
    family = FAMILIES[equation.primitive]
    if len({guise.symmetrized for guise in guises}) > 1:
        return SYMMETRIZED
    if len({guise.transposed for guise in guises}) > 1:
        return TRANSPOSED.format(family=family)
    return FACTOR_ONCE["lu"] if family == "lu" else FLAGS.format(family=family)


# guises


def _guise(facts: Facts, makers: Mapping[int, Equation], equation: Equation) -> Guise:
    value = equation.inputs[0]
    transposed = symmetrized = False
    while (maker := makers.get(value)) is not None:
        if maker.primitive == "stop_gradient":
            value = maker.inputs[0]
            continue
        if FAMILIES[equation.primitive] in TRANSPOSABLE and _is_matrix_transpose(maker):
            value, transposed = maker.inputs[0], not transposed
            continue
        half = _symmetrized(facts, makers, maker)
        if half is None:
            break
        value, symmetrized = half, True
    return Guise(facts.numbers[value], transposed and not symmetrized, symmetrized)


def _is_matrix_transpose(maker: Equation) -> bool:
    if maker.primitive != "transpose":
        return False
    order = tuple(maker.eqn.params["permutation"])
    last = len(order) - 1
    return last > 0 and order == (*range(last - 1), last, last - 1)


def _symmetrized(facts: Facts, makers: Mapping[int, Equation], maker: Equation) -> int | None:
    """``A`` if the equation computes ``(A + A.T) / 2``."""
    if maker.primitive not in ("div", "mul"):
        return None
    half = 2.0 if maker.primitive == "div" else 0.5
    rest = [value for value in maker.inputs if not _is_literal(facts, value, half)]
    added = makers.get(rest[0]) if len(rest) == 1 else None
    if added is None or added.primitive not in ("add", "add_any"):
        return None
    for whole, turned in (added.inputs, added.inputs[::-1]):
        turning = makers.get(turned)
        if turning is not None and turning.primitive == "conj":
            turning = makers.get(turning.inputs[0])
        is_turned = turning is not None and _is_matrix_transpose(turning)
        if turning and is_turned and facts.numbers[turning.inputs[0]] == facts.numbers[whole]:
            return whole
    return None


def _is_literal(facts: Facts, value: int, wanted: float) -> bool:
    content = facts.program.constants.get(value)
    return isinstance(content, _compat.Literal) and content.val == wanted
