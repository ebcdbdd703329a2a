"""Where the rules of opcodes and of library functions stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.site import Site
from pytest_jaxcost.tables import into

Rule: TypeAlias = Callable[[Site], "Cost | None"]
Traffic: TypeAlias = Callable[[Site], int]

RULES: dict[str, Rule] = {}
"""The work of an opcode, of what it enters left out. An opcode without a rule is opaque."""

TARGETS: dict[str, Rule] = {}
"""The work of a library function, by the target of the custom call. One without is opaque."""

TRAFFIC: dict[str, Traffic] = {}
"""The bytes that an opcode accesses. One without a rule reads its operands, writes its result."""


rule = into(RULES, "rules")
"""Register the work of opcodes."""

target = into(TARGETS, "rules")
"""Register the work of library functions."""

traffic = into(TRAFFIC, "rules")
"""Register the bytes that opcodes access."""
