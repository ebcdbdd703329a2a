"""A measurement made from plain data, and a gradient to measure with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from pytest_jaxcost.report import Evidence, Finding, Findings, Place, ScopeError, Totals

ALIASES = {"pjit": "jit", "remat2": "checkpoint", "remat": "checkpoint"}
WORK = ("add", "cholesky", "cos", "dot_general", "exp", "mul", "sin", "tan", "tanh")
OTHER = ("broadcast_in_dim", "checkpoint", "cond", "jit", "pure_callback", "scan", "while")
NAMES = frozenset(WORK + OTHER)
FIELDS = ("flops", "transcendentals", "bytes_accessed", "collective_bytes")
OPS = ("opcodes", "executions", "collective_counts", "collective_executions")
MEMORY = ("temp_bytes", "argument_bytes", "output_bytes", "alias_bytes", "code_bytes", "peak_bytes")


@dataclass
class Fake:
    """Counts how often each stage was made in ``made``."""

    name: str = "grad(loss)"
    environment: Mapping[str, str] = field(
        default_factory=lambda: {"jax": "0.12.0", "target": "cpu"}
    )
    program: Totals = field(
        default_factory=lambda: Totals(
            eqns=36,
            flops=33_800_000,
            transcendentals=5_002,
            bytes_accessed=25_165_824,
            primitives={"dot_general": 5, "mul": 4, "tanh": 2},
            executions={"dot_general": 50, "mul": 40, "tanh": 2},
            calls={"jit": 3, "checkpoint": 1},
        )
    )
    found: Mapping[str, Findings] = field(default_factory=dict)
    where: Findings = field(default_factory=Findings)
    memory: Mapping[str, Any] = field(default_factory=lambda: {"temp_bytes": 4096})
    reasons: Mapping[str, str] = field(default_factory=dict)
    bounds: tuple[str, ...] = ()
    recomputed_by_xla: Findings | None = None
    optimized: Findings = field(default_factory=Findings)
    phases: Mapping[str, Fake] = field(default_factory=dict)
    named: Mapping[str, Fake] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)

    @property
    def findings_kinds(self) -> tuple[str, ...]:
        return ("duplicates", "dead", "recomputed", "key_reuse", "intermediates", "constants")

    @property
    def has_compiled(self) -> bool:
        return "compiled" in self.made

    @property
    def failures(self) -> tuple[str, ...]:
        return ()

    def totals(self) -> Totals:
        self.made.append("totals")
        return self.program

    def written(self) -> Totals:
        self.made.append("written")
        return self.program

    def findings(self, kind: str) -> Findings:
        self.made.append(kind)
        return self.found.get(kind, Findings())

    def judged(self, kind: str) -> Findings:
        self.made.append("compiled")
        return self.findings(kind)

    def occurrences(self, primitive: str | None) -> Findings:
        self.made.append("occurrences")
        return Findings(each for each in self.where if primitive in (None, each.primitive))

    def phase(self, name: str) -> Fake:
        self.made.append(f"phase {name}")
        return self.phases.get(name, NOTHING)

    def scope(self, scope: Any) -> Fake:
        if scope not in self.named:
            raise ScopeError(f"no scope is named {scope!r}")
        return self.named[scope]

    def scopes(self) -> tuple[str, ...]:
        return tuple(self.named)

    def compiled(self) -> Any:
        self.made.append("compiled")
        fields = dict.fromkeys(FIELDS + MEMORY) | {key: {} for key in OPS} | dict(self.memory)
        caveats = tuple(f"{name} is a lower bound" for name in self.bounds)
        return SimpleNamespace(
            **fields,
            recomputed_by_xla=self.recomputed_by_xla,
            reasons=self.reasons,
            bounds=frozenset(self.bounds),
            caveats=caveats,
        )

    def instructions(self, opcode: str | None) -> Findings:
        self.made.append("instructions")
        return Findings(each for each in self.optimized if opcode in (None, each.primitive))

    def primitive_names(self, *_: str) -> frozenset[str]:
        return NAMES | ALIASES.keys()

    def canonical(self, name: str) -> str:
        return ALIASES.get(name, name)


NOTHING = Fake(name="nothing", program=Totals(eqns=0, flops=0, transcendentals=0, bytes_accessed=0))


def attention(**changes: Any) -> Finding:
    """A layer called twice: the finding that the design's example message is about."""
    finding: dict[str, Any] = {
        "kind": "duplicates",
        "code": "JC101",
        "title": "attention is evaluated twice with the same values",
        "primitive": "dot_general",
        "aval": "f32[512,512]",
        "count": 1,
        "flops": 2_100_000,
        "bytes_accessed": 3_145_728,
        "share": 2_100_000 / 33_805_002,
        "places": (
            Place(file="model.py", line=41, function="attention"),
            Place(file="model.py", line=57, function="loss"),
        ),
        "phase": "jvp",
        "hint": "both call attention(x); call it once and reuse the result",
    }
    return found(**finding | changes)


UNTOLD = frozenset({"occurrences", "intermediates", "constants", "residuals"})
"""Kinds of findings that no sentence is about."""
OF_EQUATIONS = ("primitive", "aval", "count", "executions", "nbytes", "asked")


def found(**data: Any) -> Finding:
    """A finding about one equation, from what is known of either."""
    amounts = ("flops", "transcendentals", "bytes_accessed")
    of_both = {name: data[name] for name in amounts if name in data}
    evidence = Evidence(
        **{name: data.pop(name) for name in OF_EQUATIONS if name in data}, **of_both
    )
    if data["kind"] in UNTOLD:
        data |= {"title": "", "code": ""}
    return Finding(**data, equations=(evidence,))
