"""Healthy code is quiet: whatever is found in it is a real repetition, listed with its reason.

A run of the suite looks at values and gradients and at every 7th of all other transformations;
`JAXCOST_QUIET_EVERY=1` in the environment makes it look at all of them, which takes two minutes.
"""

from __future__ import annotations

import os
from typing import Any

import optax
import pytest

from pytest_jaxcost import Report, measure
from pytest_jaxcost.analyses.prices import CLAIMS
from tests.quiet.functions import FUNCTIONS, derivative
from tests.quiet.transformations import TRANSFORMATIONS, Case, cases

OWN = (os.path.dirname(optax.__file__) + os.sep,)
"""The functions are looked at as their authors would look at them."""

EVERY = int(os.environ.get("JAXCOST_QUIET_EVERY", "7"))
KINDS = (*CLAIMS, "dead", "key_reuse")

REAL = {
    "optax.adafactor": "its decay rate and one minus it are computed again for every parameter",
    "optax.ctc_loss": "(1.0 - pad) stands in two lines of its loop body",
    "optax.sigmoid_focal_loss": "it takes the sigmoid of the logits in two ways",
    "optax.radam": "b2 ** count is computed again for the bias correction",
    "optax.yogi": "the square of the gradient stands in two lines",
    "special.kl_div": "from JAX 0.12 its value and its derivative take the logarithms apart",
    "special.rel_entr": "from JAX 0.12 its value and its derivative take the logarithms apart",
}
"""Functions that do repeat work, and what they repeat. None has dead code."""

REAL_OTHERWISE = {
    ("optax.ctc_loss", "loop_invariants"): "its loop multiplies by paddings and by a constant",
    ("optax.novograd", "zeros"): "it adds weight decay times 0.0 to every update",
}
"""What else is real waste, by function and kind of finding."""

MISTAKEN = {
    ("numpy.at_add", "dead"): "a scatter's rule computes its value and its tangent like two calls",
    ("numpy.fft", "constant_work"): "JAX transforms the basis of a Jacobian",
    ("numpy.rfft2", "constant_work"): "JAX transforms the basis of a Jacobian",
    ("optax.clip_by_global_norm", "dead"): "a branch whose derivative is constant",
    ("scipy.cg", "batch_invariants"): "JAX broadcasts the right-hand side of a batched solve",
    ("scipy.convolve", "wrong_modes"): "a batched convolution has the batch on another axis",
    ("scipy.fftconvolve", "constant_work"): "JAX transforms the basis of a Jacobian",
    ("scipy.fftconvolve", "wrong_modes"): "a batched convolution has the batch on another axis",
    ("special.xlog1py", "zeros"): "JAX's own rule multiplies by a tangent of zeros",
    ("special.xlogy", "zeros"): "JAX's own rule multiplies by a tangent of zeros",
    ("stats.multivariate_normal", "wrong_modes"): "a batched solve has the batch on another axis",
}
"""False alarms under one transformation or another, which no author could follow, and why."""

EXCEPTIONS = {*REAL_OTHERWISE, *MISTAKEN, *((name, "duplicates") for name in REAL)}

ALWAYS = frozenset(name for name in REAL if name.startswith("optax.")) - {"optax.radam"}
"""Of these the functions repeat work as well as their derivatives."""

EVERY_CASE = list(cases())
PLAIN = ("value", "grad", "value_and_grad")


def is_plain(case: Case) -> bool:
    return case.transformation in PLAIN and not case.captured and not case.batched


CASES = [
    *filter(is_plain, EVERY_CASE),
    *[case for case in EVERY_CASE if not is_plain(case)][::EVERY],
]


def report_of(case: Case) -> Report:
    function, args = case.program
    return measure(function, args, own=OWN)


def value(name: str, transformation: str = "value") -> Report:
    return report_of(Case(name, transformation, captured=False, batched=False))


def test_the_table_is_large_enough() -> None:
    assert len(FUNCTIONS) >= 190
    assert len(EVERY_CASE) >= 3900
    assert {case.transformation for case in CASES} == set(TRANSFORMATIONS)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_healthy_code_is_quiet(case: Case) -> None:
    report = report_of(case)
    counted = {kind for kind in KINDS if report.findings(kind)}
    assert {(case.name, kind) for kind in counted} <= EXCEPTIONS
    assert counted or report.waste == 0
    assert not [each for each in report.caveats if "could not be analyzed" in each]


@pytest.mark.parametrize(("name", "kind"), sorted(REAL_OTHERWISE))
def test_other_waste_that_is_listed_is_found(name: str, kind: str) -> None:
    assert value(name).findings(kind).flops > 0


@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_what_is_listed_is_found(name: str) -> None:
    assert value(name).duplicates.eqns > 0


@pytest.mark.parametrize("name", sorted(REAL))
def test_what_is_listed_is_one_place_in_the_author_s_code(name: str) -> None:
    """Each finding can be shown to the author: it has a place, and a hint."""
    for finding in value(name, "value_and_grad").duplicates:
        assert finding.places
        assert finding.hint


@pytest.mark.parametrize(
    "name", ["numpy.tanh", "linalg.cholesky", "special.ndtr", "nn.softmax", "lax.scan"]
)
def test_calling_a_quiet_function_twice_is_noisy(name: str) -> None:
    function, avals = FUNCTIONS[name]

    def twice(*args: Any) -> Any:
        return function(*args), function(*args)

    assert measure(twice, avals).duplicates.eqns > 0
    assert measure(derivative(twice), avals).duplicates.eqns > 0
