"""Where the rules of opcodes and of library functions stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.site import Site

Rule: TypeAlias = Callable[[Site], "Cost | None"]
Traffic: TypeAlias = Callable[[Site], int]

RULES: dict[str, Rule] = {}
"""The work of an opcode, of what it enters left out. An opcode without a rule is opaque."""

TARGETS: dict[str, Rule] = {}
"""The work of a library function, by the target of the custom call. One without is opaque."""

TRAFFIC: dict[str, Traffic] = {}
"""The bytes that an opcode accesses. One without a rule reads its operands, writes its result."""


def rule(*opcodes: str) -> Callable[[Rule], Rule]:
    """Register the work of opcodes."""
    return _register(RULES, opcodes)


def target(*names: str) -> Callable[[Rule], Rule]:
    """Register the work of library functions."""
    return _register(TARGETS, names)


def traffic(*opcodes: str) -> Callable[[Traffic], Traffic]:
    """Register the bytes that opcodes access."""

    def register(function: Traffic) -> Traffic:
        TRAFFIC.update(dict.fromkeys(opcodes, function))
        return function

    return register


def _register(table: dict[str, Rule], names: tuple[str, ...]) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        table.update(dict.fromkeys(names, function))
        return function

    return register
