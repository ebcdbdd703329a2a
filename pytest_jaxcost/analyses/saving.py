"""What edits save: the equations that nobody needs any more, without those that are new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import jaxpr_as_fun

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.flow.live import is_live, reached
from pytest_jaxcost.flow.repeats import Occurrence, occurrences
from pytest_jaxcost.rewrite.edits import Replace


class Spent(NamedTuple):
    """A cost, and whether all that it is made of could be priced."""

    cost: Cost
    exact: bool

    def plus(self, other: Spent) -> Spent:
        """The cost of both."""
        return Spent(self.cost + other.cost, self.exact and other.exact)

    def times(self, n: int) -> Spent:
        """The cost of `n` runs; less than nothing where `n` is."""
        return self._replace(cost=self.cost.times(n))

    def cut(self, part: int, whole: int) -> Spent:
        """An estimate: a part of the cost, if all of it is `whole` times the same."""
        return Spent(self.cost.times(part).over(whole), exact=False)


FREE = Spent(NOTHING, exact=True)


def spent(cost: Cost | None) -> Spent:
    """What is opaque counts nothing, and that is not exact."""
    return Spent(NOTHING, exact=False) if cost is None else Spent(cost, exact=True)


def saved(facts: Facts, edits: Sequence[Replace]) -> Spent:
    """The cost of what edits leave without a reader, less the cost of what they add."""
    live = live_with(facts, edits)
    still = bytearray(live)
    for each in edits:
        for value in each.outputs:
            still[value] = 0
    unneeded = (o for o in occurrences(facts.program) if is_live(o.equation, facts.live))
    total = cost_of(facts, (o for o in unneeded if not is_live(o.equation, still)))
    for each in edits:
        if any(live[value] for value in each.outputs):
            added = cost_of_live(traced(facts, each))
            total = total.plus(added.times(-facts.runs[id(each.region)].times))
    return total


def cost_of(facts: Facts, found: Iterable[Occurrence]) -> Spent:
    """What equations cost in the program's totals."""
    total = FREE
    for region, equation in found:
        total = total.plus(spent(facts.cost(equation)).times(facts.runs[id(region)].times))
    return total


def cost_of_live(facts: Facts) -> Spent:
    """What the program costs without its dead equations."""
    every = occurrences(facts.program)
    return cost_of(facts, (o for o in every if is_live(o.equation, facts.live)))


def live_with(facts: Facts, edits: Sequence[Replace]) -> bytearray:
    """What is live where the edits are applied."""
    program, cut = facts.program, dict[int, tuple[int, ...]]()
    for each in edits:
        cut.update(dict.fromkeys(each.outputs, each.inputs))
    roots = (*program.main.results, *program.roots)
    return reached(len(program.avals), roots, lambda value: cut.get(value, program.depends[value]))


def traced(facts: Facts, edit: Replace) -> Facts:
    """The function of a replacement as a program."""
    args = [_struct(facts.program.avals[value]) for value in edit.inputs]
    with jax.enable_x64(facts.is_wide):
        return Facts(jax.make_jaxpr(edit.function)(*args))


def ready(facts: Facts, edit: Replace) -> Replace:
    """The replacement traced, without what its function does not read.

    Raises:
        RewriteError: what the function raises, while it is traced.
    """
    new = traced(facts, edit)
    reads = [bool(new.live[param]) for param in new.program.inputs]
    avals = [facts.program.avals[value] for value in edit.inputs]
    run = jaxpr_as_fun(new.jaxpr)

    def function(*arrays: Any) -> Sequence[Any]:
        given = iter(arrays)
        every = zip(reads, avals, strict=True)
        made: Sequence[Any] = run(
            *(next(given) if read else jnp.zeros(a.shape, a.dtype) for read, a in every)
        )
        return made

    inputs = tuple(value for value, read in zip(edit.inputs, reads, strict=True) if read)
    return edit._replace(inputs=inputs, function=function)


def _struct(aval: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype)
