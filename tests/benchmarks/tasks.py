"""What is timed, as tasks: each starts from JAX's caches cleared."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
from jax.interpreters import partial_eval
from jaxlib.mlir.passmanager import PassManager

from pytest_jaxcost import Report, measure
from pytest_jaxcost.analyses.registry import ANALYSES
from pytest_jaxcost.api import measure_jaxpr
from pytest_jaxcost.report.metrics import METRICS

from .programs import Program

LIMITS = {"max_flops": "1 EFLOP", "max_duplicates": "1P", "max_dead": "1P"}
"""Limits that hold: every analysis that they ask for is made."""

Fresh = Callable[[], Program]


def trace(fresh: Fresh) -> Callable[[], object]:
    """JAX's own part, which nobody can do without."""
    fn, args = _cleared(fresh)
    return lambda: jax.jit(fn).trace(*args)


def measured(fresh: Fresh) -> Callable[[], object]:
    """Tracing, and judging flops, duplicates and dead equations."""
    fn, args = _cleared(fresh)
    return lambda: measure(fn, args).check(**LIMITS)


def analyzed(fresh: Fresh) -> Callable[[], object]:
    """Only the judging, of a program that was traced already."""
    jaxpr = traced(fresh).jaxpr
    return lambda: measure_jaxpr(jaxpr, name="f").check(**LIMITS)


def searched(fresh: Fresh) -> Callable[[], object]:
    """Tracing, and all that is ever found in a traced program."""
    fn, args = _cleared(fresh)
    return lambda: _all_findings(measure(fn, args))


def searched_alone(fresh: Fresh) -> Callable[[], object]:
    """Only the search, of a program that was traced already."""
    jaxpr = traced(fresh).jaxpr
    return lambda: _all_findings(measure_jaxpr(jaxpr, name="f"))


def compiled_alone(fresh: Fresh) -> Callable[[], object]:
    """XLA's part, which nobody can do without."""
    lowered = traced(fresh).lower()
    return lowered.compile


def judged(fresh: Fresh) -> Callable[[], object]:
    """Reading a program that was compiled already, and judging each of its duplicates."""
    report = measure(*_cleared(fresh))
    known = (report.duplicates, report.compiled)
    assert all(each is not None for each in known)
    return lambda: [report.metrics[name] for name in ("compiled.flops", "compiled.duplicates")]


def eliminated(fresh: Fresh) -> Callable[[], object]:
    """The nearest that JAX and MLIR offer: dead code in the jaxpr, duplicates in the module."""
    stage = traced(fresh)
    return partial(_eliminate, stage)


def traced(fresh: Fresh) -> Any:
    """The program as a ``jax.stages.Traced``."""
    fn, args = _cleared(fresh)
    return jax.jit(fn).trace(*args)


def equations(fresh: Fresh) -> int:
    """Equations of the program, as the report counts them."""
    fn, args = _cleared(fresh)
    return measure(fn, args).eqns


def repetitions(fresh: Fresh) -> int:
    """The equations of the program that repeat others."""
    return measure(*_cleared(fresh)).duplicates.eqns


def peak_bytes(fresh: Fresh) -> int:
    """The most memory that judging needs at once, beside the traced program."""
    run = analyzed(fresh)
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _cleared(fresh: Fresh) -> Program:
    program = fresh()
    jax.clear_caches()
    return program


def _all_findings(report: Report) -> list[int]:
    """How much each metric and each analysis of the traced stage comes to."""
    metrics = [report.metrics[name] for name, each in METRICS.items() if each.stage == "traced"]
    return metrics + [len(report.findings(kind)) for kind in ANALYSES]


def _eliminate(stage: Any) -> None:
    jaxpr = stage.jaxpr
    partial_eval.dce_jaxpr(getattr(jaxpr, "jaxpr", jaxpr), [True] * len(jaxpr.out_avals))
    module = stage.lower().compiler_ir()
    with module.context:
        PassManager.parse("builtin.module(inline,cse)").run(module.operation)
