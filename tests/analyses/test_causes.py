"""What findings say: titles, places and how many there are, of programs with one mistake each."""

# ruff: noqa: ANN001, ANN201
from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import measure

X = jnp.linspace(0.1, 0.9, 64).reshape(8, 8)
V = jnp.linspace(0.1, 0.9, 8)

layer = jax.jit(lambda x: jnp.tanh(x @ x))


def host(x):
    return jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


def drag(x):
    return host(x) ** 2


def lift(x):
    return host(x) * 3


def looked_up_twice(x):
    return drag(x) + lift(x)


def looked_up_once(x):
    found = host(x)
    return found**2 + found * 3


def mean(x):
    return jax.vmap(layer)(x[None]).mean()


def largest(x):
    return jax.vmap(layer)(x[None]).max()


def two_reductions(x):
    return mean(x) + largest(x)


def one_reduction(x):
    return mean(x) + 1.0


def two_solves(x, v):
    return jnp.linalg.solve(x, x.T @ x), jnp.linalg.solve(x, v)


def one_solve(x, v):
    factors = jax.scipy.linalg.lu_factor(x)
    return jax.scipy.linalg.lu_solve(factors, x.T @ x), jax.scipy.linalg.lu_solve(factors, v)


QUIET = [(looked_up_once, X), (one_reduction, X), (one_solve, X, V)]
SAID = {
    looked_up_twice: ((X,), "host in drag and lift is evaluated twice with the same values"),
    two_reductions: ((X,), "jax.vmap(layer)(x[None]) in mean and largest is computed twice"),
    two_solves: (
        (X, V),
        (
            "jnp.linalg.solve(x, x.T @ x) and jnp.linalg.solve(x, v) in two_solves "
            "factor the same matrix"
        ),
    ),
}


@pytest.mark.parametrize("program", QUIET, ids=lambda program: program[0].__name__)
def test_twins_are_quiet(program):
    fn, *args = program
    report = measure(fn, args)
    assert not report.duplicates
    assert not report.repeated_callbacks


@pytest.mark.parametrize("fn", SAID, ids=lambda fn: fn.__name__)
def test_titles_are_true(fn):
    args, title = SAID[fn]
    report = measure(fn, args)
    assert [each.title for each in (*report.duplicates, *report.repeated_callbacks)] == [title]


def test_values_that_have_nothing_in_common_are_causes_of_their_own() -> None:
    def many(x: Any) -> Any:
        first = [jnp.sum(jnp.sin(x[:n])) for n in range(1, 9)]
        return [*first, *(jnp.prod(jnp.sin(x[:n])) for n in range(1, 9))]

    lines = [
        [place.line for place in each.places]
        for each in measure(lambda x: (jnp.sin(x[:2]), jnp.sin(x[:2]), many(x)), (X,)).duplicates
    ]
    assert len(lines) == 2
    assert len(lines[0]) == 2


def test_two_and_three_times_are_two_causes() -> None:
    def model(x: Any) -> Any:
        return jnp.tanh(x) * jnp.sum(x)

    def five(x: Any) -> Any:
        return [model(x), model(x), model(x), model(2 * x), model(2 * x)]

    titles = sorted(each.title for each in measure(five, (X,)).duplicates)
    assert titles == [
        "2 * x and model in five are computed twice",
        "model is evaluated 3 times with the same values",
    ]


# one program for each kind


def energy(x):
    return jnp.sum(jnp.tanh(X @ x) ** 2)


def prepared(w):
    return jnp.linalg.inv(w @ w.T + 2.0 * jnp.eye(8))


def entropy(p):
    return -jnp.sum(p * jnp.log(p))


def simulated(w, xs):
    return lax.scan(lambda c, x: (jnp.tanh(prepared(w) @ c + x), None), jnp.zeros(8), xs)[0]


def attending(w, xs):
    ws = jnp.broadcast_to(w, (4, 8, 8))
    return jnp.einsum("bij,bj->bi", jnp.exp(ws) @ ws, xs)


def whitened(x):
    return jnp.linalg.cholesky(2.0 * jnp.eye(64) + 0.1) @ x


def forgetful(x):
    probabilities = jax.nn.softmax(x)
    entropy(probabilities)
    return probabilities


def curved(x, v):
    return jax.hessian(energy)(x) @ v


def sloped(x):
    return jax.jacfwd(energy)(x)


def shifted(p, q):
    return jnp.sin(X @ p) + jnp.sum(q)


def joint(p, q):
    return jax.jacfwd(shifted, (0, 1))(p, q)


def noisy(key):
    return jax.random.normal(key, (8,)) * jax.random.normal(key, (8,))


def remembered(x):
    return jax.value_and_grad(lambda x: jnp.sum(jax.checkpoint(layer_of)(x) ** 2))(x)


def layer_of(x):
    return jnp.sin(jnp.sin(x @ X) @ X)


def branched(x):
    return jax.vmap(lambda x: lax.cond(x > 0, jnp.sin, jnp.cos, x))(x)


def widened(a, b):
    return a.astype(jnp.float32) @ b.astype(jnp.float32)


def factored(a):
    return jnp.linalg.svd(a), jnp.linalg.svd(a, compute_uv=False)


NARROW = jnp.ones((8, 8), jnp.bfloat16)
TOLD = {
    "loop_invariants": (
        *(simulated, (X, jnp.ones((9, 8))), "JC201", 1),
        "prepared computes the same in all 9 iterations of its loop",
    ),
    "batch_invariants": (
        *(attending, (X, jnp.ones((4, 8))), "JC202", 2),
        "jnp.exp(ws) @ ws in attending computes 4 equal slices, where one would do",
    ),
    "constant_work": (
        *(whitened, (jnp.ones(64),), "JC203", 1),
        (
            "jnp.linalg.cholesky(...) in whitened depends on no argument, "
            "and is computed again in every call"
        ),
    ),
    "vmapped_conds": (
        *(branched, (V,), "JC204", 1),
        (
            "lax.cond(x > 0, jnp.sin, jnp.cos, x) in branched runs all of its branches, "
            "because its predicate is batched"
        ),
    ),
    "zeros": (
        *(joint, (V, jnp.ones(32)), "JC301", 1),
        "jax.jacfwd(shifted, (0, 1))(p, q) pushes 32 of 40 tangents through shifted that are zero",
    ),
    "full_jacobians": (
        *(curved, (V, V), "JC302", 1),
        "jax.hessian(energy)(x) in curved is made whole, and only a product with it is used",
    ),
    "wrong_modes": (
        *(sloped, (V,), "JC303", 1),
        "jax.jacfwd(energy)(x) in sloped is computed in the costlier mode",
    ),
    "dead": (*(forgetful, (V,), "JC401", 2), "the result of entropy is never used"),
    "upcast_dots": (
        *(widened, (NARROW, NARROW), "JC402", 1),
        (
            "a.astype(jnp.float32) @ b.astype(...) in widened multiplies operands "
            "that were widened from bfloat16"
        ),
    ),
    "repeated_factorizations": (
        *(factored, (X,), "JC102", 1),
        (
            "jnp.linalg.svd(a) and jnp.linalg.svd(a, compute_uv=False) in factored "
            "factor the same matrix again"
        ),
    ),
    "recomputed": (
        *(remembered, (X,), "JC104", 1),
        "layer_of runs again in the backward pass, under jax.checkpoint",
    ),
    "key_reuse": (
        *(noisy, (jax.random.key(0),), "JC105", 1),
        "jax.random.normal(key, (8,)) in noisy draws the same numbers twice, from one key",
    ),
}


@pytest.mark.parametrize("kind", TOLD)
def test_each_kind_says_what_to_mend_and_where(kind):
    fn, args, code, line, title = TOLD[kind]
    (finding,) = measure(fn, args).findings(kind)
    assert (finding.title, finding.code) == (title, code)
    assert fn.__code__.co_firstlineno + line in [each.line for each in finding.places]
    assert finding.hint


# what stays, and what is saved at least

MODULE = """
import jax.numpy as jnp
{above}
def model(x):
    return jnp.tanh(x @ x)

def loss(x):
    return jnp.sum({one}(x)) + jnp.sum({one}(x) ** 2)

def gram(x):
    return jnp.exp(x @ x)
"""


def ids(above: str, one: str = "model") -> list[str]:
    names: dict[str, Any] = {}
    source = MODULE.format(above=above, one=one)
    exec(compile(source, "module.py", "exec"), names)
    return [each.id for each in measure(names["loss"], (X,)).duplicates]


def test_ids_stay_while_the_file_changes_elsewhere() -> None:
    assert ids("") == ids("\n\nFIRST = 1\n\n") != []
    assert ids("") != ids("", "gram")


def test_a_second_backward_pass_goes_too_where_there_are_two() -> None:
    def once(x: Any) -> Any:
        return jnp.sum(layer_of(x)) + jnp.sum(layer_of(lax.stop_gradient(x)) ** 2)

    def twice(x: Any) -> Any:
        return jnp.sum(layer_of(x)) + jnp.sum(layer_of(x) ** 2)

    for fn, exact in ((once, True), (twice, False)):
        (finding,) = measure(jax.value_and_grad(fn), (X,)).duplicates
        assert finding.exact is exact
    (plain,) = measure(twice, (X,)).duplicates
    assert plain.exact
