"""What runs of a program, and the program that JAX's own elimination of dead code leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jax.interpreters import partial_eval

from pytest_jaxcost import Report
from pytest_jaxcost.api import measure_jaxpr


def runs(report: Report) -> dict[str, Any]:
    return {
        "flops": report.flops,
        "transcendentals": report.transcendentals,
        "bytes_accessed": report.bytes_accessed,
        "executions": dict(report.executions),
        "exact": report.exact,
    }


def without_dead_code(function: Callable[..., Any], *args: Any) -> Report:
    """The report of the program that JAX's own elimination of dead code leaves."""
    closed = jax.jit(function).trace(*args).jaxpr
    jaxpr = getattr(closed, "jaxpr", closed)
    used = [True] * len(jaxpr.outvars)
    left, _ = partial_eval.dce_jaxpr(jaxpr, used, True)
    closed = jax.extend.core.ClosedJaxpr(left, closed.consts)
    return measure_jaxpr(closed, name="eliminated")
