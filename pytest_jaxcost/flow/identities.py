"""The identity matrices that a program makes and pushes through a derivative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_jaxcost import _compat
from pytest_jaxcost.flow.basis import Basis, Image, Of, level
from pytest_jaxcost.flow.basis_images import Tracing
from pytest_jaxcost.flow.basis_use import Values, is_literal_zero
from pytest_jaxcost.flow.dependence import makers
from pytest_jaxcost.ir.equation import Equation, Inlined
from pytest_jaxcost.ir.keys import array_key

ON_THE_WAY = frozenset(
    {
        "broadcast_in_dim",
        "convert_element_type",
        "copy",
        "div",
        "mul",
        "neg",
        "reshape",
        "slice",
        "split",
        "squeeze",
        "transpose",
    }
)
"""What may become of an identity matrix before a derivative pushes its rows."""


def bases(program: Inlined) -> list[Basis]:
    """The identity matrices that the program makes, with their images."""
    found = [
        Basis(region, equation)
        for region, equation in program.walk()
        if equation.primitive == "eq" and _is_square(equation)
    ]
    if not found:
        return []
    made_by = makers(program)
    found = [basis for basis in found if _is_identity(basis.equation, made_by)]
    readers = _readers(program) if found else {}
    pushed = [basis for basis in found if _is_pushed(basis, readers)]
    masks = _masks(program, found)
    for basis in pushed:
        basis.identities = masks
        Tracing(Values(program, made_by, basis, found)).region(program.main)
        basis.seeds.update({**_broadcasts(program, basis), **_captured_again(program, basis)})
        if basis.seeds:  # the derivative of a contraction multiplies with what it was summed with
            basis.start_again()
            Tracing(Values(program, made_by, basis, found)).region(program.main)
    return pushed


def _masks(program: Inlined, found: Sequence[Basis]) -> frozenset[int]:
    """The identity matrices, as booleans and as numbers."""
    masks = {basis.equation.outputs[0] for basis in found}
    for _, equation in program.walk():
        if equation.primitive in ("convert_element_type", "copy"):
            masks.update(equation.outputs if equation.inputs[0] in masks else ())
    return frozenset(masks)


def _captured_again(program: Inlined, basis: Basis) -> Mapping[int, Image]:
    """Arrays equal to the vectors, which JAX 0.8 captures once for each function it traces."""
    captured = {
        value: array_key(content)
        for value, content in program.constants.items()
        if basis.seeds and not isinstance(content, _compat.Literal)
    }
    seeds = {captured[v]: image for v, image in basis.seeds.items() if v in captured}
    return {value: seeds[key] for value, key in captured.items() if key in seeds}


def _broadcasts(program: Inlined, basis: Basis) -> Mapping[int, Image]:
    """The transposes of sums along the basis: the same number for each of its rows."""
    sums = {
        (tuple(program.avals[each.operands[0]].shape), tuple(each.equation.eqn.params["axes"])): (
            basis.images[each.operands[0]].axis
        )
        for each in basis.contractions.values()
        if each.over == "basis" and each.equation.primitive == "reduce_sum"
    }
    return {
        equation.outputs[0]: Image(axis, of=Of.VECTORS)
        for _, equation in program.walk()
        if sums
        and equation.primitive == "broadcast_in_dim"
        and (axis := sums.get(_new_axes(equation))) is not None
    }


def _new_axes(equation: Equation) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape that a broadcast makes, and the axes that its operand does not have."""
    shape, kept = equation.eqn.params["shape"], equation.eqn.params["broadcast_dimensions"]
    return tuple(shape), tuple(axis for axis in range(len(shape)) if axis not in kept)


def _readers(program: Inlined) -> Mapping[int, list[Equation]]:
    readers: dict[int, list[Equation]] = {}
    for _, equation in program.walk():
        for value in equation.inputs:
            readers.setdefault(value, []).append(equation)
    return readers


def _is_pushed(basis: Basis, readers: Mapping[int, list[Equation]]) -> bool:
    """Whether a derivative reads the matrix, or what it becomes on the way there."""
    stack, seen = [basis.equation.outputs[0]], set[int]()
    while stack:
        value = stack.pop()
        for equation in readers.get(value, ()):
            if level(equation) > basis.level:
                return True
            if equation.primitive in ON_THE_WAY and id(equation) not in seen:
                seen.add(id(equation))
                stack.extend(equation.outputs)
    return False


def _is_square(equation: Equation) -> bool:
    shape = equation.eqn.outvars[0].aval.shape
    return len(shape) == 2 and shape[0] == shape[1] and shape[0] > 1


def _is_identity(equation: Equation, makers: Mapping[int, Equation]) -> bool:
    dimensions = {_iota_dimension(value, makers) for value in equation.inputs}
    return dimensions == {0, 1}


def _iota_dimension(value: int, makers: Mapping[int, Equation]) -> int | None:
    """The axis that a value counts along, from 0; None if it does not."""
    while (maker := makers.get(value)) is not None:
        name = maker.primitive
        if name == "iota":
            return int(maker.eqn.params["dimension"])
        if (name == "add" and _adds_nothing(maker)) or name == "convert_element_type":
            value = maker.inputs[0]
        else:
            return None
    return None


def _adds_nothing(maker: Equation) -> bool:
    return is_literal_zero(maker.eqn.invars[1])
