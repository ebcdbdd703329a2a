"""Which jaxprs each equation runs, and which of these equations are calls.

JAX keeps the jaxprs that an equation runs in parameters of a few names. What stands anywhere else,
such as an operator's jaxpr among the static arguments of a library's primitive, is data. A call is
recognized by its structure: one jaxpr whose interface is the equation's own. The table names the
primitives where JAX's documentation says more: which of several jaxprs runs, how often.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from pytest_jaxcost import _compat

CALLS = frozenset(
    {
        "call_hi_primitive",
        "closed_call",
        "composite",
        "custom_jvp_call",
        "custom_linear_solve",
        "custom_transpose_call",
        "custom_vjp_call",
        "custom_vmap_call",
        "eval_jaxpr",
        "jit",
        "linear_call",
        "remat2",
    }
)
"""Primitives known to run their jaxpr exactly once; others of that structure get a caveat."""

RUN = frozenset(
    {
        "body_jaxpr",
        "branches",
        "call",
        "call_jaxpr",
        "callee",
        "cond_jaxpr",
        "fun_jaxpr",
        "jaxpr",
        "jaxprs",
    }
)
"""Parameters in which JAX keeps jaxprs to run, or tuples of them."""

COMPUTATIONS = ("reduce", "scatter", "select_and_")
"""Beginnings of the names of primitives that carry the computation of one element: leaves."""


_PLAIN = frozenset({bool, int, float, str, type(None)})

BLOCKS = frozenset({"pallas_call", "run_state", "shard_map", "xla_pmap"})
"""Primitives whose body sees blocks or shards of the operands, or references to them."""


def entered_jaxprs(eqn: Any, priced: Collection[str] = ()) -> list[Any] | None:
    """The jaxprs that `eqn` runs, or None if it is a leaf.

    A library's primitive runs what JAX traces to lower it; one that is `priced` is a leaf instead.
    """
    name = eqn.primitive.name
    runs = _RUNS.get(name)
    if runs is None and _compat.lowered_by(eqn.primitive) is not None:
        runs = _compat.lowered_body if name not in priced else _nothing
    if runs is not None:
        jaxpr = runs(eqn)
        return None if jaxpr is None else [jaxpr]
    found = sub_jaxprs(eqn) if eqn.params else None
    return found if found and not name.startswith(COMPUTATIONS) else None


def is_known_call(eqn: Any) -> bool:
    """Whether `eqn` is known to run the jaxpr that it calls exactly once."""
    return eqn.primitive.name in CALLS or _compat.lowered_by(eqn.primitive) is not None


def sub_jaxprs(eqn: Any) -> list[Any]:
    """The jaxprs in the parameters of `eqn` that it runs, as far as names and structure tell."""
    found: list[Any] = []
    for name, value in eqn.params.items():
        kind = value.__class__
        if kind in _PLAIN:
            continue
        if kind in _compat.JAXPR_TYPES:
            if name in RUN or same_interface(eqn, value):
                found.append(value)
        elif name in RUN and isinstance(value, tuple | list):
            found.extend([item for item in value if item.__class__ in _compat.JAXPR_TYPES])
    return found


def callee(eqn: Any, jaxprs: list[Any]) -> Any | None:
    """The jaxpr that `eqn` calls with its own operands and results, or None if it is no call."""
    name = eqn.primitive.name
    if len(jaxprs) != 1 or name in BLOCKS:
        return None
    return jaxprs[0] if name in _RUNS or same_interface(eqn, jaxprs[0]) else None


def same_interface(eqn: Any, jaxpr: Any) -> bool:
    """Whether the jaxpr takes the operands of `eqn` and returns its results, one to one."""
    body, _ = _compat.open_jaxpr(jaxpr)
    return _same_types(eqn.invars, body.invars) and _same_types(eqn.outvars, body.outvars)


def _same_types(atoms: Any, others: Any) -> bool:
    return len(atoms) == len(others) and all(
        getattr(a.aval, "shape", None) == getattr(b.aval, "shape", None)
        and getattr(a.aval, "dtype", None) == getattr(b.aval, "dtype", None)
        for a, b in zip(atoms, others, strict=True)
    )


def _nothing(_: Any) -> None:
    return None


def _solve(eqn: Any) -> Any:
    # matvec, vecmat and transpose_solve are there for AD; only solve runs
    return eqn.params["jaxprs"].solve


_RUNS: dict[str, Callable[[Any], Any]] = {
    "call_hi_primitive": _compat.expand,
    "custom_linear_solve": _solve,
    "linear_call": lambda eqn: eqn.params["callee"],
}
"""What runs where a primitive carries more jaxprs than run, or none until it is expanded."""


def call_operands(eqn: Any) -> list[Any]:
    """The atoms that the callee of `eqn` takes: all of them, but for a linear solve's operators."""
    if eqn.primitive.name != "custom_linear_solve":
        return list(eqn.invars)
    lengths = eqn.params["const_lengths"]
    first = lengths.matvec + lengths.vecmat
    rest = first + lengths.solve + lengths.transpose_solve
    return [*eqn.invars[first : first + lengths.solve], *eqn.invars[rest:]]
