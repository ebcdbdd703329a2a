"""What users make of a function: derivatives, products with them, and batches of both.

Each is taken with the parameters as arguments and with the parameters captured. Of the two modes a
Jacobian is made in the one that suits it, and it is of one array with respect to one array: with
several, JAX pushes tangents of one through what is made of another, which is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tests.quiet.functions import FUNCTIONS, Function, derivative, is_differentiable

LARGEST_BASIS = 64
"""Elements of the array that a Jacobian or Hessian is taken with respect to."""

BATCH = 5


def real(function: Function) -> Function:
    """A function that returns the real results alone."""

    def results(*args: Any) -> list[Any]:
        leaves = jax.tree.leaves(function(*args))
        return [jnp.real(x) for x in leaves if jnp.issubdtype(x.dtype, jnp.inexact)]

    return results


def pushed(function: Function) -> Function:
    """The value of a function and its derivative along a vector, the second argument."""
    return lambda x, v, *rest: jax.jvp(lambda x: function(x, *rest), (x,), (v,))


class Transformation(NamedTuple):
    """What is made of a function, and whether it takes a vector like the first argument."""

    of: Callable[[Function], Function]
    takes_a_vector: bool = False
    is_by_basis: bool = False


TRANSFORMATIONS = {
    "value": Transformation(lambda function: function),
    "grad": Transformation(derivative),
    "value_and_grad": Transformation(lambda f: derivative(f, jax.value_and_grad)),
    "jvp": Transformation(lambda f: pushed(real(f)), takes_a_vector=True),
    "hvp": Transformation(lambda f: pushed(derivative(f)), takes_a_vector=True),
    "jacfwd": Transformation(lambda f: jax.jacfwd(real(f)), is_by_basis=True),
    "jacrev": Transformation(lambda f: jax.jacrev(real(f)), is_by_basis=True),
    "hessian": Transformation(lambda f: derivative(f, jax.hessian), is_by_basis=True),
}

NO_DERIVATIVE_TWICE = frozenset({"special.gammainc", "special.gammaincc"})
"""Functions of which JAX has no second derivative with respect to the first argument."""


class Case(NamedTuple):
    """A transformation of a function, with parameters captured or not, batched or not."""

    name: str
    transformation: str
    captured: bool
    batched: bool

    @property
    def program(self) -> tuple[Function, tuple[Any, ...]]:
        """The function and its arguments."""
        function, (first, *rest) = FUNCTIONS[self.name]
        made = TRANSFORMATIONS[self.transformation]
        own = (first, first) if made.takes_a_vector else (first,)
        if self.captured:
            function, rest = _capturing(function, jax.tree.map(array_of, rest)), []
        program = made.of(function)
        if not self.batched:
            return program, (*own, *rest)
        axes = (*[0] * len(own), *[None] * len(rest))
        return jax.vmap(program, axes), (*jax.tree.map(_stacked, own), *rest)


def _capturing(function: Function, rest: list[Any]) -> Function:
    return lambda x: function(x, *rest)


def _stacked(aval: Any) -> Any:
    return jax.ShapeDtypeStruct((BATCH, *aval.shape), aval.dtype)


def array_of(aval: Any) -> Any:
    """Random numbers that every function takes: small, positive, matrices well conditioned."""
    random = np.random.default_rng(len(aval.shape))
    if np.dtype(aval.dtype).kind != "f":
        return jnp.asarray(random.integers(0, 3, aval.shape), aval.dtype)
    found = random.uniform(0.2, 0.8, aval.shape)
    is_square = len(aval.shape) == 2 and aval.shape[0] == aval.shape[1]
    return jnp.asarray(found @ found.T + np.eye(len(found)) if is_square else found, aval.dtype)


def cases() -> Iterator[Case]:
    """All that is made of all functions."""
    for name, (_, (_, *rest)) in FUNCTIONS.items():
        for transformation in filter(_suits(name), TRANSFORMATIONS):
            for captured in (False, True) if rest else (False,):
                yield Case(name, transformation, captured, batched=False)
                yield Case(name, transformation, captured, batched=True)


def _suits(name: str) -> Callable[[str], bool]:
    """Which transformations make sense of a function."""
    function, avals = FUNCTIONS[name]
    ins, outs = jax.tree.leaves(avals[0]), jax.eval_shape(real(function), *avals)
    n, m = (sum(prod(each.shape) for each in some) for some in (ins, outs))
    is_small = len(ins) == 1 and n <= LARGEST_BASIS
    rows = {"jacfwd": n <= m, "jacrev": m <= n, "hessian": True}

    def suits(transformation: str) -> bool:
        if transformation == "value":
            return True
        if not is_differentiable(name):
            return False
        if transformation in ("hvp", "hessian") and name in NO_DERIVATIVE_TWICE:
            return False
        if transformation == "hessian":
            return is_small
        return transformation not in rows or (is_small and len(outs) == 1 and rows[transformation])

    return suits
