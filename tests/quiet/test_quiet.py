"""Healthy code is quiet: whatever is found in it is a real repetition, listed with its reason."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import jax
import optax
import pytest

from pytest_jaxcost import Report, measure
from tests.quiet.functions import FUNCTIONS, derivative

TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "value": lambda function: function,
    "grad": derivative,
    "value_and_grad": lambda function: derivative(function, jax.value_and_grad),
}

OWN = (os.path.dirname(optax.__file__) + os.sep,)
"""The functions are looked at as their authors would look at them."""

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

OTHER_KINDS = {
    "batch_invariants": "max_batch_invariants",
    "constant_work": "max_constant_work",
    "contracted_jacobians": "max_contracted_jacobians",
    "loop_invariants": "max_loop_invariants",
    "refactorisations": "max_refactorisations",
    "repeated_callbacks": "max_repeated_callbacks",
    "repeated_draws": "max_repeated_draws",
    "wrong_modes": "max_wrong_modes",
    "zeros": "max_zero_flops",
}

ALWAYS = frozenset(name for name in REAL if name.startswith("optax.")) - {"optax.radam"}
"""Of these the functions repeat work as well as their derivatives."""

NOT_DIFFERENTIABLE = frozenset(
    {"jax.random_normal", "nn.one_hot", "numpy.argmax", "numpy.argsort", "numpy.searchsorted"}
    | {"numpy.histogram"}
)
CASES = [
    (name, transform)
    for name in FUNCTIONS
    for transform in TRANSFORMS
    if transform == "value" or name not in NOT_DIFFERENTIABLE
]


def report_of(name: str, transform: str) -> Report:
    function, avals = FUNCTIONS[name]
    return measure(TRANSFORMS[transform](function), avals, own=OWN)


def test_the_table_is_large_enough() -> None:
    assert len(FUNCTIONS) >= 190
    assert len(CASES) >= 550


@pytest.mark.parametrize(("name", "transform"), CASES)
def test_healthy_code_is_quiet(name: str, transform: str) -> None:
    report = report_of(name, transform)
    assert report.dead.count == 0, list(report.dead)
    if name not in REAL:
        report.check(max_duplicates=0, max_dead=0)


@pytest.mark.parametrize(("name", "transform"), CASES)
def test_healthy_code_is_quiet_of_every_other_kind(name: str, transform: str) -> None:
    kinds = (kind for kind in OTHER_KINDS if (name, kind) not in REAL_OTHERWISE)
    report_of(name, transform).check(**{OTHER_KINDS[kind]: 0 for kind in kinds})


@pytest.mark.parametrize(("name", "kind"), sorted(REAL_OTHERWISE))
def test_other_waste_that_is_listed_is_found(name: str, kind: str) -> None:
    assert report_of(name, "value").findings(kind).flops > 0


@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_what_is_listed_is_found(name: str) -> None:
    assert report_of(name, "value").duplicates.count > 0


@pytest.mark.parametrize("name", sorted(REAL))
def test_what_is_listed_is_one_place_in_the_author_s_code(name: str) -> None:
    """Each finding can be shown to the author: it has a place, and a hint."""
    for finding in report_of(name, "value_and_grad").duplicates:
        assert finding.places
        assert finding.hint


@pytest.mark.parametrize(
    "name", ["numpy.tanh", "linalg.cholesky", "special.ndtr", "nn.softmax", "lax.scan"]
)
def test_calling_a_quiet_function_twice_is_noisy(name: str) -> None:
    function, avals = FUNCTIONS[name]

    def twice(*args: Any) -> Any:
        return function(*args), function(*args)

    assert measure(twice, avals).duplicates.count > 0
    assert measure(derivative(twice), avals).duplicates.count > 0
