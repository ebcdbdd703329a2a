"""Which values are nothing but places in an array: index arithmetic.

``a[i]`` compares, adds and selects before it gathers. Nobody asked for those numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_jaxcost.flow.dependence import ancestors
from pytest_jaxcost.flow.live import reached
from pytest_jaxcost.ir.equation import Equation, Inlined

INDEXED = {
    "dynamic_slice": slice(1, None),
    "dynamic_update_slice": slice(2, None),
    "gather": slice(1, 2),
    "scatter": slice(1, 2),
    "scatter-add": slice(1, 2),
    "scatter-max": slice(1, 2),
    "scatter-min": slice(1, 2),
    "scatter-mul": slice(1, 2),
    "scatter-sub": slice(1, 2),
}
"""Which operands are places in an array, by primitive."""


def index_values(program: Inlined) -> bytearray:
    """One byte per value: 1 if it leads to places in an array and to nothing else."""
    leaves = [equation for _, equation in program.walk() if equation.control is None]
    makers = {value: equation for equation in leaves for value in equation.outputs}
    indexing = ancestors(program, (v for e in leaves for v in _split(e)[1]))
    otherwise = _read(program, makers, (v for e in leaves if _computes(e) for v in _split(e)[0]))
    return bytearray(a & ~b & 1 for a, b in zip(indexing, otherwise, strict=True))


def _split(equation: Equation) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The operands that an equation computes with, and those that are places."""
    inputs = equation.inputs
    taken = INDEXED.get(equation.primitive)
    if taken is None:
        return inputs, ()
    first, last, _ = taken.indices(len(inputs))
    return (*inputs[:first], *inputs[last:]), inputs[first:last]


def _computes(equation: Equation) -> bool:
    """Whether a result is no integer and no boolean."""
    kinds = (getattr(getattr(v.aval, "dtype", None), "kind", "") for v in equation.eqn.outvars)
    return any(kind not in ("i", "u", "b") for kind in kinds)


def _read(program: Inlined, makers: Mapping[int, Equation], also: Iterable[int]) -> bytearray:
    """One byte per value: 1 if it is read for what it is, by a result, an effect or `also`."""

    def reads(value: int) -> Iterable[int]:
        maker = makers.get(value)
        return program.depends[value] if maker is None else _split(maker)[0]

    return reached(len(program.avals), (*program.main.results, *program.roots, *also), reads)
