"""The table of metrics: every number that a limit can be put on.

A metric that only sums findings of one kind needs no more than its line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

Unit = Literal["count", "op", "flop", "transcendentals", "bytes", "seconds"]
Stage = Literal["traced", "compiled"]

# Amounts that are lower bounds wherever a trip count or the cost of an equation is unknown.
WEIGHTED = frozenset({"operations", "flops", "transcendentals", "bytes_accessed", "executions"})

# What findings weigh under a metric whose field they do not have themselves.
_WEIGHS = {"collective_bytes": "bytes_accessed"}

OPTIMIZED = frozenset({"cloned"})
"""The kinds of findings about the optimized program; all others are about the traced one."""

MEMORY = frozenset(
    {"temp_bytes", "argument_bytes", "output_bytes", "alias_bytes", "code_bytes", "peak_bytes"}
)

Names = Literal["primitives", "opcodes", "collectives"]


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
    reads: tuple[str, str]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One count per name, as ``primitives["tanh"]``: its limits are mappings from names."""

    name: str
    stage: Stage
    reads: tuple[str, str]
    names: Names
    example: str
    meaning: str
    unit: Unit = "count"
    whole: None = None

    @property
    def weighted(self) -> bool:
        return self.reads[1] in WEIGHTED

    @property
    def weighs(self) -> str:
        return self.reads[1]


def _traced(
    name: str, unit: Unit, whole: str | None, reads: tuple[str, str], meaning: str
) -> Metric:
    return Metric(name=name, unit=unit, stage="traced", whole=whole, reads=reads, meaning=meaning)


def _compiled(name: str, unit: Unit, field: str, meaning: str) -> Metric:
    reads = ("compiled", field)
    return Metric(name=name, unit=unit, stage="compiled", whole=None, reads=reads, meaning=meaning)


def _optimized(name: str, unit: Unit, field: str, meaning: str) -> Metric:
    whole, reads = None if field == "count" else f"compiled_{field}", ("cloned", field)
    return Metric(name=name, unit=unit, stage="compiled", whole=whole, reads=reads, meaning=meaning)


WRITTEN_FLOPS = "flops as written"
"""What dead flops are a part of: they do not run, so that the flops of the program have none."""

# fmt: off
_TABLE = (
    _traced("eqns", "count", None, ("totals", "eqns"),
            "Equations of the inlined program: each call site counted, each loop body once."),
    _traced("flops", "flop", None, ("totals", "flops"),
            "Floating-point operations, loop bodies times their trip counts, as XLA counts them."),
    _traced("transcendentals", "transcendentals", None, ("totals", "transcendentals"),
            "Elementwise exp, log, sin, tanh and the like, per element, apart from flops."),
    _traced("bytes_accessed", "bytes", None, ("totals", "bytes_accessed"),
            "Bytes that the equations read and write, each on its own, before any fusion."),
    _traced("operations", "op", None, ("totals", "operations"),
            "Flops and transcendentals together."),
    _traced("waste", "op", "operations", ("waste", "operations"),
            "Operations that `report.without()` saves: the program without its waste."),
    _traced("duplicates", "count", "eqns", ("duplicates", "count"),
            "Equations that compute a value which the program has computed already."),
    _traced("duplicate_flops", "flop", "flops", ("duplicates", "flops"),
            "Flops of the repetitions, the first computation of each value not counted."),
    _traced("duplicate_transcendentals", "transcendentals", "transcendentals",
            ("duplicates", "transcendentals"),
            "Transcendentals of the repetitions, the first computation of each not counted."),
    _traced("dead", "count", "eqns", ("dead", "count"),
            "Equations whose results reach no output and no effect, without what AD leaves."),
    _traced("dead_flops", "flop", WRITTEN_FLOPS, ("dead", "flops"),
            "Flops of the dead equations: traced, and dropped when JAX lowers the program."),
    _traced("recomputed_flops", "flop", "flops", ("recomputed", "flops"),
            "Flops that jax.checkpoint (remat) does again in the backward pass, as asked."),
    _traced("zero_flops", "flop", "flops", ("zeros", "flops"),
            "Flops on parts of values that are zero whatever the inputs are."),
    _traced("zero_transcendentals", "transcendentals", "transcendentals",
            ("zeros", "transcendentals"),
            "Transcendentals of parts of values that are zero whatever the inputs are."),
    _traced("key_reuse", "count", "eqns", ("key_reuse", "count"),
            "Random draws made again from the same key, which give the same numbers."),
    _traced("loop_invariants", "count", "eqns", ("loop_invariants", "count"),
            "Equations in a loop that compute the same in every iteration."),
    _traced("loop_invariant_flops", "flop", "flops", ("loop_invariants", "flops"),
            "Flops of all iterations but the one that such equations are needed in."),
    _traced("loop_invariant_transcendentals", "transcendentals", "transcendentals",
            ("loop_invariants", "transcendentals"),
            "Transcendentals of all iterations but the one that such equations are needed in."),
    _traced("batch_invariants", "count", "eqns", ("batch_invariants", "count"),
            "Equations whose operands, and so whose results, are the same along an axis."),
    _traced("batch_invariant_flops", "flop", "flops", ("batch_invariants", "flops"),
            "Flops of such equations for all of the equal slices but one."),
    _traced("batch_invariant_transcendentals", "transcendentals", "transcendentals",
            ("batch_invariants", "transcendentals"),
            "Transcendentals of such equations for all of the equal slices but one."),
    _traced("constant_work", "count", "eqns", ("constant_work", "count"),
            "Equations of substantial work that no argument reaches."),
    _traced("constant_flops", "flop", "flops", ("constant_work", "flops"),
            "Flops of substantial work that no argument reaches, done anew in every call."),
    _traced("constant_transcendentals", "transcendentals", "transcendentals",
            ("constant_work", "transcendentals"),
            "Transcendentals of substantial work that no argument reaches."),
    _traced("repeated_callbacks", "count", "eqns", ("repeated_callbacks", "count"),
            "Calls of jax.pure_callback that repeat one with the same function and operands."),
    _traced("full_jacobians", "count", "eqns", ("full_jacobians", "count"),
            "Products and sums of a whole Jacobian or Hessian, where one jvp or vjp would do."),
    _traced("full_jacobian_flops", "flop", "flops", ("full_jacobians", "flops"),
            "Flops that the products alone, without their Jacobians, would save."),
    _traced("wrong_modes", "count", "eqns", ("wrong_modes", "count"),
            "Jacobians that the other mode makes with less than half as many vectors."),
    _traced("wrong_mode_flops", "flop", "flops", ("wrong_modes", "flops"),
            "Flops that the other mode would save, estimated as if a pull cost what a push does."),
    _traced("repeated_factorizations", "count", "eqns", ("repeated_factorizations", "count"),
            "Factorizations of a matrix that is factored already, transposed or with other flags."),
    _traced("repeated_factorization_flops", "flop", "flops", ("repeated_factorizations", "flops"),
            "Flops of the factorizations that one of the same matrix makes needless."),
    _traced("largest_intermediate_bytes", "bytes", None, ("intermediates", "largest_nbytes"),
            "Size of the largest array that an equation makes, before any fusion."),
    _traced("residual_bytes", "bytes", None, ("residuals", "nbytes"),
            "Size of the values that the forward pass keeps for the backward pass."),
    _traced("constant_bytes", "bytes", None, ("constants", "nbytes"),
            "Size of the arrays that the function closes over and the program carries along."),
    _compiled("compiled_flops", "flop", "flops",
              "Flops of the optimized program."),
    _compiled("compiled_transcendentals", "transcendentals", "transcendentals",
              "Transcendentals of the optimized program."),
    _compiled("compiled_bytes_accessed", "bytes", "bytes_accessed",
              "Bytes that the optimized program reads and writes."),
    _optimized("cloned", "count", "count",
               "Instructions that the compiler has beyond those that the program asks for."),
    _optimized("cloned_flops", "flop", "flops",
               "Flops of what the compiler computes more often than the program asks for."),
    _optimized("cloned_transcendentals", "transcendentals", "transcendentals",
               "Transcendentals of what the compiler computes more often than asked for."),
    _compiled("collective_bytes", "bytes", "collective_bytes",
              "Bytes that communication between devices passes through one device."),
    _compiled("temp_bytes", "bytes", "temp_bytes",
              "Scratch memory of the compiled program, beside arguments and outputs."),
    _compiled("argument_bytes", "bytes", "argument_bytes",
              "Memory of the compiled program's arguments."),
    _compiled("output_bytes", "bytes", "output_bytes",
              "Memory of the compiled program's outputs."),
    _compiled("alias_bytes", "bytes", "alias_bytes",
              "Output memory shared with donated arguments."),
    _compiled("code_bytes", "bytes", "code_bytes",
              "Size of the generated code."),
    _compiled("peak_bytes", "bytes", "peak_bytes",
              "Most memory in use at once, where the compiler says."),
)
# fmt: on


SURVIVING = "surviving_"


def _surviving(metric: Metric) -> Metric:
    """What is left of a sum of findings once the compiler has removed what it can."""
    meaning = f"What the compiler leaves in of `{metric.name}`, as it was traced."
    name = SURVIVING + metric.name
    return replace(metric, name=name, stage="compiled", meaning=meaning)


_SURVIVING = tuple(
    _surviving(each)
    for each in _TABLE
    if each.kind and each.stage == "traced" and each.unit != "bytes"
)

ABOUT_MEMORY = frozenset(each.kind for each in _TABLE if each.kind and each.unit == "bytes")
"""The kinds of findings about arrays that take memory, none of which is work."""

METRICS: Mapping[str, Metric] = MappingProxyType(
    {metric.name: metric for metric in (*_TABLE, *_SURVIVING)}
)

WHOLES: Mapping[str, Metric] = MappingProxyType(
    {
        **METRICS,
        WRITTEN_FLOPS: _traced(
            WRITTEN_FLOPS, "flop", None, ("written", "flops"), "Flops, dead equations included."
        ),
    }
)
"""What metrics are parts of, by the name of the whole."""

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "primitives": Family(
            name="primitives",
            stage="traced",
            reads=("totals", "primitives"),
            names="primitives",
            example="dot_general",
            meaning="How often each primitive occurs, counted like eqns.",
        ),
        "executions": Family(
            name="executions",
            stage="traced",
            reads=("totals", "executions"),
            names="primitives",
            example="dot_general",
            meaning="How often each primitive runs: occurrences times trip counts.",
        ),
        "ops": Family(
            name="ops",
            stage="compiled",
            reads=("compiled", "ops"),
            names="opcodes",
            example="dot",
            meaning="Instructions of the optimized program by opcode, fusions entered.",
        ),
        "op_executions": Family(
            name="op_executions",
            stage="compiled",
            reads=("compiled", "executions"),
            names="opcodes",
            example="dot",
            meaning="How often the instructions of each opcode run, trip counts applied.",
        ),
        "collectives": Family(
            name="collectives",
            stage="compiled",
            reads=("compiled", "collective_counts"),
            names="collectives",
            example="all-gather",
            meaning="Communication between devices by kind, asynchronous and fused forms once.",
        ),
        "collective_executions": Family(
            name="collective_executions",
            stage="compiled",
            reads=("compiled", "collective_executions"),
            names="collectives",
            example="all-gather",
            meaning="How often each kind of communication happens, trip counts applied.",
        ),
    }
)

COMPILED_FIELDS = frozenset(
    {each.reads[1] for each in METRICS.values() if each.reads[0] == "compiled"}
    | OPTIMIZED
    | {each.reads[1] for each in FAMILIES.values() if each.stage == "compiled"}
)
