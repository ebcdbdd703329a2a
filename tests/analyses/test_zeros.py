"""Work on structural zeros: healthy programs are quiet, each noisy one has a figure by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import pytest_jaxcost
from pytest_jaxcost import Report
from pytest_jaxcost.report.amounts import show

N = 128


def array(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.float32)


def measured(fn: Any, *args: Any) -> Report:
    return pytest_jaxcost.measure(fn, args)


def sparse(x: Any) -> Any:
    return x[0] * x[1:] - jnp.sin(x[:-1])


def split_in_two(x: Any) -> Any:
    a, b = jnp.split(x, 2)
    return jnp.concatenate([jnp.sin(a) * b, jnp.cos(b)])


def mlp(params: Any, x: Any) -> Any:
    for w, b in params:
        x = jnp.tanh(x @ w + b)
    return x


def accumulated(x: Any) -> Any:
    total = jnp.zeros(N)
    for k in (1.0, 2.0, 3.0):
        total = total + jnp.sin(k * x)
    return total


def last_of_scan(x: Any) -> Any:
    return lax.scan(lambda c, t: (jnp.sin(c * t), c), x, jnp.arange(3.0))[1][-1].sum()


def causal(q: Any) -> Any:
    scores = jnp.where(jnp.tril(jnp.ones((N, N), bool)), q @ q.T, -jnp.inf)
    return jax.nn.softmax(scores) @ q


def pushed(x: Any) -> Any:
    _, push = jax.linearize(jnp.tanh, x)
    return jax.vmap(push)(jnp.eye(N))


def kalman(p: Any, h: Any) -> Any:
    observe = np.eye(2, 4, dtype=np.float32)
    gain = p @ observe.T @ jnp.linalg.inv(observe @ p @ observe.T)
    return (jnp.eye(4) - gain @ observe) @ p + jnp.diag(h) @ p


def regularized(a: Any) -> Any:
    return jnp.linalg.cholesky(a @ a.T + 1e-3 * jnp.eye(N))


QUIET: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "jacfwd": (jax.jacfwd(lambda x: jnp.tanh(x) * x.sum()), (array(N),)),
    "jacrev": (jax.jacrev(lambda x: jnp.tanh(x) * x.sum()), (array(N),)),
    "hessian": (jax.hessian(lambda x: (jnp.tanh(x) * x).sum()), (array(N),)),
    "jacfwd through a linear layer": (
        jax.jacfwd(lambda x: jnp.tanh(jnp.ones((N, N)) @ x)),
        (array(N),),
    ),
    "jacfwd of a function that indexes": (jax.jacfwd(sparse), (array(N),)),
    "jacrev of a function that indexes": (jax.jacrev(sparse), (array(N),)),
    "hessian of a function that indexes": (jax.hessian(lambda x: sparse(x).sum()), (array(N),)),
    "jacfwd of a function that splits": (jax.jacfwd(split_in_two), (array(N),)),
    "jacrev of a function that splits": (jax.jacrev(split_in_two), (array(N),)),
    "a basis of the user's own": (pushed, (array(N),)),
    "grad with argnums": (
        jax.grad(lambda a, b: (jnp.sin(a) * b).sum(), argnums=(0, 1)),
        (array(N), array(N)),
    ),
    "grad of a network": (
        jax.grad(lambda params, x: mlp(params, x).sum()),
        ([(array(N, N), array(N))] * 2, array(8, N)),
    ),
    "a sum that starts with zeros": (accumulated, (array(N),)),
    "its gradient": (jax.grad(lambda x: accumulated(x).sum()), (array(N),)),
    "a scan whose last row is used": (jax.grad(last_of_scan), (array(),)),
    "a causal mask": (causal, (array(N, 16),)),
    "small matrices": (kalman, (array(4, 4), array(4))),
    "one element of three": (jax.grad(lambda x: jnp.tanh(x)[1]), (array(3),)),
    "an identity added": (regularized, (array(N, N),)),
    "padding that is small": (lambda x: jnp.sin(jnp.pad(x, 1)), (array(N),)),
    "differences": (jax.grad(lambda x: (jnp.diff(jnp.sin(x)) ** 2).sum()), (array(N),)),
    "a library's own zeros": (jax.jacfwd(jax.nn.softplus), (array(N),)),
    "a library's custom rule": (jax.grad(lambda x: jax.nn.relu(x).sum()), (array(N),)),
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name: str) -> None:
    function, args = QUIET[name]
    report = measured(function, *args)
    assert [*report.zeros] == []
    report.check(max_zeros=0)


# noisy programs; each with the better way of writing it


def helper_1(params1: Any) -> Any:
    return jnp.sin(params1) ** 2


def helper_2(z: Any, params2: Any) -> Any:
    return jnp.tanh(z.sum() * params2)


def main(params1: Any, params2: Any) -> Any:
    z = helper_1(params1)
    return helper_2(z, params2)


def joint(params1: Any, params2: Any) -> Any:
    return jax.jacfwd(main, argnums=(0, 1))(params1, params2)


def apart(params1: Any, params2: Any) -> Any:
    return tuple(jax.jacfwd(main, argnums=k)(params1, params2) for k in (0, 1))


def linear_pair(a: Any, b: Any) -> Any:
    return 2.0 * a, 3.0 * b


def outputs_joint(a: Any, b: Any) -> Any:
    return jax.jacrev(linear_pair, argnums=(0, 1))(a, b)


def outputs_apart(a: Any, b: Any) -> Any:
    first = jax.jacrev(lambda a, b: linear_pair(a, b)[0], argnums=(0, 1))(a, b)
    return first, jax.jacrev(lambda a, b: linear_pair(a, b)[1], argnums=(0, 1))(a, b)


def rotated(c: Any, w: Any) -> Any:
    return lax.scan(lambda c, _: (c @ w, None), c, None, length=5)[0]


def looped_joint(a: Any, b: Any, w: Any) -> Any:
    function = lambda a, b: rotated(a, w).sum() * b  # noqa: E731
    return jax.jacfwd(function, argnums=(0, 1))(a, b)


def looped_apart(a: Any, b: Any, w: Any) -> Any:
    function = lambda a, b: rotated(a, w).sum() * b  # noqa: E731
    return tuple(jax.jacfwd(function, argnums=k)(a, b) for k in (0, 1))


def product(x: Any, y: Any) -> Any:
    return jnp.sin(x) * jnp.cos(y)


def given_zeros(x: Any, y: Any, t: Any) -> Any:
    zeros = jnp.zeros_like(y)
    return jax.jvp(product, (x, y), (t, zeros))


def closed_over(x: Any, y: Any, t: Any) -> Any:
    return jax.jvp(lambda x: product(x, y), (x,), (t,))


def pair_step(carry: Any, t: Any) -> Any:
    x, y = carry
    return (x * t + y, jnp.sin(y)), None


def carried_zeros(x: Any, y: Any, ts: Any, dx: Any) -> Any:
    zeros = jnp.zeros_like(y)
    roll = lambda x, y: lax.scan(pair_step, (x, y), ts)[0]  # noqa: E731
    return jax.jvp(roll, (x, y), (dx, zeros))


def carried_alone(x: Any, y: Any, ts: Any, dx: Any) -> Any:
    return jax.jvp(lambda x: lax.scan(pair_step, (x, y), ts)[0], (x,), (dx,))


@jax.custom_vjp
def layer(x: Any, w: Any) -> Any:
    return jnp.sin(x), x @ w


def layer_bwd(saved: Any, cotangents: Any) -> Any:
    x, w = saved
    return cotangents[0] * jnp.cos(x) + cotangents[1] @ w.T, None


layer.defvjp(lambda x, w: (layer(x, w), (x, w)), layer_bwd)


@jax.custom_vjp
def layer_lazy(x: Any, w: Any) -> Any:
    return jnp.sin(x), x @ w


def layer_lazy_fwd(x: Any, w: Any) -> Any:
    return (jnp.sin(x.value), x.value @ w.value), (x.value, w.value)


def layer_lazy_bwd(saved: Any, cotangents: Any) -> Any:
    x, w = saved
    first, second = cotangents
    terms = []
    if not is_symbolic_zero(first):
        terms.append(first * jnp.cos(x))
    if not is_symbolic_zero(second):
        terms.append(second @ w.T)
    return sum(terms[1:], terms[0]), None


layer_lazy.defvjp(layer_lazy_fwd, layer_lazy_bwd, symbolic_zeros=True)


def is_symbolic_zero(value: Any) -> bool:
    return type(value) is jax.custom_derivatives.SymbolicZero


@jax.custom_jvp
def times(x: Any, y: Any) -> Any:
    return x * y


@times.defjvp
def times_jvp(primals: Any, tangents: Any) -> Any:
    (x, y), (tx, ty) = primals, tangents
    left = tx * y
    right = ty * x
    return x * y, left + right


@jax.custom_jvp
def times_lazy(x: Any, y: Any) -> Any:
    return x * y


def times_lazy_jvp(primals: Any, tangents: Any) -> Any:
    (x, y), (tx, ty) = primals, tangents
    terms = [] if is_symbolic_zero(tx) else [tx * y]
    terms += [] if is_symbolic_zero(ty) else [ty * x]
    return x * y, sum(terms[1:], terms[0])


times_lazy.defjvp(times_lazy_jvp, symbolic_zeros=True)


def recurrent(w: Any, xs: Any) -> Any:
    state = jnp.zeros((8, N))
    for x in (xs[0], xs[1]):
        state = jnp.tanh(state @ w + x)
    return state


def recurrent_from_first(w: Any, xs: Any) -> Any:
    state = jnp.tanh(xs[0])
    return jnp.tanh(state @ w + xs[1])


def by_captured_zeros(a: Any) -> Any:
    product = a @ ZEROS
    return a + product


ZEROS = np.zeros((N, N), np.float32)


def by_identity(a: Any) -> Any:
    identity = jnp.eye(N)
    return identity @ a


def by_captured_identity(a: Any) -> Any:
    return IDENTITY @ a


IDENTITY = np.eye(N, dtype=np.float32)


def by_rows(a: Any) -> Any:
    rows = jnp.eye(N)[:16]
    return rows @ a


def by_one_hot(a: Any) -> Any:
    one_hot = jax.nn.one_hot(3, N)
    return one_hot @ a


def by_diagonal(d: Any, a: Any) -> Any:
    diagonal = jnp.diag(d)
    return diagonal @ a


def padded_first(x: Any) -> Any:
    padded = jnp.pad(x, (0, 96))
    return 2.0 * jnp.sin(padded)


def padded_last(x: Any) -> Any:
    return jnp.pad(2.0 * jnp.sin(x), (0, 96))


def masked(x: Any) -> Any:
    mask = jnp.arange(N) < 8
    return jnp.sin(jnp.where(mask, x, 0.0))


def cut(x: Any) -> Any:
    return jnp.pad(jnp.sin(x[:8]), (0, N - 8))


def last_row(h: Any, w: Any) -> Any:
    logits = h @ w
    return logits[-1].sum()


def row_of_last(h: Any, w: Any) -> Any:
    return (h[-1] @ w).sum()


class Noisy(NamedTuple):
    """A wasteful program and the hint's rewrite.

    `zero` is what is done on zeros, by hand; `beside` what the rewrite saves (or costs, if
    negative) besides, by hand too.
    """

    wasteful: Callable[..., Any]
    better: Callable[..., Any]
    args: tuple[Any, ...]
    zero: int
    hint: str
    beside: int = 0
    transcendentals: int = 0
    left: int = 0
    """What the program without its zeros still does and the rewrite does not, by hand."""


def basis(*sizes: int) -> int:
    """An addition and a comparison for each element of a basis and of its parts."""
    return 2 * (sum(sizes) ** 2 - sum(size**2 for size in sizes))


CLOSE_OVER = (
    "it is given tangents of zeros; differentiate with respect to the other arguments alone, and "
    "close over those that do not vary"
)
SYMBOLIC = (
    "an operand is zeros throughout; leave the term out, in a custom rule by symbolic_zeros=True"
)
THROUGHOUT = "an operand is zeros throughout; leave the term out"
ROWS = "an operand is rows of an identity; index the other one, or leave it as it is"
MOSTLY_ZERO = "most of it is zeros; compute on the part that is not, and pad the result"

NOISY = {
    "seeds of other outputs": Noisy(
        outputs_joint,
        outputs_apart,
        (array(64), array(192)),
        zero=192 * 64 + 64 * 192,  # each output times a number, for the other's cotangents
        hint=(
            "192 of 256 cotangents through linear_pair are structurally zero; one jax.jacrev for "
            "each output pulls only the others and avoids 12.3 kFLOP here; all of them would cost "
            "about 123 kFLOP, or 256 FLOP with 2 cotangents, if those that reach no element in "
            "common are pulled as their sum"
        ),
        beside=basis(64, 192),
    ),
    "seeds through a loop": Noisy(
        looped_joint,
        looped_apart,
        (array(32), array(96), array(32, 32)),
        # five products in the loop, a sum of 32, the factor's tangent, its own, and their sum
        zero=5 * 96 * 2 * 32 * 32 + 96 * 31 + 96 * 96 + 32 * 96 + 128 * 96,
        hint=(
            "96 of 128 tangents through rotated.<locals>.<lambda> are structurally zero; one "
            "jax.jacfwd for each argument pushes only the others and avoids 983 kFLOP here; all of "
            "them would cost about 372 kFLOP"
        ),
        beside=basis(32, 96),
    ),
    "a tangent of zeros": Noisy(
        given_zeros,
        closed_over,
        (array(N, N),) * 3,
        zero=4 * N * N,  # times a sine, negated, times a sine, added
        hint=CLOSE_OVER,
        transcendentals=0,
    ),
    "a tangent of zeros in a carry": Noisy(
        carried_zeros,
        carried_alone,
        (array(N), array(N), array(10), array(N)),
        zero=10 * 2 * N,  # in each iteration added to one tangent, times a cosine in the other
        hint=CLOSE_OVER,
    ),
    "a cotangent that is not needed": Noisy(
        jax.grad(lambda x, w: layer(x, w)[0].sum()),
        jax.grad(lambda x, w: layer_lazy(x, w)[0].sum()),
        (array(N, N), array(N, N)),
        zero=2 * N**3 + N * N,
        hint=SYMBOLIC,
    ),
    "a tangent made zeros for a custom rule": Noisy(
        lambda x, y, t: jax.jvp(lambda x: times(x, y), (x,), (t,)),
        lambda x, y, t: jax.jvp(lambda x: times_lazy(x, y), (x,), (t,)),
        (array(N, N),) * 3,
        zero=2 * N * N,
        hint=SYMBOLIC,
    ),
    "a state of zeros": Noisy(
        recurrent,
        recurrent_from_first,
        (array(N, N), array(2, 8, N)),
        zero=2 * 8 * N * N + 8 * N,
        hint=THROUGHOUT,
    ),
    "captured zeros": Noisy(
        by_captured_zeros,
        lambda a: a,
        (array(N, N),),
        zero=2 * N**3 + N * N,
        hint=(
            "the function closes over an array of zeros; leave the term out, or pass the array as "
            "an argument if it stands for data"
        ),
    ),
    "an identity": Noisy(by_identity, lambda a: a, (array(N, N),), 2 * N**3, ROWS, 2 * N * N),
    "an identity from outside": Noisy(
        by_captured_identity, lambda a: a, (array(N, N),), 2 * N**3, ROWS
    ),
    "rows of an identity": Noisy(
        by_rows, lambda a: a[:16], (array(N, N),), 2 * 16 * N * N, ROWS, 2 * N * N
    ),
    "a one-hot of a number": Noisy(by_one_hot, lambda a: a[3], (array(N, N),), 2 * N * N, ROWS, N),
    "a diagonal": Noisy(
        by_diagonal,
        lambda d, a: d[:, None] * a,
        (array(N), array(N, N)),
        zero=2 * N * N * (N - 1),
        hint="an operand is diagonal; multiply by its diagonal elementwise",
        beside=3 * N * N + N * N,  # the diagonal: added, compared, selected; 2 flops became 1
        left=3 * N * N,  # the diagonal is still made
    ),
    "padding": Noisy(
        padded_first, padded_last, (array(32),), zero=96, hint=MOSTLY_ZERO, transcendentals=96
    ),
    "a mask": Noisy(
        masked,
        cut,
        (array(N),),
        zero=N - 8,
        hint=MOSTLY_ZERO,
        beside=8 + N,  # the selection of the rest, and the comparison
        left=8 + N,  # they are still made
        transcendentals=N - 8,
    ),
    "a part that is used": Noisy(
        jax.grad(last_row),
        jax.grad(row_of_last),
        (array(64, N), array(N, N)),
        zero=63 * 2 * N * N,
        hint="only a part of the result is used; slice first and compute on the part",
    ),
}


@pytest.mark.parametrize("name", NOISY)
def test_noisy(name: str) -> None:
    noisy = NOISY[name]
    before, after = measured(noisy.wasteful, *noisy.args), measured(noisy.better, *noisy.args)
    assert noisy.hint in {each.hint for each in before.zeros}
    before.check(zeros=f"{before.zeros.flops + before.zeros.transcendentals} op")
    assert [*after.zeros] == []
    saved = before.flops - after.flops
    assert saved == pytest.approx(noisy.zero + noisy.beside, rel=0.01)
    without = before.without("zeros")
    assert before.zeros.flops == before.flops - without.flops
    assert without.flops - noisy.left == pytest.approx(after.flops, rel=0.01)
    assert without.transcendentals == after.transcendentals
    assert before.zeros.transcendentals >= noisy.transcendentals


# the question that started it


def test_the_original_question() -> None:
    report = measured(joint, array(64), array(1024))
    mine = [each for each in report.zeros.equations if each.places[0].function == "helper_1"]
    # two multiplications, one by each derivative, of 1,024 zero tangents of 64 elements
    assert [(each.primitive, each.phase) for each in mine] == [("mul", "jvp"), ("mul", "jvp")]
    assert sum(each.flops for each in mine) >= 2 * 1024 * 64
    (finding,) = report.zeros
    assert finding.title == (
        "jax.jacfwd(main, argnums=(0, 1))(...) pushes 1,024 of 1,088 tangents through helper_2 "
        "and helper_1 that are zero"
    )
    there = show(measured(apart, array(64), array(1024)).flops, "flop")
    assert re.fullmatch(
        "1,024 of 1,088 tangents through helper_2 are structurally zero; one jax.jacfwd for each "
        r"argument pushes only the others and avoids [0-9.]+ MFLOP here; all of them would cost "
        f"about {there}",
        finding.hint.partition(", or ")[0],
    )
    assert finding.share == finding.operations / (report.flops + report.transcendentals)


def test_one_jacobian_for_each_argument_avoids_what_was_found() -> None:
    args = array(64), array(1024)
    before, after = measured(joint, *args), measured(apart, *args)
    assert after.zeros.flops == 0
    primal = measured(main, *args).flops  # computed by each of the two calls
    tanh_rule = 1024  # as is the derivative of tanh
    saved = before.flops - after.flops
    expected = before.zeros.flops - primal - tanh_rule
    assert saved == pytest.approx(expected, rel=0.001)


@pytest.mark.parametrize("argument", [0, 1])
def test_one_argument_is_quiet(argument: int) -> None:
    report = measured(jax.jacfwd(main, argnums=argument), array(64), array(1024))
    assert report.zeros.flops == 0


def test_parameters_in_a_tree_are_arguments_of_their_own() -> None:
    def network(params: Any) -> Any:
        return params["v"] @ jnp.tanh(params["w"] @ jnp.ones(8))

    report = measured(jax.jacfwd(network), {"v": array(4, 16), "w": array(16, 8)})
    first, second = 4 * 16, 16 * 8
    assert report.zeros.flops == report.flops - report.without("zeros").flops
    assert report.zeros.flops >= sum(
        [
            first * 2 * 16 * 8,  # tangents of w through w @ ones
            first * 2 * 4 * 16,  # and those of tanh through v
            second * 2 * 4 * 16,  # tangents of v
            basis(first, second),
        ]
    )


def test_two_arguments_of_a_hessian() -> None:
    def loss(a: Any, b: Any) -> Any:
        return jnp.sin(a).sum() + jnp.sin(b).sum()

    report = measured(jax.hessian(loss, argnums=(0, 1)), array(16), array(112))
    assert report.zeros[0].hint.startswith(("112 of 128 tangents", "16 of 128 tangents"))
    assert report.zeros[0].hint.count("jax.jacfwd") == 1


def test_what_is_told() -> None:
    (finding,) = measured(by_diagonal, array(N), array(N, N)).zeros
    assert finding.title == "diagonal @ a in by_diagonal multiplies by a diagonal matrix"
    assert finding.hint == "an operand is diagonal; multiply by its diagonal elementwise"
    assert finding.code == "JC301"


# what is left to JAX


def test_small_padding_is_from_jax() -> None:
    report = measured(lambda x: jnp.sin(jnp.pad(x, 1)), array(N))
    assert [(each.primitive, each.transcendentals) for each in report.zeros.from_jax] == [
        ("sin", 2)
    ]


def test_zeros_of_a_library_function_are_residue() -> None:
    report = measured(jax.jacfwd(jax.nn.softplus), array(N))
    assert report.zeros.from_jax.flops > 0


def test_dead_work_is_not_reported() -> None:
    def unused(x: Any) -> Any:
        _ = by_identity(x)
        return x

    report = measured(unused, array(N, N))
    assert report.dead.flops >= 2 * N**3
    assert [*report.zeros] == []


def test_it_does_not_run_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_jaxcost.analyses import zeros

    asked: list[Any] = []
    known_values = zeros.known_values

    def asking(program: Any) -> Any:
        asked.append(program)
        return known_values(program)

    monkeypatch.setattr(zeros, "known_values", asking)
    report = measured(joint, array(4), array(4))
    report.check(max_duplicates=99)
    assert asked == []
    assert report.zeros.eqns > 0
    assert len(asked) == 1


def test_a_repetition_on_zeros_is_counted_once_as_a_duplicate() -> None:
    x = jnp.ones((64, 64))

    def once(x: Any) -> Any:
        return jnp.sum(x @ jnp.zeros((64, 64)))

    def twice(x: Any) -> Any:
        first = x @ jnp.zeros((64, 64))
        second = x @ jnp.zeros((64, 64))
        return jnp.sum(first) + jnp.sum(jnp.sin(second))

    dot = 2 * 64**3
    assert pytest_jaxcost.measure(once, (x,)).zeros.flops >= dot
    report = pytest_jaxcost.measure(twice, (x,))
    dots = [each for each in report.zeros.equations if each.primitive == "dot_general"]
    again = [each for each in report.duplicates.equations if each.primitive == "dot_general"]
    assert [f.flops for f in dots] == [f.flops for f in again] == [dot]


def squared(x: Any, a: Any) -> Any:
    return ((x - a) ** 2).sum()


def test_the_point_of_a_derivative_is_no_tangent() -> None:
    a, m = array(16), array(16, 16)
    at_zeros = measured(lambda a: jax.grad(squared)(jnp.zeros(16), a), a)
    assert at_zeros.zeros.eqns == 0
    product = measured(
        lambda m: jax.jacfwd(lambda x: jnp.tanh(m @ jnp.reshape(x, 16)))(jnp.zeros((4, 4))), m
    )
    assert {found.hint for found in product.zeros} == {THROUGHOUT}
    zero = jnp.zeros_like
    tangent = measured(
        lambda x: jax.jvp(squared, (x, x), (x, zero(x.reshape(4, 4)).reshape(16))), a
    )
    assert tangent.zeros.eqns > 0
    assert all(found.hint.startswith("it is given tangents of zeros") for found in tangent.zeros)
