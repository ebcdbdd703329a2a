"""Contracted Jacobians: a whole Jacobian or Hessian is made, and only a product with it is used.

``jax.jacfwd(f)(x) @ v`` pushes one tangent for each element of ``x``; ``jax.jvp(f, (x,), (v,))``
pushes one. The same holds for ``jax.jacrev`` and ``jax.vjp``, for the Hessian and ``jvp`` of
``grad``, for sums in place of products, and for the diagonal of a Jacobian that is diagonal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from pytest_jaxcost.analyses.bases import Pushed, contracted_and_not, cost_of, pushed_bases
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.other_mode import ESTIMATE, cost_of_other_mode, has_transpose
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.cost.sizes import elements
from pytest_jaxcost.flow.basis import Contraction
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Finding, Findings

PUSHES = "{n:,} {vectors} are {moved} where {k:,} would do: {instead}"
JVP = "jax.jvp(f, (x,), (v,))[1] is the product J @ v"
VJP = "jax.vjp(f, x)[1](u) is the product u @ J"
HVP = "jax.jvp(jax.grad(f), (x,), (v,))[1] is the product H @ v"
DIAGONAL = (
    "f works element by element, so jax.jvp(f, (x,), (jnp.ones_like(x),))[1] is the diagonal of"
    " its Jacobian"
)


@analysis("contracted_jacobians")
def contracted_jacobians(facts: Facts) -> Findings:
    """One finding per Jacobian that is made to be summed: what the product alone would save."""
    found = (_finding(facts, pushed) for pushed in pushed_bases(facts))
    return Findings(each for each in found if each is not None)


def _finding(facts: Facts, pushed: Pushed) -> Finding | None:
    sums, unneeded = contracted_and_not(facts, pushed)
    along, across = _along(facts, sums), _across(sums)
    if not 0 < along + across < pushed.basis.size:
        return None
    if across and not has_transpose(facts, pushed):
        return None
    other = cost_of_other_mode(facts, pushed, across) if across else NOTHING
    saved = _saved(facts, pushed, unneeded, sums, other)
    if saved.flops + saved.transcendentals <= 0:
        return None
    asked = _asked(sums)
    made = facts.finding(
        "contracted_jacobians",
        [Occurrence(each.region, each.equation) for each in asked],
        places=dict.fromkeys(place for each in asked for place in facts.places(each.equation)),
        hint=_hint(facts, pushed, asked) + ESTIMATE * (other is None),
        bookkeeping=False,
    )
    return facts.costing(made, saved)


def replaced_by_products(facts: Facts, finding: Finding) -> Iterator[tuple[Occurrence, Fraction]]:
    """The equations that a finding is about, each with the part of its work that would do."""
    for pushed in pushed_bases(facts):
        sums, unneeded = contracted_and_not(facts, pushed)
        if sums and finding.equations == tuple(id(each.equation) for each in _asked(sums)):
            part = Fraction(_along(facts, sums) + _across(sums), pushed.basis.size)
            carriers = _carriers(pushed, sums)
            for each in unneeded:
                if not facts.is_bookkeeping(each.equation):
                    yield each, part if id(each.equation) in carriers else Fraction(0)


def _asked(sums: Sequence[Contraction]) -> list[Contraction]:
    """The sums that are written in the program, without those that their derivatives make."""
    return [each for each in sums if each.over != "again"]


def _carriers(pushed: Pushed, sums: Sequence[Contraction]) -> frozenset[int]:
    """The equations whose work is in proportion to the number of vectors, by ``id``."""
    return pushed.carriers | {id(each.equation) for each in sums if each.over == "again"}


def _saved(
    facts: Facts,
    pushed: Pushed,
    unneeded: tuple[Occurrence, ...],
    sums: Sequence[Contraction],
    other: Cost | None,
) -> Cost:
    """What goes away if the vectors are pushed, or pulled, where the basis was."""
    size = pushed.basis.size
    carriers = _carriers(pushed, sums)
    inside = cost_of(facts, [o for o in unneeded if id(o.equation) in carriers])
    outside = cost_of(facts, [o for o in unneeded if id(o.equation) not in carriers])
    if other is None:
        other = inside.times(_across(sums)).over(size)
    saved = inside - inside.times(_along(facts, sums)).over(size) - other + outside
    remains = sum(
        each.remains * each.region.weight
        for each in _asked(sums)
        if is_live(each.equation, facts.live)
    )
    return replace(saved, flops=saved.flops - remains + _added_again(facts, sums, size))


def _added_again(facts: Facts, sums: Sequence[Contraction], size: int) -> int:
    """A sum of n terms adds n - 1 times: what is saved beyond the part of the rows that go."""
    results = sum(
        elements(facts.program.avals[value]) * each.region.weight
        for each in sums
        if each.over == "again" and each.equation.primitive == "reduce_sum"
        for value in each.equation.outputs
    )
    return results * (size - _along(facts, sums)) // size


def _along(facts: Facts, sums: Sequence[Contraction]) -> int:
    """How many vectors take the basis's place; one of ones for all that reads the diagonal."""
    vectors = {
        "diagonal" if each.over == "diagonal" else each.seed and facts.numbers[each.seed]: each
        for each in sums
        if each.over in ("basis", "diagonal")
    }
    return sum(each.vectors for each in vectors.values())


def _across(sums: Sequence[Contraction]) -> int:
    """How many vectors the other mode needs."""
    return sum(each.vectors for each in sums if each.over == "outputs")


def _hint(facts: Facts, pushed: Pushed, sums: Sequence[Contraction]) -> str:
    contraction = sums[0]
    across = contraction.over == "outputs"
    if contraction.over == "diagonal":
        instead = DIAGONAL
    elif pushed.is_second:
        instead = HVP
    else:
        instead = VJP if pushed.is_reverse is not across else JVP
    return PUSHES.format(
        n=pushed.basis.size,
        vectors="cotangents" if pushed.is_reverse else "tangents",
        moved="pulled" if pushed.is_reverse else "pushed",
        k=_along(facts, sums) + _across(sums),
        instead=instead,
    )
