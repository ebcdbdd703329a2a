"""Primitive names, which drift between JAX versions."""

from __future__ import annotations

from functools import cache

from pytest_jaxcost import _compat

_SAME = (
    ("jit", "pjit", "xla_call"),
    ("closed_call", "core_call", "core_closed_call", "eval_jaxpr"),
    ("remat2", "checkpoint", "remat"),
    ("custom_vjp_call", "custom_vjp_call_jaxpr"),
)
"""Old and new names of one primitive; counts are kept under the first."""

ALIASES = {alias: names[0] for names in _SAME for alias in names}

LAZY = frozenset({"pallas_call", "shard_map", "xla_pmap"})
"""Primitives of modules that JAX imports when they are used."""


def canonical(name: str) -> str:
    """The name that occurrences of a primitive are counted under."""
    return ALIASES.get(name, name)


def primitive_names(*wanted: str) -> frozenset[str]:
    """The names of JAX's primitives, old and new, and of others that are defined.

    One of `wanted` that was not known at the last look may have been defined since.
    """
    known = _known()
    if not known.issuperset(wanted):
        _known.cache_clear()
        known = _known()
    return known


@cache
def _known() -> frozenset[str]:
    return _compat.primitive_names() | LAZY | frozenset(ALIASES)
