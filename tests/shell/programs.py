"""Functions that the command measures."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

NUMBER = 3


def loss(w: Any, x: Any) -> Any:
    return jnp.sum(jnp.tanh(w @ x))


def twice(x: Any) -> Any:
    return jnp.sin(x) * jnp.sin(x)


def model(params: Any, x: Any) -> Any:
    return params["w"] @ x + params["b"]


def drawn(key: Any) -> Any:
    return jax.random.normal(key, (4,))


class Model:
    @staticmethod
    def loss(x: Any) -> Any:
        return jnp.sum(x)
