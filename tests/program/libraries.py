"""One network as each library writes it: 3 inputs, 8 hidden ones through tanh, 2 outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import haiku as hk
import jax
import jax.numpy as jnp
from flax import linen, nnx

INPUTS, HIDDEN, OUTPUTS, BATCH = 3, 8, 2, 5
X = jnp.ones((BATCH, INPUTS))
KEY = jax.random.key(0)


class Library(NamedTuple):
    """A model, how to call it, and the library's own transformations."""

    apply: Callable[[Any, Any], Any]
    model: Any
    jit: Callable[..., Any] = jax.jit
    grad: Callable[..., Any] = jax.grad
    value_and_grad: Callable[..., Any] = jax.value_and_grad

    def loss(self, model: Any, x: Any) -> Any:
        """The sum of the outputs."""
        return self.apply(model, x).sum()

    def loss_twice(self, model: Any, x: Any) -> Any:
        """The same model called twice with the same values."""
        return self.loss(model, x) + self.loss(model, x)


def by_hand(params: Mapping[str, Any], x: Any) -> Any:
    """The network without any library."""
    hidden = jnp.tanh(x @ params["w1"] + params["b1"])
    return hidden @ params["w2"] + params["b2"]


PARAMS = {
    "w1": jnp.ones((INPUTS, HIDDEN)),
    "b1": jnp.ones(HIDDEN),
    "w2": jnp.ones((HIDDEN, OUTPUTS)),
    "b2": jnp.ones(OUTPUTS),
}


@jax.tree_util.register_dataclass
@dataclass
class Network:
    """A dataclass registered as a pytree, with a function among its data."""

    params: dict[str, Any]
    activation: Callable[[Any], Any]

    def __call__(self, x: Any) -> Any:
        hidden = self.activation(x @ self.params["w1"] + self.params["b1"])
        return hidden @ self.params["w2"] + self.params["b2"]


class Module(nnx.Module):
    """The network in Flax NNX."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.first = nnx.Linear(INPUTS, HIDDEN, rngs=rngs)
        self.second = nnx.Linear(HIDDEN, OUTPUTS, rngs=rngs)
        self.activation = jnp.tanh

    def __call__(self, x: Any) -> Any:
        return self.second(self.activation(self.first(x)))


def called(model: Any, x: Any) -> Any:
    """A model that is a function of the inputs."""
    return model(x)


def over_batch(model: Any, x: Any) -> Any:
    """A model of one sample, called for each."""
    return jax.vmap(model)(x)


LINEN = linen.Sequential([linen.Dense(HIDDEN), jnp.tanh, linen.Dense(OUTPUTS)])
HAIKU = hk.without_apply_rng(
    hk.transform(lambda x: hk.nets.MLP([HIDDEN, OUTPUTS], activation=jnp.tanh)(x))
)
EQUINOX = eqx.nn.MLP(INPUTS, OUTPUTS, HIDDEN, 1, jnp.tanh, key=KEY)

LIBRARIES = {
    "dict": Library(by_hand, PARAMS),
    "Partial": Library(called, jax.tree_util.Partial(by_hand, PARAMS)),
    "equinox": Library(
        over_batch, EQUINOX, eqx.filter_jit, eqx.filter_grad, eqx.filter_value_and_grad
    ),
    "nnx": Library(called, Module(nnx.Rngs(0)), nnx.jit, nnx.grad, nnx.value_and_grad),
    "linen": Library(LINEN.apply, LINEN.init(KEY, X)),
    "haiku": Library(HAIKU.apply, HAIKU.init(KEY, X)),
}
