"""Bytes that a fusion accesses: what its parameters are read for, and what its root writes.

Source: `HloCostAnalysis::HandleFusion` and `FusionParameterReadBytes`. Values inside a fusion touch
no memory.
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_jaxcost.hlo.asynchronous import result_shape
from pytest_jaxcost.hlo.records import Computation, Instruction, Module

Users = Mapping[str, list[Instruction]]

_REREAD = frozenset(("broadcast", "reshape"))
"""Users that do not share their read of a parameter with others."""


def fusion_bytes(module: Module, computation: Computation, fusion: Instruction) -> int:
    """Return the bytes that one run of a fusion reads and writes."""
    fused = module.computations[fusion.called["calls"][0]]
    users = _users(fused)
    read = sum(_parameter_bytes(module, users, each) for each in fused.parameters)
    constants = sum(
        each.shape.nbytes
        for each in fused.instructions
        if each.opcode == "constant" and each.shape.size > 1
    )
    return read + constants + _written(computation, fusion, fused)


def _users(computation: Computation) -> Users:
    users: dict[str, list[Instruction]] = {}
    for each in computation.instructions:
        for name in dict.fromkeys(each.operands):
            users.setdefault(name, []).append(each)
    return users


def _parameter_bytes(module: Module, users: Users, parameter: Instruction) -> int:
    if parameter.shape.elements is None:
        return _read_bytes(module, users, parameter)
    elements = [
        each for each in users.get(parameter.name, ()) if each.opcode == "get-tuple-element"
    ]
    return sum(_parameter_bytes(module, users, each) for each in elements)


def _read_bytes(module: Module, users: Users, value: Instruction) -> int:
    """Return the bytes read of a value: parts by slices, the whole once by all other users."""
    parts = whole = 0
    for user in users.get(value.name, ()):
        part = _part(module, user, value)
        if part is None:
            whole = value.shape.nbytes
        else:
            parts += part
    return parts + whole


def _part(module: Module, user: Instruction, value: Instruction) -> int | None:
    """Return what a user reads on its own account; None if it shares a read of the whole."""
    if user.opcode == "slice":
        return user.shape.nbytes
    if user.opcode == "dynamic-slice" and user.operands[0] == value.name:
        return user.shape.nbytes
    if user.opcode == "dynamic-update-slice" and user.operands[0] == value.name:
        return 0
    if user.opcode == "fusion":
        return _nested(module, user, value)
    return value.shape.nbytes if user.opcode in _REREAD else None


def _nested(module: Module, fusion: Instruction, value: Instruction) -> int:
    fused = module.computations[fusion.called["calls"][0]]
    users, parameters = _users(fused), fused.parameters
    return sum(
        _read_bytes(module, users, parameters[index])
        for index, name in enumerate(fusion.operands)
        if name == value.name
    )


def _written(computation: Computation, fusion: Instruction, fused: Computation) -> int:
    """Return the bytes of the results; of one that updates a slice in place, of the slice."""
    shape, root = result_shape(computation, fusion), fused.root
    if shape.elements is None:
        return _root_bytes(fused, root)
    if root.opcode != "tuple":
        return shape.nbytes
    return sum(_root_bytes(fused, fused.named[name]) for name in root.operands)


def _root_bytes(fused: Computation, root: Instruction) -> int:
    if root.opcode == "dynamic-update-slice":
        return fused.named[root.operands[1]].shape.nbytes
    return root.shape.nbytes
