"""Functions that are jitted keep their own rules, however their arguments are given."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import measure
from pytest_jaxcost.program import Program

X = jnp.ones(8)


def repeated(x: Any, times: int = 1, scale: float = 1.0) -> Any:
    for _ in range(times):
        x = jnp.sin(x)
    return x if scale == 1.0 else scale * x


BY_NUMBER = jax.jit(repeated, static_argnums=(1, 2))
BY_NAME = jax.jit(repeated, static_argnames=("times", "scale"))


@pytest.mark.parametrize("fn", [BY_NUMBER, BY_NAME])
@pytest.mark.parametrize(("args", "kwargs"), [((X, 3), {}), ((X,), {"times": 3})])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_static_arguments(fn: Any, args: Any, kwargs: Any, scale: float) -> None:
    report = measure(fn, args, {**kwargs, "scale": scale})
    assert report.transcendentals == report.compiled.transcendentals == 3 * 8
    assert report.flops == report.compiled.flops == (8 if scale == 2.0 else 0)
    assert report.without().transcendentals == 3 * 8


def test_arguments_bound_by_a_partial() -> None:
    donating = jax.jit(repeated, static_argnums=1, donate_argnums=0)
    report = measure(partial(donating, X, 2))
    assert report.transcendentals == 2 * 8
    (info,) = jax.tree.leaves(Program(partial(donating, X, 2), (), {}, "f").trace().args_info)
    assert info.donated


def test_numbers_are_traced_where_no_function_says_otherwise() -> None:
    report = measure(lambda x, n, pair: n * x + pair["n"], (X, 2), {"pair": {"n": 3.0}})
    assert report.flops == 2 * 8
    jaxpr = Program(lambda x, n: n * x, (X, 2), {}, "f").jaxpr
    assert len(jaxpr.in_avals) == 2


def test_what_is_no_array_is_static() -> None:
    def chosen(x: Any, how: str, table: dict[str, Any]) -> Any:
        return table[how](x)

    report = measure(chosen, (X, "sin", {"sin": jnp.sin, "cos": jnp.cos}))
    assert dict(report.primitives) == {"sin": 1}
    report = measure(
        lambda x, box: box.fn(x), (X, type("Box", (), {"fn": jnp.cos, "__hash__": None}))
    )
    assert dict(report.primitives) == {"cos": 1}


def test_typed_keys() -> None:
    draw = measure(lambda key: jax.random.uniform(key, (4,)), (jax.random.key(0),))
    assert draw.primitives["random_bits"] == 1
    old = measure(lambda key: jax.random.uniform(key, (4,)), (jax.random.PRNGKey(0),))
    assert old.primitives["random_bits"] == 1


def test_what_a_function_does_to_a_dict_is_no_result() -> None:
    def overwritten(tree: dict[str, Any]) -> Any:
        tree["x"] = jnp.sin(tree["x"])
        return jnp.cos(tree["y"])

    report = measure(overwritten, ({"x": X, "y": X},))
    assert report.transcendentals == 8  # jit forgets the dict, and with it the sine
    assert len(report.dead) == 1
