"""The programs of the quiet and noisy tables with their arguments, by table and name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from tests.analyses import (
    test_batch_invariants,
    test_duplicates,
    test_loop_invariants,
    test_loop_twins,
    test_repeated_callbacks,
    test_repeated_factorizations,
    test_zeros,
)
from tests.analyses.healthy_programs import HEALTHY
from tests.quiet.functions import FUNCTIONS, derivative, is_differentiable
from tests.quiet.transformations import arrays_of


class Case(NamedTuple):
    """A function and the arguments that it is called with."""

    function: Callable[..., Any]
    args: tuple[Any, ...]

    @property
    def jaxpr(self) -> Any:
        return jax.make_jaxpr(self.function)(*self.args)

    @property
    def leaves(self) -> list[Any]:
        return jax.tree.leaves(self.args)


def _with_arrays(function: Callable[..., Any], avals: tuple[Any, ...]) -> Case:
    return Case(function, arrays_of(avals))


def _quiet() -> dict[str, Case]:
    values = {f"{name}": _with_arrays(*row) for name, row in FUNCTIONS.items()}
    gradients = {
        f"grad {name}": _with_arrays(derivative(function), avals)
        for name, (function, avals) in FUNCTIONS.items()
        if is_differentiable(name)
    }
    return values | gradients


def _noisy() -> dict[str, Case]:
    twins, invariants = test_duplicates.TWINS, test_loop_invariants
    batches, recurrences = test_batch_invariants, test_loop_twins
    factors, callbacks = test_repeated_factorizations, test_repeated_callbacks
    w_and_x, a_and_v = (recurrences.W, recurrences.X), (factors.A, factors.V)
    return {
        **{f"duplicates {k}": Case(each.noisy, each.args) for k, each in twins.items()},
        **{f"loop {k}": Case(each.program, each.args) for k, each in invariants.NOISY.items()},
        **{f"batch {k}": Case(each.program, each.args) for k, each in batches.NOISY.items()},
        **{f"zeros {k}": _with_arrays(*each[:3:2]) for k, each in test_zeros.NOISY.items()},
        **{f"twins {k}": Case(each[0], w_and_x) for k, each in recurrences.NOISY.items()},
        **{f"one line {k}": Case(each[0], w_and_x) for k, each in recurrences.ONE_LINE.items()},
        **{f"plain {k}": Case(each, w_and_x) for k, each in recurrences.PLAIN.items()},
        **{f"factors {k}": Case(each[0], a_and_v) for k, each in factors.NOISY.items()},
        **{f"flags {k}": Case(each[0], (factors.A,)) for k, each in factors.FLAGS.items()},
        **{f"callbacks {k}": Case(each[0], (callbacks.X,)) for k, each in callbacks.NOISY.items()},
    }


def _healthy() -> dict[str, Case]:
    twins, invariants = test_duplicates.TWINS, test_loop_invariants
    batches, callbacks = test_batch_invariants, test_repeated_callbacks
    return {
        **{f"healthy {k}": Case(*each) for k, each in HEALTHY.items()},
        **{f"no duplicates {k}": Case(each.quiet, each.args) for k, each in twins.items()},
        **{f"no loop {k}": Case(*each) for k, each in invariants.QUIET.items()},
        **{f"no batch {k}": Case(*each) for k, each in batches.QUIET.items()},
        **{f"no callbacks {k}": Case(each, (callbacks.X,)) for k, each in callbacks.QUIET.items()},
    }


NOISY = _noisy()
QUIET = _quiet() | _healthy()
ENDLESS = frozenset({"duplicates while loops", "no duplicates while loops"})
"""Programs that are traced and never run: a sine does not get to five."""
