from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import CostError, ScopeError, measure

X = np.linspace(0.1, 0.9, 4).astype("float32")
W = np.linspace(-0.5, 0.5, 16).reshape(4, 4).astype("float32")


def helper_1(x: Any) -> Any:
    return jnp.tanh(x)


def helper_2(z: Any, y: Any) -> Any:
    return jnp.sin(z.sum() * y)


def main(x: Any, y: Any) -> Any:
    z = helper_1(x)
    return z, helper_2(z, y)


@jax.jit
def jitted(x: Any) -> Any:
    return jnp.tanh(x)


def logged(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(function)
    def wrapper(x: Any) -> Any:
        return function(x + 1)

    return wrapper


@logged
def decorated(x: Any) -> Any:
    return jnp.tanh(x)


@logged
def other(x: Any) -> Any:
    return jnp.sin(x)


class Layer:
    def __call__(self, x: Any) -> Any:
        return jnp.cos(self.method(x))

    def method(self, x: Any) -> Any:
        return jnp.tanh(x)

    @staticmethod
    def static(x: Any) -> Any:
        return jnp.tanh(x)


LAYER = Layer()
by_lambda = lambda x: jnp.tanh(x)  # noqa: E731
scaled = functools.partial(lambda k, x: jnp.tanh(k * x), 2.0)


@jax.custom_vjp
def ruled(x: Any) -> Any:
    return jnp.tanh(x)


ruled.defvjp(lambda x: (jnp.tanh(x), x), lambda x, t: (jnp.exp(x) * t,))


@jax.custom_jvp
def pushed(x: Any) -> Any:
    return jnp.tanh(x)


@pushed.defjvp
def _pushed(primals: Any, tangents: Any) -> Any:
    return jnp.tanh(primals[0]), jnp.exp(primals[0]) * tangents[0]


# the function asked for, what is measured beside jnp.sin(x), how many tanh the scope has
FUNCTIONS: dict[str, tuple[Any, Callable[[Any], Any], int]] = {
    "plain": (helper_1, helper_1, 1),
    "called twice": (helper_1, lambda x: helper_1(x) + helper_1(2 * x), 2),
    "jitted": (jitted, jitted, 1),
    "inside a jitted one": (helper_1, jax.jit(lambda x: helper_1(x)), 1),
    "cached by jit": (jitted, lambda x: jitted(x) + jitted(2 * x) + jitted(3 * x), 3),
    "lambda": (by_lambda, by_lambda, 1),
    "partial": (scaled, scaled, 1),
    "method": (LAYER.method, LAYER.method, 1),
    "unbound method": (Layer.method, LAYER.method, 1),
    "static method": (Layer.static, LAYER.static, 1),
    "instance": (LAYER, LAYER, 1),
    "decorated": (decorated, decorated, 1),
    "vmapped": (helper_1, jax.vmap(helper_1), 1),
    "asked for as vmapped": (jax.vmap(helper_1), helper_1, 1),
    "checkpointed": (helper_1, jax.checkpoint(helper_1), 1),
    "custom_vjp": (ruled, ruled, 1),
    "custom_jvp": (pushed, pushed, 1),
    "in scan": (
        helper_1,
        lambda x: lax.scan(lambda c, _: (helper_1(c), None), x, None, 3)[0],
        1,
    ),
    "in cond": (helper_1, lambda x: lax.cond(x[0] > 0, helper_1, jnp.exp, x), 1),
    "in a comprehension": (helper_1, lambda x: sum([helper_1(k * x) for k in range(3)]), 3),
}


@pytest.mark.parametrize(("asked", "called", "times"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_the_part_that_a_function_made(asked: Any, called: Any, times: int) -> None:
    report = measure(lambda x: called(x) + jnp.sin(x), (X,))
    part = report.scope(asked)
    assert part.primitives["tanh"] == times
    assert part.primitives["sin"] == 0
    assert report.primitives["sin"] == 1


@pytest.mark.parametrize(("asked", "called", "times"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_the_part_that_a_function_has_in_a_gradient(asked: Any, called: Any, times: int) -> None:
    report = measure(jax.grad(lambda x: (called(x) * lax.lgamma(x)).sum()), (X,))
    part = report.scope(asked)
    assert part.primitives["lgamma"] == part.primitives["digamma"] == 0
    assert report.primitives["lgamma"] == report.primitives["digamma"] == 1
    assert part.phases["transpose"].eqns > 0
    assert part.executions["tanh"] == report.executions["tanh"]
    again = report.phases["recompute"].primitives["tanh"]
    assert part.primitives["tanh"] == report.primitives["tanh"]
    assert part.phases["recompute"].primitives["tanh"] == again


def test_the_backward_rule_belongs_to_its_function() -> None:
    report = measure(jax.grad(lambda x: (2 * ruled(x) + jnp.sin(x)).sum()), (X,))
    part = report.scope(ruled)
    assert [part.primitives[name] for name in ("tanh", "exp", "cos", "sin")] == [1, 1, 0, 0]
    assert part.phases["transpose"].transcendentals == 4


def test_the_twins_made_by_one_decorator_are_told_apart() -> None:
    report = measure(lambda x: decorated(x) * other(x), (X,))
    assert dict(report.scope(decorated).primitives) == {"tanh": 1}
    assert dict(report.scope(other).primitives) == {"sin": 1}


def test_the_question_of_the_project_in_words() -> None:
    report = measure(jax.jacfwd(main, argnums=(0, 1)), (X, X))
    assert report.scope(helper_1).primitives["tanh"] == 1
    assert report.scope(helper_2).primitives["sin"] == 1
    assert report.scope(main).primitives["tanh"] == 1
    assert report.scope(helper_1).phases["jvp"].primitives["tanh"] == 1
    assert report.phases["jvp"].scope(helper_1).primitives["tanh"] == 1


def test_a_part_costs_what_it_costs_alone() -> None:
    def layer(x: Any) -> Any:
        return jnp.tanh(W @ x)

    report = measure(lambda x: layer(x) + jnp.sin(W @ x), (X,))
    part, alone = report.scope(layer), measure(layer, (X,))
    for total in ("eqns", "flops", "transcendentals", "bytes_accessed"):
        assert getattr(part, total) == getattr(alone, total)
    assert part.primitives == alone.primitives
    assert part.metrics["largest_intermediate_bytes"] == 16


def test_trip_counts_apply_in_a_scope() -> None:
    report = measure(lambda x: lax.scan(lambda c, _: (helper_1(c), None), x, None, 7)[0], (X,))
    part = report.scope(helper_1)
    assert (part.primitives["tanh"], part.executions["tanh"]) == (1, 7)
    assert part.transcendentals == 28


def attention(x: Any) -> Any:
    with jax.named_scope("attention"):
        with jax.named_scope("scores"):
            x = jnp.exp(x)
        return jnp.tanh(x)


def block(x: Any) -> Any:
    with jax.named_scope("block"):
        return attention(x) + jitted(jnp.cos(x))


NAMED = {
    "attention": {"exp": 1, "tanh": 1},
    "scores": {"exp": 1},
    "attention/scores": {"exp": 1},
    "block/attention": {"exp": 1, "tanh": 1},
    "jitted": {"tanh": 1},
    "block/jitted": {"tanh": 1},
    "block": {"add": 1, "cos": 1, "exp": 1, "tanh": 2},
}


@pytest.mark.parametrize(("name", "counts"), NAMED.items())
def test_the_part_in_a_named_scope_or_a_jitted_function(name: str, counts: Any) -> None:
    assert measure(block, (X,)).scope(name).primitives == counts


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: jax.grad(lambda x: f(x).sum()),
        jax.vmap,
        jax.jit,
        lambda f: jax.grad(lambda x: jax.checkpoint(f)(x).sum()),
        lambda f: jax.grad(lambda x: lax.map(f, x).sum()),
    ],
    ids=["grad", "vmap", "jit", "checkpoint", "map"],
)
def test_named_scopes_under_transformations(transform: Any) -> None:
    report = measure(transform(block), (X,))
    part = report.scope("attention")
    assert part.primitives["exp"] == report.primitives["exp"] > 0
    assert part.primitives["cos"] == 0


def test_a_scope_named_like_a_transformation_is_a_scope() -> None:
    def named(x: Any) -> Any:
        with jax.named_scope("jvp"):
            return jnp.exp(x)

    report = measure(lambda x: (named(x), jnp.sin(x)), (X,))
    assert dict(report.scope("jvp").primitives) == {"exp": 1}
    assert report.phases["jvp"].eqns == 0


def test_the_scopes_are_listed() -> None:
    report = measure(lambda x: jnp.linalg.norm(block(x)), (X,))
    assert report.scopes == ("block", "attention", "scores", "jitted")
    assert report.scope("attention").scopes == ("block", "attention", "scores")


def test_a_scope_inside_a_scope() -> None:
    report = measure(lambda x: (attention(x), jnp.exp(x)), (X,))
    part = report.scope(attention).scope("scores")
    assert dict(part.primitives) == {"exp": 1}
    assert part.name.startswith("scores in attention in ")


def test_limits_on_a_scope() -> None:
    part = measure(main, (X, X)).scope(helper_1)
    assert part.check(primitives={"tanh": 1}, max_eqns=1) is part
    with pytest.raises(CostError, match="jaxcost: transcendentals 4 > 3   helper_1 in main"):
        part.check(max_transcendentals=3)


def test_findings_in_a_scope_are_those_of_its_own_repetitions() -> None:
    def twice(x: Any) -> Any:
        return helper_1(x) + helper_1(x)

    def both(x: Any) -> Any:
        return twice(x) * jnp.exp(x) * jnp.exp(x), helper_1(x)

    report = measure(both, (X,))
    assert report.duplicates.eqns == 3
    assert report.scope(twice).duplicates.eqns == 1
    assert report.scope(helper_1).duplicates.transcendentals == 8
    (found,) = report.scope(twice).duplicates
    assert (found.count, found.executions, found.transcendentals) == (1, 1, 4)
    assert found.share == pytest.approx(report.duplicates[0].share / 2)


def test_the_compiled_stage_of_a_part_is_unknown() -> None:
    part = measure(main, (X, X)).scope(helper_1)
    assert part.metrics["compiled.flops"] is None
    assert part.metrics.reading("compiled.temp_bytes").reason == (
        "the compiled program is not divided into phases and scopes"
    )
    assert not part.has_compiled
    with pytest.raises(CostError, match="is not divided"):
        part.check(compiled={"max_temp_bytes": 0})


def test_a_part_can_be_shown() -> None:
    part = measure(jax.grad(lambda x: helper_1(x).sum()), (X,)).scope(helper_1)
    assert str(part).startswith("helper_1 in grad(<lambda>)")
    assert part.to_dict()["metrics"]["eqns"] == part.eqns > 0
    assert part._repr_html_().startswith("<div><strong>helper_1 in")


THERE_ARE = (
    " Scopes: block, attention, scores, jitted."
    " Functions, to be passed themselves: block, attention, jitted"
)
NO_CODE = (
    "<built-in function len> has no Python code to look for; pass a Python function, or the name of"
    " a jax.named_scope"
)
NOTHING = [
    (
        "atention",
        "no scope of block is named 'atention'; did you mean 'attention'?" + THERE_ARE,
    ),
    (
        "scores/attention",
        "no scope of block is named 'scores/attention'; did you mean 'attention'?" + THERE_ARE,
    ),
    ("zzz", "no scope of block is named 'zzz'." + THERE_ARE),
    (helper_2, "no equation of block comes from helper_2." + THERE_ARE),
    (len, NO_CODE),
]


@pytest.mark.parametrize(
    ("scope", "message"), NOTHING, ids=["misspelt", "nested", "unknown", "absent", "builtin"]
)
def test_a_scope_that_matches_nothing_is_an_error(scope: Any, message: str) -> None:
    with pytest.raises(ScopeError) as error:
        measure(block, (X,)).scope(scope)
    assert str(error.value) == message


def test_a_function_that_measured_is_no_part_of_the_program() -> None:
    with pytest.raises(ScopeError):
        measure(block, (X,)).scope(test_a_function_that_measured_is_no_part_of_the_program)
