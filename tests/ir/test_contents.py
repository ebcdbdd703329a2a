"""What captured arrays hold, and of which that cannot be read."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pytest_jaxcost.ir.contents import content_of


def tracer() -> Any:
    leaked: list[Any] = []
    jax.make_jaxpr(leaked.append)(jnp.ones(3))
    return leaked[0]


def deleted() -> Any:
    array = jnp.arange(3.0)
    array.delete()
    return array


@pytest.mark.parametrize("value", [np.arange(3), jnp.arange(3), np.float32(2), jnp.bfloat16(2)])
def test_arrays_are_read(value: Any) -> None:
    content = content_of(value)
    assert content is not None
    assert (content == np.asarray(value)).all()
    assert content.dtype == value.dtype


UNREADABLE = {
    "a tracer whose trace is over": tracer,
    "a reference": lambda: jax.new_ref(jnp.zeros(3)),
    "an array that was deleted": deleted,
    "a key": lambda: jax.random.key(0),
    "no array": lambda: "text",
    "nothing": lambda: None,
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read(name: str) -> None:
    assert content_of(UNREADABLE[name]()) is None
