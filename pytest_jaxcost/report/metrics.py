"""The table of subjects: everything that a limit can be put on, and the metrics it is made of.

A kind of finding needs no more than its line here. A subject of the compiled program is the metric
``compiled.NAME``: a kind of finding there is what survives compilation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, NamedTuple

Unit = Literal["count", "findings", "op", "flop", "transcendentals", "bytes", "seconds"]
Stage = Literal["traced", "compiled"]
Names = Literal["primitives", "opcodes", "collectives"]
Reads = tuple[str, str]

COMPILED = "compiled"
"""The scope of the optimized program."""

# Amounts that are lower bounds wherever a trip count or the cost of an equation is unknown.
WEIGHTED = frozenset({"operations", "flops", "transcendentals", "bytes_accessed", "executions"})

# What findings weigh under a metric whose field they do not have themselves.
_WEIGHS = {"collective_bytes": "bytes_accessed"}

OPTIMIZED = frozenset({"recomputed_by_xla"})
"""The kinds of findings about the optimized program; all others are about the traced one."""

MEMORY = frozenset(
    {"temp_bytes", "argument_bytes", "output_bytes", "alias_bytes", "code_bytes", "peak_bytes"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number: its ``unit``, the ``stage`` that has it, and the ``whole`` it is a part of.

    ``reads`` names where it stands: ``("totals", field)``, ``("written", field)``,
    ``("compiled", field)``, or a kind of findings and one of their sums.
    """

    name: str
    unit: Unit
    stage: Stage
    whole: str | None
    reads: Reads
    meaning: str

    @property
    def kind(self) -> str | None:
        """The kind of findings it sums, or ``None``."""
        return None if self.reads[0] in ("totals", "written", "compiled") else self.reads[0]

    @property
    def weighted(self) -> bool:
        """Whether an unknown trip count or cost makes it a lower bound."""
        return self.reads[1] in WEIGHTED

    @property
    def weighs(self) -> str:
        """The field of the findings behind it."""
        return _WEIGHS.get(self.reads[1], self.reads[1])

    @property
    def in_operations(self) -> Metric:
        """What the findings cost, where this says how many there are."""
        if self.unit != "findings":
            return self
        return replace(self, unit="op", whole=_whole(self), reads=(self.reads[0], "operations"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One count per name, as ``primitives["tanh"]``: its limits are mappings from names."""

    name: str
    stage: Stage
    reads: Reads
    names: Names
    meaning: str
    unit: Unit = "count"
    whole: None = None

    @property
    def weighted(self) -> bool:
        return self.reads[1] in WEIGHTED

    @property
    def weighs(self) -> str:
        return self.reads[1]

    @property
    def example(self) -> str:
        """A name that it counts."""
        return EXAMPLES[self.names]


EXAMPLES: Mapping[Names, str] = MappingProxyType(
    {"primitives": "dot_general", "opcodes": "dot", "collectives": "all-gather"}
)


class Subject(NamedTuple):
    """A line of the table: what a limit names, and where its number stands at each stage."""

    name: str
    unit: Unit
    traced: Reads | None
    compiled: Reads | None
    meaning: str
    names: Mapping[Stage, Names] = MappingProxyType({})
    """What a count by name has names of, at each stage."""


def _kind(name: str, meaning: str) -> Subject:
    reads = (name, "count")
    return Subject(name, "findings", reads, reads, meaning)


def _memory(name: str, meaning: str) -> Subject:
    return Subject(name, "bytes", None, ("compiled", name), meaning)


# fmt: off
_TABLE = (
    Subject("eqns", "count", ("totals", "eqns"), None,
            "Equations of the inlined program: each call site counted, each loop body once."),
    Subject("flops", "flop", ("totals", "flops"), ("compiled", "flops"),
            "Floating-point operations, loop bodies times their trip counts, as XLA counts them."),
    Subject("transcendentals", "transcendentals",
            ("totals", "transcendentals"), ("compiled", "transcendentals"),
            "Elementwise exp, log, sin, tanh and the like, per element, apart from flops."),
    Subject("bytes_accessed", "bytes",
            ("totals", "bytes_accessed"), ("compiled", "bytes_accessed"),
            "Bytes that equations read and write, each on its own; compiled: after fusion."),
    Subject("constant_bytes", "bytes", ("constants", "nbytes"), None,
            "Size of the arrays that the function closes over and the program carries along."),
    Subject("residual_bytes", "bytes", ("residuals", "nbytes"), None,
            "Size of the values that the forward pass keeps for the backward pass."),
    Subject("largest_intermediate_bytes", "bytes", ("intermediates", "largest_nbytes"), None,
            "Size of the largest array that an equation makes, before any fusion."),
    Subject("waste", "op", ("waste", "operations"), ("waste", "operations"),
            "Operations that `report.without()` saves: the program without its waste."),
    _kind("duplicates",
          "Values that the program computes again, though it has them already."),
    _kind("dead",
          "Work whose results reach no output and no effect; JAX drops it when it lowers."),
    _kind("zeros",
          "Work on parts of values that are zero whatever the inputs are."),
    _kind("loop_invariants",
          "Work in a loop that is the same in every iteration."),
    _kind("batch_invariants",
          "Work on operands that are the same along an axis."),
    _kind("constant_work",
          "Substantial work that no argument reaches, done anew in every call."),
    _kind("repeated_callbacks",
          "Calls of `jax.pure_callback` that repeat one with the same function and operands."),
    _kind("full_jacobians",
          "Products and sums of a whole Jacobian or Hessian, where one jvp or vjp would do."),
    _kind("wrong_modes",
          "Jacobians that the other mode makes with less than half as many vectors."),
    _kind("repeated_factorizations",
          "Factorizations of a matrix that is factored already, transposed or with other flags."),
    _kind("recomputed",
          "What `jax.checkpoint` (remat) does again in the backward pass, as asked."),
    _kind("key_reuse",
          "Random draws made again from the same key, which give the same numbers."),
    _kind("vmapped_conds",
          "A `cond` that runs all its branches under `vmap`."),
    _kind("upcast_dots",
          "Dot products of operands that were widened first."),
    Subject("primitives", "count", ("totals", "primitives"), None,
            "How often each primitive occurs, counted like eqns.",
            {"traced": "primitives"}),
    Subject("executions", "count", ("totals", "executions"), ("compiled", "executions"),
            "How often each primitive, or opcode, runs: occurrences times trip counts.",
            {"traced": "primitives", "compiled": "opcodes"}),
    Subject("opcodes", "count", None, ("compiled", "opcodes"),
            "Instructions of the optimized program by opcode, fusions entered.",
            {"compiled": "opcodes"}),
    Subject("collectives", "count", None, ("compiled", "collective_counts"),
            "Communication between devices by kind, asynchronous and fused forms once.",
            {"compiled": "collectives"}),
    Subject("collective_executions", "count", None, ("compiled", "collective_executions"),
            "How often each kind of communication happens, trip counts applied.",
            {"compiled": "collectives"}),
    _memory("collective_bytes",
            "Bytes that communication between devices passes through one device."),
    Subject("recomputed_by_xla", "op", None, ("recomputed_by_xla", "operations"),
            "Operations that the compiler does more often than the program asks for."),
    _memory("temp_bytes",
            "Scratch memory of the compiled program, beside arguments and outputs."),
    _memory("argument_bytes",
            "Memory of the compiled program's arguments."),
    _memory("output_bytes",
            "Memory of the compiled program's outputs."),
    _memory("alias_bytes",
            "Output memory shared with donated arguments."),
    _memory("code_bytes",
            "Size of the generated code."),
    _memory("peak_bytes",
            "Most memory in use at once, where the compiler says."),
)
# fmt: on

SUBJECTS: Mapping[str, Subject] = MappingProxyType({each.name: each for each in _TABLE})
"""What limits name: ``max_`` and a name, in the scope ``compiled`` where that has it."""

WRITTEN = "operations as written"
"""What dead operations are a part of: they do not run, so that those of the program have none."""

_OPERATIONS = "operations"


def _whole(metric: Metric) -> str:
    """What operations of findings are a part of; prices are of the program as it was traced."""
    if metric.kind in OPTIMIZED:
        return f"{COMPILED}.{_OPERATIONS}"
    return WRITTEN if metric.kind == "dead" else _OPERATIONS


def _named(subject: Subject, stage: Stage) -> str:
    return subject.name if stage == "traced" else f"{COMPILED}.{subject.name}"


def _places() -> Iterator[tuple[Subject, Stage, Reads]]:
    """Where each subject stands, the traced program first."""
    yield from ((each, "traced", each.traced) for each in _TABLE if each.traced)
    yield from ((each, "compiled", each.compiled) for each in _TABLE if each.compiled)


def _metric(subject: Subject, stage: Stage, reads: Reads) -> Metric:
    metric = Metric(
        name=_named(subject, stage),
        unit=subject.unit,
        stage=stage,
        whole=None,
        reads=reads,
        meaning=subject.meaning,
    )
    return replace(metric, whole=_whole(metric)) if metric.unit == "op" else metric


def _family(subject: Subject, stage: Stage, reads: Reads) -> Family:
    return Family(
        name=_named(subject, stage),
        stage=stage,
        reads=reads,
        names=subject.names[stage],
        meaning=subject.meaning,
    )


METRICS: Mapping[str, Metric] = MappingProxyType(
    {_named(*place[:2]): _metric(*place) for place in _places() if not place[0].names}
)
"""Every number by name, those of the traced program first."""

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {_named(*place[:2]): _family(*place) for place in _places() if place[0].names}
)
"""Every count by name."""


def _operations(name: str, stage: Stage, source: str, meaning: str) -> Metric:
    reads = (source, "operations")
    return Metric(name=name, unit="op", stage=stage, whole=None, reads=reads, meaning=meaning)


WHOLES: Mapping[str, Metric] = MappingProxyType(
    {
        **METRICS,
        _OPERATIONS: _operations(
            _OPERATIONS, "traced", "totals", "Flops and transcendentals together."
        ),
        WRITTEN: _operations(WRITTEN, "traced", "written", "Operations, dead ones included."),
        f"{COMPILED}.{_OPERATIONS}": _operations(
            f"{COMPILED}.{_OPERATIONS}", "compiled", "compiled", "Those of the optimized program."
        ),
    }
)
"""What metrics are parts of, by the name of the whole."""

ABOUT_MEMORY = frozenset(
    each.kind for each in METRICS.values() if each.kind and each.unit == "bytes"
)
"""The kinds of findings about arrays that take memory, none of which is work."""

COMPILED_FIELDS = OPTIMIZED | {
    field
    for source, field in (
        *(metric.reads for metric in WHOLES.values()),
        *(family.reads for family in FAMILIES.values()),
    )
    if source == COMPILED
}
"""The attributes of the compiled stage that metrics read."""
