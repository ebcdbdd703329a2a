"""Full Jacobians: a whole Jacobian or Hessian is made, and only a product with it is used.

``jax.jacfwd(f)(x) @ v`` pushes one tangent for each element of ``x``; ``jax.jvp(f, (x,), (v,))``
pushes one. The same holds for ``jax.jacrev`` and ``jax.vjp``, for the Hessian and ``jvp`` of
``grad``, for sums in place of products, and for the diagonal of a Jacobian that is diagonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pytest_jaxcost.analyses.bases import Pushed, contracted_and_not, pushed_bases
from pytest_jaxcost.analyses.causes import Found, one_by_one
from pytest_jaxcost.analyses.derivative_calls import derivative_told
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.other_mode import has_transpose, sums_by_other_mode
from pytest_jaxcost.analyses.products import products
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.analyses.saving import cost_of, saved
from pytest_jaxcost.analyses.written import written
from pytest_jaxcost.flow.basis import Contraction
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.report.records import Finding, Findings
from pytest_jaxcost.rewrite.edits import Replace

TITLE = "{subject} is made whole, and only a product with it is used"
PUSHES = "{n:,} {vectors} are {moved} where {k:,} would do: {instead}"
JVP = "jax.jvp(f, (x,), (v,))[1] is the product J @ v"
VJP = "jax.vjp(f, x)[1](u) is the product u @ J"
HVP = "jax.jvp(jax.grad(f), (x,), (v,))[1] is the product H @ v"
DIAGONAL = (
    "f works element by element, so jax.jvp(f, (x,), (jnp.ones_like(x),))[1] is the diagonal of"
    " its Jacobian"
)


@analysis("full_jacobians", "JC302")
def full_jacobians(facts: Facts) -> Findings:
    """One finding per Jacobian that is made to be summed: what the product alone would save."""
    found = [each for pushed in pushed_bases(facts) if (each := _found(facts, pushed))]
    return Findings(one_by_one(facts, found, partial(derivative_told, facts, TITLE)))


def edits_of(facts: Facts, pushed: Pushed, sums: Sequence[Contraction]) -> list[Replace]:
    """What makes the products without the Jacobian.

    Raises:
        RewriteError: nothing does.
    """
    across = [each for each in sums if each.over == "outputs"]
    forward = [each for each in sums if each.over != "outputs"]
    pushes = products(facts, pushed.basis, forward) if forward else []
    return pushes + sums_by_other_mode(facts, pushed, across)


def _found(facts: Facts, pushed: Pushed) -> Found | None:
    """What a Jacobian costs beyond its product, and the equations that are told by it."""
    finding = _finding(facts, pushed)
    worked = (o for o in pushed.inside if not facts.is_bookkeeping(o.equation))
    return None if finding is None else Found(finding, [next(worked)])


def _finding(facts: Facts, pushed: Pushed) -> Finding | None:
    sums, unneeded = contracted_and_not(facts, pushed)
    along, across = _along(facts, sums), _across(sums)
    if not 0 < along + across < pushed.basis.size:
        return None
    if across and not has_transpose(facts, pushed):
        return None
    instead = written(lambda: edits_of(facts, pushed, sums))
    rows, size = along + across, pushed.basis.size
    less = (
        cost_of(facts, unneeded).cut(size - rows, size)
        if instead.no_edit
        else saved(facts, instead.edits)
    )
    if less.cost.operations <= 0:
        return None
    asked = _asked(sums)
    made = facts.finding(
        "full_jacobians",
        [Occurrence(each.region, each.equation) for each in asked],
        places=dict.fromkeys(place for each in asked for place in facts.places(each.equation)),
        hint=_hint(facts, pushed, asked),
        bookkeeping=False,
        edits=instead.edits,
        no_edit=instead.no_edit,
    )
    return facts.costing(made, *less)


def _asked(sums: Sequence[Contraction]) -> list[Contraction]:
    """The sums that are written in the program, without those that their derivatives make."""
    return [each for each in sums if each.over != "again"]


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
