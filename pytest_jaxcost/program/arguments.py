"""Arguments taken apart: array leaves are traced, what else a pytree holds stays as it is.

Libraries are known by what JAX asks of them: their objects are pytrees.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np

HOLD_NUMBERS = frozenset({"equinox"})
"""Packages whose modules keep Python numbers, such as a dropout rate, out of what is traced."""

BUILT_IN = (tuple, list, dict, type(None))


class Apart(NamedTuple):
    """A pytree taken apart."""

    traced: Any
    """What JAX traces: the pytree itself if all its leaves are, or else those that are."""
    whole: Callable[[Any], Any]
    """Makes the pytree again of what stands for `traced`."""


def apart(value: Any) -> Apart:
    """An argument: its arrays and numbers are traced, but for the numbers of Equinox modules."""
    nodes = jax.tree.leaves(value, is_leaf=_holds_numbers)
    return _apart(value, [leaf for node in nodes for leaf in _traced_leaves(node)])


def function_apart(fn: Any) -> Apart:
    """A function that may be a pytree, such as a model: its arrays alone are traced."""
    return _apart(fn, [is_array(leaf) for leaf in jax.tree.leaves(fn)])


def is_array(leaf: Any) -> bool:
    """Whether `leaf` is what JAX takes for an array, or stands for one; no Python number is."""
    if isinstance(leaf, np.ndarray | np.generic):
        return leaf.dtype.kind not in "OSU"
    return (hasattr(leaf, "shape") and hasattr(leaf, "dtype")) or hasattr(leaf, "__jax_array__")


def is_number(leaf: Any) -> bool:
    """Whether `leaf` is a number of Python's, which ``jax.jit`` traces."""
    return isinstance(leaf, bool | int | float | complex)


def objects(value: Any) -> list[Any]:
    """The outermost objects of a pytree that are not containers of Python's own."""
    return jax.tree.leaves(value, is_leaf=lambda node: not isinstance(node, BUILT_IN))


def _traced_leaves(node: Any) -> list[bool]:
    numbers = not _holds_numbers(node)
    leaves = jax.tree.leaves(node)
    return [is_array(leaf) or (numbers and is_number(leaf)) for leaf in leaves]


def _holds_numbers(node: Any) -> bool:
    return _is_of_holder(type(node).__mro__)


@lru_cache(maxsize=1_000)
def _is_of_holder(classes: tuple[type, ...]) -> bool:
    return any(each.__module__.partition(".")[0] in HOLD_NUMBERS for each in classes)


def _apart(value: Any, is_traced: list[bool]) -> Apart:
    if all(is_traced):
        return Apart(value, lambda traced: traced)
    leaves, tree = jax.tree.flatten(value)
    held = [None if traced else leaf for leaf, traced in zip(leaves, is_traced, strict=True)]

    def whole(traced: Any) -> Any:
        arrays = iter(traced)
        merged = zip(held, is_traced, strict=True)
        return jax.tree.unflatten(tree, [next(arrays) if is_ else leaf for leaf, is_ in merged])

    return Apart([leaf for leaf, is_ in zip(leaves, is_traced, strict=True) if is_], whole)
