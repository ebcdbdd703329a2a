"""What is said of a call that cannot be traced."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import measure

X = jnp.ones(8)


class Unhashable:
    __hash__: Any = None


def powers(x: Any, n: int) -> Any:
    return [x**i for i in range(n)] if n else x


def shaped(x: Any, n: int) -> Any:
    return jnp.zeros(n) + x


def said(fn: Any, *args: Any, **kwargs: Any) -> list[str]:
    """What we add to the error of a call."""
    with pytest.raises((TypeError, ValueError)) as caught:
        measure(fn, args, kwargs)
    *notes, call = [note for note in caught.value.__notes__ if note.startswith("jaxcost: ")]
    assert call.startswith("jaxcost: while tracing ")
    return notes


@pytest.mark.parametrize(
    ("fn", "args", "kwargs"),
    [
        (lambda x: x @ jnp.ones(3), (X,), {}),
        (jax.jit(lambda x, how: x @ jnp.ones(3), static_argnums=1), (X, "how"), {}),
        (lambda x, n: x @ jnp.ones(3), (X, 2), {}),
    ],
)
def test_other_errors_have_no_advice(fn: Any, args: Any, kwargs: Any) -> None:
    assert said(fn, *args, **kwargs) == []


@pytest.mark.parametrize("fn", [powers, shaped])
def test_numbers(fn: Any) -> None:
    traced = "which is traced as jax.jit traces numbers; to have it static, close over it, "
    jitted = "or pass a function that is jitted with static_"
    assert said(fn, X, 3) == [
        f"jaxcost: argument 1 is 3, {traced}jaxcost(lambda x: f(x, 3), x), {jitted}argnums"
    ]
    named = f"keyword argument 'n' is 3, {traced}jaxcost(lambda x: f(x, n=3), x), {jitted}argnames"
    assert said(fn, X, n=3) == [f"jaxcost: {named}"]


def test_no_hash() -> None:
    refused = (
        "is of type Unhashable, which is no array and has no hash: a jitted function takes it "
        "neither as an argument that is traced nor as one that is static"
    )
    static = jax.jit(lambda x, how: x, static_argnames="how")
    assert said(static, X, how=Unhashable()) == [f"jaxcost: keyword argument 'how' {refused}"]
    filtered = eqx.filter_jit(lambda x: x)
    assert said(filtered, {"a": Unhashable()}) == [f"jaxcost: argument 0 at ['a'] {refused}"]


@pytest.mark.parametrize("jit", [lambda fn: fn, jax.jit, eqx.filter_jit])
def test_wrong_arguments(jit: Any) -> None:
    takes = "jaxcost: powers takes (x: 'Any', n: 'int') -> 'Any'; "
    missing = "powers(float32[8]): missing a required argument: 'n'"
    assert said(jit(powers), X) == [takes + missing]
    too_many = "powers(float32[8], 2, 3): too many positional arguments"
    assert said(jit(powers), X, 2, 3) == [takes + too_many]


@pytest.mark.parametrize(("args", "shown"), [(X, "float32[8]"), ({"x": X}, "<1 array>")])
def test_arguments_that_are_no_tuple(args: Any, shown: str) -> None:
    with pytest.raises(TypeError) as caught:
        measure(jnp.sin, args)
    assert str(caught.value) == (
        f"jaxcost takes the arguments of a function as a tuple, args=(x,); got {shown}"
    )


def test_no_function() -> None:
    with pytest.raises(TypeError, match=r"^jaxcost measures a function .*; got 3$"):
        measure(3, (X,))  # type: ignore[arg-type]
