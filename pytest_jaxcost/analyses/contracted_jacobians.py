"""Contracted Jacobians: a whole Jacobian or Hessian is made, and only a product with it is used.

``jax.jacfwd(f)(x) @ v`` pushes one tangent for each element of ``x``; ``jax.jvp(f, (x,), (v,))``
pushes one. The same holds for ``jax.jacrev`` and ``jax.vjp``, for the Hessian and ``jvp`` of
``grad``, for sums in place of products, and for the diagonal of a Jacobian that is diagonal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from pytest_jaxcost.analyses.bases import Pushed, contracted_and_not, cost_of, pushed_bases
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.flow.basis import Contraction
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Finding, Findings

PUSHES = "{n:,} {vectors} are {moved} where {k:,} would do: {instead}"
ESTIMATE = "; the flops are an estimate, because the other mode is not in the program"
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
    vectors = sum(each.vectors for each in sums)
    if not sums or vectors >= pushed.basis.size:
        return None
    saved = saved_by(facts, pushed, unneeded, vectors)
    first = sums[0]
    made = facts.finding(
        "contracted_jacobians",
        [Occurrence(each.region, each.equation) for each in sums],
        places=dict.fromkeys(place for each in sums for place in facts.places(each.equation)),
        hint=_hint(pushed, first, vectors),
        bookkeeping=False,
    )
    return replace(
        made,
        flops=saved.flops,
        transcendentals=saved.transcendentals,
        bytes_accessed=saved.bytes_accessed,
        share=facts.share(saved),
    )


def replaced_by_products(facts: Facts, finding: Finding) -> Iterator[tuple[Occurrence, Fraction]]:
    """The equations that a finding is about, each with the part of its work that would do."""
    for pushed in pushed_bases(facts):
        sums, unneeded = contracted_and_not(facts, pushed)
        if sums and finding.equations == tuple(id(each.equation) for each in sums):
            part = Fraction(sum(each.vectors for each in sums), pushed.basis.size)
            carriers = pushed.carriers
            for each in unneeded:
                if not facts.is_bookkeeping(each.equation):
                    yield each, part if id(each.equation) in carriers else Fraction(0)


def saved_by(facts: Facts, pushed: Pushed, unneeded: tuple[Occurrence, ...], vectors: int) -> Cost:
    """What goes away if `vectors` vectors are pushed where the basis was."""
    carriers = pushed.carriers
    inside = [o for o in unneeded if id(o.equation) in carriers]
    outside = [o for o in unneeded if id(o.equation) not in carriers]
    through, size = cost_of(facts, inside), pushed.basis.size
    share = size - vectors
    return Cost(
        flops=through.flops * share // size,
        transcendentals=through.transcendentals * share // size,
        bytes_accessed=through.bytes_accessed * share // size,
    ) + cost_of(facts, outside)


def _hint(pushed: Pushed, contraction: Contraction, vectors: int) -> str:
    across = contraction.over == "outputs"
    if contraction.over == "diagonal":
        instead = DIAGONAL
    elif pushed.is_second:
        instead = HVP
    else:
        instead = VJP if pushed.is_reverse is not across else JVP
    text = PUSHES.format(
        n=pushed.basis.size,
        vectors="cotangents" if pushed.is_reverse else "tangents",
        moved="pulled" if pushed.is_reverse else "pushed",
        k=vectors,
        instead=instead,
    )
    return text + ESTIMATE * (across and not pushed.is_second)
