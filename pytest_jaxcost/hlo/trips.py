"""How often a while loop runs its body."""

from __future__ import annotations

from typing import NamedTuple

from pytest_jaxcost.hlo.records import Computation, Instruction, Module

_MAX_DEPTH = 24
_FORWARDING = frozenset(("copy", "bitcast", "copy-start", "copy-done", "optimization-barrier"))
_MIRRORED = {"LT": "GT", "GT": "LT", "LE": "GE", "GE": "LE", "NE": "NE", "EQ": "EQ"}


class Affine(NamedTuple):
    """An integer: a constant, or an element of the loop's carry plus a constant."""

    element: int | None
    offset: int


class _Scope(NamedTuple):
    """Where names are looked up: parameters are a loop's carry unless `arguments` binds them."""

    module: Module
    computation: Computation
    arguments: tuple[Affine | None, ...] | None


def trip_count(module: Module, computation: Computation, loop: Instruction) -> int | None:
    """Return how often the body of a while runs; None where the text does not tell.

    The compiler's own `known_trip_count` is taken where it stands. TPU texts carry none: there the
    count follows from a counter that starts at a constant, is stepped by a constant and compared
    with a constant.
    """
    known = loop.known_trip_count
    return _counted(module, computation, loop) if known is None else known


def _counted(module: Module, computation: Computation, loop: Instruction) -> int | None:
    condition = module.computations[loop.called["condition"][0]]
    body = module.computations[loop.called["body"][0]]
    test = _comparison(_Scope(module, condition, None))
    if test is None or body.root.opcode != "tuple":
        return None
    direction, counter, limit = test
    assert counter.element is not None
    stepped = _value(_Scope(module, body, None), body.root.operands[counter.element])
    start = _initial(module, computation, loop, counter.element)
    stop = _limit(module, computation, loop, body, limit)
    if stepped is None or stepped.element != counter.element or start is None or stop is None:
        return None
    return _iterations(direction, start + counter.offset, stepped.offset, stop)


def _iterations(direction: str, start: int, step: int, stop: int) -> int | None:
    """Return how often `i DIRECTION stop` holds for i = start, start + step, ... before it fails.

    None if it never fails.
    """
    if direction in ("GT", "GE"):
        direction, start, step, stop = _MIRRORED[direction], -start, -step, -stop
    if direction == "NE":
        span = stop - start
        return span // step if step and span % step == 0 and span // step >= 0 else None
    if direction not in ("LT", "LE"):
        return None
    span = stop - start + (direction == "LE")
    if span <= 0:
        return 0
    return -(-span // step) if step > 0 else None


def _comparison(scope: _Scope) -> tuple[str, Affine, Affine] | None:
    """Return a condition's direction, the counter on its left and what it is compared with."""
    root = scope.computation.root
    if root.opcode == "fusion":
        scope = _inside(scope, root, 0)
        root = scope.computation.root
    if root.opcode != "compare":
        return None
    left, right = (_value(scope, name) for name in root.operands)
    direction = root.attributes["direction"]
    if left is None or right is None:
        return None
    if left.element is None:
        left, right, direction = right, left, _MIRRORED[direction]
    return None if left.element is None else (direction, left, right)


def _initial(
    module: Module, computation: Computation, loop: Instruction, element: int
) -> int | None:
    """Return the constant that an element of the carry starts with."""
    start = computation.named[loop.operands[0]]
    if start.opcode != "tuple":
        return None
    value = _value(_Scope(module, computation, ()), start.operands[element])
    return value.offset if value is not None and value.element is None else None


def _limit(
    module: Module, computation: Computation, loop: Instruction, body: Computation, limit: Affine
) -> int | None:
    """Return the constant that a limit is; an element of the carry if the body hands it on."""
    if limit.element is None:
        return limit.offset
    if _value(_Scope(module, body, None), body.root.operands[limit.element]) != limit:
        return None
    start = _initial(module, computation, loop, limit.element)
    return None if start is None else start + limit.offset


def _value(scope: _Scope, name: str, depth: int = 0) -> Affine | None:
    """Return what an integer is made of; None where it is anything else."""
    each = scope.computation.named[name]
    if depth > _MAX_DEPTH:
        return None
    if each.opcode in _FORWARDING:
        return _value(scope, each.operands[0], depth + 1)
    if each.opcode == "constant":
        return _constant(each)
    if each.opcode == "parameter":
        return scope.arguments[int(each.argument or 0)] if scope.arguments else None
    if each.opcode == "get-tuple-element":
        return _element(scope, each)
    if each.opcode == "fusion":
        inside = _inside(scope, each, depth + 1)
        return _value(inside, inside.computation.root.name, depth + 1)
    return _sum(scope, each, depth) if each.opcode in ("add", "subtract") else None


def _constant(each: Instruction) -> Affine | None:
    text = (each.argument or "").strip()
    digits = text.removeprefix("-")
    return Affine(None, int(text)) if digits.isdecimal() and not each.shape.dimensions else None


def _element(scope: _Scope, each: Instruction) -> Affine | None:
    source = scope.computation.named[each.operands[0]]
    if source.opcode != "parameter" or scope.arguments is not None:
        return None
    return Affine(int(each.attributes["index"]), 0)


def _sum(scope: _Scope, each: Instruction, depth: int) -> Affine | None:
    left, right = (_value(scope, name, depth + 1) for name in each.operands)
    if left is None or right is None:
        return None
    if each.opcode == "add" and left.element is None:
        left, right = right, left
    if right.element is not None:
        return None
    sign = 1 if each.opcode == "add" else -1
    return Affine(left.element, left.offset + sign * right.offset)


def _inside(scope: _Scope, fusion: Instruction, depth: int) -> _Scope:
    arguments = tuple(_value(scope, name, depth + 1) for name in fusion.operands)
    fused = scope.module.computations[fusion.called["calls"][0]]
    return _Scope(scope.module, fused, arguments)
