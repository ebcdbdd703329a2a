"""The programs of the quiet and the noisy tables compute the same when they are rewritten.

A run of the suite looks at every 7th of the noisy programs and at every 40th of the quiet ones;
`JAXCOST_REWRITE_EVERY=1` in the environment makes it look at all of them, which takes ten minutes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import pytest
from jax.extend.core import jaxpr_as_fun

from pytest_jaxcost import measure
from pytest_jaxcost.analyses import ANALYSES
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.prices import CLAIMS, Prices
from pytest_jaxcost.rewrite.rewriting import Rewritten, rewrite
from tests.laws.evaluate import evaluate, reference
from tests.quiet.test_quiet import OWN
from tests.rewrite.tables import ENDLESS, NOISY, QUIET
from tests.rewrite.test_rewriting import every_edit, require_same_results

EVERY = os.environ.get("JAXCOST_REWRITE_EVERY")
PROGRAMS = {name: each for name, each in (NOISY | QUIET).items() if name not in ENDLESS}
SOME_NOISY = [name for name in NOISY if name in PROGRAMS][:: int(EVERY or 7)]
SOME = [*SOME_NOISY, *[name for name in QUIET if name in PROGRAMS][:: int(EVERY or 40)]]

TO_ROUNDING = {
    "factors": "the factors of another call are used",
    "flags": "the factors of another call are used",
    "zeros": "a sum leaves zeros out, and the rest is added up in another order",
    "batch": "a product with fewer rows is added up in another order",
}
"""Tables whose own edits do not give the bits of the original, and why."""


def own_edits(facts: Facts) -> Rewritten:
    """The program without all findings that are waste."""
    return Prices(facts, lambda kind: ANALYSES[kind](facts)).without(CLAIMS).rewritten


def require_close(expected: Sequence[Any], found: Sequence[Any]) -> None:
    """Equal to rounding, measured by the largest element; where a number is none, none is found."""
    for one, other in zip(expected, found, strict=True):
        if jax.dtypes.issubdtype(one.dtype, jax.dtypes.prng_key):
            one, other = map(jax.random.key_data, (one, other))
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        scale = np.max(np.abs(np.nan_to_num(np.asarray(one))), initial=0.0)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("name", SOME)
def test_without_repetitions_and_invariants_it_computes_the_same(name: str) -> None:
    case = PROGRAMS[name]
    jaxpr = case.jaxpr
    facts = Facts(jaxpr)
    require_same_results(jaxpr, rewrite(facts.program, every_edit(facts)), case.leaves)


@pytest.mark.parametrize("name", SOME)
def test_without_waste_it_computes_the_same(name: str) -> None:
    case = PROGRAMS[name]
    jaxpr = case.jaxpr
    rewritten = own_edits(Facts(jaxpr, (), OWN))
    if name.partition(" ")[0] not in TO_ROUNDING:
        require_same_results(jaxpr, rewritten, case.leaves)
        return
    expected = reference(jaxpr, case.leaves)
    require_close(expected, evaluate(rewritten.program, case.leaves).results)
    require_close(expected, reference(rewritten.jaxpr(jaxpr), case.leaves))


@pytest.mark.parametrize("name", SOME_NOISY)
def test_without_waste_it_compiles_and_computes_the_same(name: str) -> None:
    case = PROGRAMS[name]
    assert measure(case.function, case.args, own=OWN).without().compiled.flops is not None
    jaxpr = case.jaxpr
    without = own_edits(Facts(jaxpr, (), OWN)).jaxpr(jaxpr)
    expected, found = (jax.jit(jaxpr_as_fun(each))(*case.leaves) for each in (jaxpr, without))
    require_close(expected, found)
