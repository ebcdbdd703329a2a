"""Every control-flow and call primitive is entered, and what it runs is counted exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.extend.core as jex_core
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.experimental import pallas as pl
from jax.sharding import AbstractMesh, Mesh, PartitionSpec

from pytest_jaxcost import measure
from pytest_jaxcost.ir.inline import inline

X = np.float32([1.0, 2.0, 3.0])
EIGHT = np.ones(8, np.float32)
COUNTED = ("sin", "cos", "exp", "sqrt", "tanh")
UNKNOWN_TRIPS = "a while loop of unknown trip count is counted as one iteration"


class Case(NamedTuple):
    """A function, the executions of its transcendental equations, and its caveats."""

    function: Callable[..., Any]
    executions: Mapping[str, int]
    args: tuple[Any, ...] = (X,)
    caveats: tuple[str, ...] = ()
    exact: bool | None = None
    """Whether totals are exact; if not said, they are where there is no caveat."""


def while_unknown(x: Any) -> Any:
    return lax.while_loop(lambda c: c[0] < 5, jnp.sin, x)


def solve(x: Any) -> Any:
    return lax.custom_linear_solve(
        lambda v: jnp.sin(x) * v,
        x,
        solve=lambda matvec, b: b / jnp.exp(x),
        transpose_solve=lambda vecmat, b: b / jnp.cos(x),
    )


def root(x: Any) -> Any:
    return lax.custom_root(
        lambda y: y * y - x,
        x,
        lambda f, guess: jnp.sqrt(guess) + f(guess),
        lambda g, y: y / g(jnp.exp(y)),
    )


def sharded(x: Any) -> Any:
    mesh = Mesh(np.array(jax.devices()[:1]), ("i",))
    spec = PartitionSpec("i")
    return jax.shard_map(jnp.sin, mesh=mesh, in_specs=spec, out_specs=spec)(x)


def sharded_over_four(x: Any) -> Any:
    mesh = AbstractMesh((4,), ("i",))
    spec = PartitionSpec()
    return jax.shard_map(jnp.sin, mesh=mesh, in_specs=spec, out_specs=spec)(x)


def kernel(x: Any) -> Any:
    def body(x_ref: Any, out_ref: Any) -> None:
        out_ref[...] = jnp.sin(x_ref[...])

    spec = pl.BlockSpec((2,), lambda i: i)
    shape = jax.ShapeDtypeStruct((8,), np.float32)
    return pl.pallas_call(body, shape, grid=(4,), in_specs=[spec], out_specs=spec)(x)


def linear(x: Any) -> Any:
    def transposed(residual: Any, cotangent: Any) -> Any:
        return jnp.cos(residual) * cotangent

    def function(residual: Any, v: Any) -> Any:
        return jnp.sin(residual) * v

    return jax.custom_derivatives.linear_call(function, transposed, x, x)


@jax.custom_batching.custom_vmap
def vmapped(x: Any) -> Any:
    return jnp.sin(x)


@vmapped.def_vmap
def _vmapped_rule(size: int, batched: list[bool], x: Any) -> Any:
    return jnp.cos(x), batched[0]


@jax.custom_jvp
def with_jvp(x: Any) -> Any:
    return jnp.sin(x)


@with_jvp.defjvp
def _with_jvp_rule(primals: Any, tangents: Any) -> Any:
    return jnp.sin(primals[0]), jnp.exp(primals[0]) * tangents[0]


@jax.custom_vjp
def with_vjp(x: Any) -> Any:
    return jnp.sin(x)


with_vjp.defvjp(lambda x: (jnp.sin(x), jnp.exp(x)), lambda saved, ct: (jnp.cos(saved) * ct,))


def references(x: Any) -> Any:
    ref = jax.new_ref(x)
    ref[...] = jnp.sin(ref[...])
    ref[0] = jnp.cos(ref[0])
    return ref[...]


def unknown(jaxpr_of: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function that binds a higher-order primitive that nothing here has heard of."""
    primitive = jex_core.Primitive("twice_over")
    primitive.def_abstract_eval(lambda x, *, jaxpr: x)
    return lambda x: primitive.bind(x, jaxpr=jaxpr_of(x))


CASES = {
    "jit": Case(jax.jit(jax.jit(jnp.sin)), {"sin": 1}),
    "a helper called twice": Case(
        lambda x: jax.jit(jnp.sin)(x) + jax.jit(jnp.sin)(2 * x), {"sin": 2}
    ),
    "cond, the costliest": Case(
        lambda x: lax.cond(x[0] > 0, jnp.sin, lambda x: jnp.sin(jnp.cos(x)), x),
        {"sin": 1, "cos": 1},
    ),
    "switch, the costliest": Case(
        lambda x: lax.switch(
            x[0].astype(int), [jnp.sin, lambda x: jnp.exp(jnp.cos(x)), jnp.sin], x
        ),
        {"cos": 1, "exp": 1},
    ),
    "while, counted": Case(lambda x: lax.fori_loop(0, 5, lambda k, c: jnp.sin(c), x), {"sin": 5}),
    "while, counted, nested": Case(
        lambda x: lax.while_loop(
            lambda c: c[0] < 6,
            lambda c: (c[0] + 2, lax.fori_loop(0, 4, lambda k, d: jnp.sin(d), c[1])),
            (0, x),
        ),
        {"sin": 12},
    ),
    "the test of a while": Case(
        lambda x: lax.while_loop(
            lambda c: c[0] + 0 * jnp.cos(c[1][0]).astype(int) < 6,
            lambda c: (c[0] + 2, c[1]),
            (0, x),
        ),
        {"cos": 1},
        caveats=(UNKNOWN_TRIPS,),
    ),
    "while, unknown": Case(while_unknown, {"sin": 1}, caveats=(UNKNOWN_TRIPS,)),
    "while, unknown, in a scan": Case(
        lambda x: lax.scan(lambda c, _: (while_unknown(c), None), x, None, 3)[0],
        {"sin": 3},
        caveats=(UNKNOWN_TRIPS,),
    ),
    # the sine stands before the solve: JAX linearizes the operator for a transposition to come
    "custom_linear_solve": Case(solve, {"exp": 1, "sin": 1}),
    "custom_linear_solve, transposed": Case(
        lambda x: jax.linear_transpose(
            lambda b: lax.custom_linear_solve(
                lambda v: X * v,
                b,
                solve=lambda matvec, b: b / jnp.exp(X),
                transpose_solve=lambda vecmat, b: b / jnp.cos(X),
            ),
            x,
        )(x),
        {"cos": 1},
    ),
    "custom_root": Case(root, {"sqrt": 1}),
    "custom_root, differentiated": Case(
        lambda x: jax.jvp(root, (x,), (x,))[1], {"sqrt": 1, "exp": 1}
    ),
    "shard_map": Case(sharded, {"sin": 1}, (EIGHT,)),
    "shard_map, four devices": Case(sharded_over_four, {"sin": 4}, (EIGHT,)),
    "pmap": Case(jax.pmap(jnp.sin), {"sin": 1}, (EIGHT[None],)),
    "pallas_call, four blocks": Case(kernel, {"sin": 4}, (EIGHT,)),
    "linear_call": Case(linear, {"sin": 1}),
    "linear_call, transposed": Case(
        lambda x: jax.linear_transpose(
            lambda v: jax.custom_derivatives.linear_call(
                lambda r, v: jnp.sin(r) * v, lambda r, t: jnp.cos(r) * t, X, v
            ),
            x,
        )(x),
        {"cos": 1},
    ),
    "custom_vmap": Case(vmapped, {"sin": 1}),
    "custom_vmap, batched": Case(jax.vmap(vmapped), {"cos": 1}),
    "custom_jvp": Case(with_jvp, {"sin": 1}),
    "custom_jvp, differentiated": Case(
        lambda x: jax.jvp(with_jvp, (x,), (x,)), {"sin": 1, "exp": 1}
    ),
    "custom_vjp": Case(with_vjp, {"sin": 1}),
    "custom_vjp, differentiated": Case(
        lambda x: (lambda y, pull: (y, pull(x)))(*jax.vjp(with_vjp, x)),
        {"sin": 1, "exp": 1, "cos": 1},
    ),
    "checkpoint": Case(jax.checkpoint(jnp.sin), {"sin": 1}),
    "checkpoint, differentiated": Case(
        jax.value_and_grad(lambda x: jax.checkpoint(lambda x: jnp.tanh(jnp.sin(x)))(x).sum()),
        {"sin": 2, "tanh": 2, "cos": 1},
    ),
    "references": Case(references, {"sin": 1, "cos": 1}),
    "an unknown call": Case(
        unknown(lambda x: jax.make_jaxpr(jnp.sin)(x)),
        {"sin": 1},
        caveats=(
            "the unknown primitive twice_over is entered like a call that runs its jaxpr once",
        ),
    ),
    "an unknown body": Case(
        unknown(lambda x: jax.make_jaxpr(jnp.sin)(x[:1])),
        {"sin": 1},
        caveats=("the unknown primitive twice_over carries jaxprs; each is counted as run once",),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_runs_is_counted(name: str) -> None:
    case = CASES[name]
    report = measure(case.function, case.args)
    counted = {each: report.executions[each] for each in COUNTED if report.executions[each]}
    assert counted == case.executions
    assert report.caveats == case.caveats
    assert report.exact == (not case.caveats if case.exact is None else case.exact)


def twice_each(depth: int, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    for _ in range(depth):
        function = _twice(function)
    return function


def _twice(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return jax.jit(lambda x: function(function(x)))


def test_thirty_nested_jits_are_counted_exactly_and_in_no_time() -> None:
    started = time.perf_counter()
    report = measure(twice_each(30, lambda x: jnp.sin(x) + jnp.sin(x)), (X,))
    assert report.executions["sin"] == report.primitives["sin"] == 2**31
    assert report.transcendentals == 3 * 2**31
    assert report.flops == 3 * 2**30
    assert report.exact
    (caveat,) = report.caveats
    assert caveat.startswith("inlining every call would make ")
    assert report.duplicates.eqns == 2**30
    assert report.duplicates.transcendentals == 3 * 2**30
    assert report.dead.eqns == 0
    assert time.perf_counter() - started < 1  # entering each of 2**30 calls takes hours


def test_a_shared_call_counts_like_an_inlined_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def function(x: Any) -> Any:
        def step(c: Any, _: Any) -> Any:
            return twice_each(6, lambda x: jnp.sin(x) * 2)(c), None

        return lax.scan(step, x, None, length=5)[0]

    inlined = measure(function, (X,))
    assert inlined.caveats == ()
    monkeypatch.setattr("pytest_jaxcost.ir.inline.BUDGET", 3)
    shared = measure(function, (X,))
    assert len(shared.caveats) == 1
    for report in (inlined, shared):
        assert report.primitives == {"scan": 1, "sin": 64, "mul": 64}
        assert report.executions == {"scan": 1, "sin": 320, "mul": 320}
        assert (report.eqns, report.flops, report.transcendentals) == (129, 960, 960)


def test_a_region_knows_how_often_it_runs() -> None:
    def function(x: Any) -> Any:
        def outer(c: Any, _: Any) -> Any:
            return lax.scan(lambda d, _: (jnp.sin(d), None), c, None, length=3)[0], None

        return lax.scan(outer, x, None, length=4)[0]

    weights = [region.weight for region in inline(jax.make_jaxpr(function)(X)).regions()]
    assert weights == [1, 4, 12]
